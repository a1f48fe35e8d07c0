using System.Collections.Immutable;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>
/// What was written to a key in the last minutes. KMS may show the old state for a while, so a value that reads as it was
/// before our own write is taken for stale, not for drift; any other value is somebody else's.
/// </summary>
/// <remarks>Source: AWS KMS developer guide, "AWS KMS eventual consistency".</remarks>
public sealed record RecentWrites(ImmutableList<RecentWrite> Writes)
{
    /// <summary>Nothing written.</summary>
    public static RecentWrites None { get; } = new([]);

    /// <summary>Adds what a step changes, given the state before it.</summary>
    public RecentWrites Add(KeyStep step, ObservedKey before, DateTimeOffset now) => new(Writes.Add(new RecentWrite(step, before, now)));

    /// <summary>Drops what is older than the consistency window.</summary>
    public RecentWrites Since(DateTimeOffset oldest)
    {
        var kept = Writes.RemoveAll(write => write.At < oldest);
        return kept.Count == Writes.Count ? this : new RecentWrites(kept);
    }

    /// <summary>The observation with stale values replaced by what was written.</summary>
    public ObservedKey Apply(ObservedKey observed) => Writes.Aggregate(observed, (key, write) => write.Apply(key));
}

/// <summary>One write and the state before it.</summary>
/// <param name="Step">What was done.</param>
/// <param name="Before">The key before it.</param>
/// <param name="At">When it succeeded.</param>
public sealed record RecentWrite(KeyStep Step, ObservedKey Before, DateTimeOffset At)
{
    /// <summary>Replaces the one value that <see cref="Step"/> changed, if it reads as before.</summary>
    public ObservedKey Apply(ObservedKey seen)
    {
        var after = Step.ApplyTo(Before);
        return Step switch
        {
            PutKeyPolicyStep when PolicyComparer.AreEquivalent(seen.Policy, Before.Policy) => seen with { Policy = after.Policy },
            UpdateKeyDescriptionStep when seen.Description == Before.Description => seen with { Description = after.Description },
            CancelKeyDeletionStep when KeyStates.IsPendingDeletion(seen.KeyState) => seen with { KeyState = after.KeyState, DeletionDate = null },
            EnableKeyStep or DisableKeyStep when seen.KeyState == Before.KeyState => seen with { KeyState = after.KeyState },
            EnableKeyRotationStep or DisableKeyRotationStep when SameRotation(seen.Rotation, Before.Rotation) =>
                seen with { Rotation = after.Rotation },
            TagResourceStep or UntagResourceStep => seen with { Tags = Merge(seen.Tags, Before.Tags, after.Tags) },

            // Aliases are shared by all keys of a Region; the directory of aliases keeps their recent writes.
            _ => seen,
        };
    }

    private static bool SameRotation(ObservedRotation? seen, ObservedRotation? before) =>
        seen?.Enabled == before?.Enabled && seen?.PeriodDays == before?.PeriodDays;

    /// <summary>Entry by entry: what our write changed and still reads as before takes the written value.</summary>
    private static IReadOnlyDictionary<string, string> Merge(
        IReadOnlyDictionary<string, string> seen,
        IReadOnlyDictionary<string, string> before,
        IReadOnlyDictionary<string, string> after)
    {
        Dictionary<string, string>? merged = null;
        foreach (var name in before.Keys.Union(after.Keys))
        {
            var old = before.GetValueOrDefault(name);
            var written = after.GetValueOrDefault(name);
            if (old == written || seen.GetValueOrDefault(name) != old)
            {
                continue;
            }

            merged ??= new Dictionary<string, string>(seen);
            if (written is null)
            {
                merged.Remove(name);
            }
            else
            {
                merged[name] = written;
            }
        }

        return merged ?? seen;
    }
}
