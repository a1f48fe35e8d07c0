using System.Collections.Immutable;

namespace KmsOperator.Aws;

/// <summary>What is known of some aliases.</summary>
/// <param name="Targets">Target key id by alias name, the operator's own recent writes on top of the list.</param>
/// <param name="IsBehind">Whether the list shows one of them as it was before such a write.</param>
public sealed record AliasReading(IReadOnlyDictionary<string, string> Targets, bool IsBehind);

/// <summary>One write of an alias by this process.</summary>
/// <param name="Before">Its target before; null if there was no such alias.</param>
/// <param name="After">Its target after; null if it was removed.</param>
/// <param name="At">When the write succeeded.</param>
internal sealed record AliasWrite(string? Before, string? After, DateTimeOffset At)
{
    /// <summary>The target that a listed one stands for, given what was written.</summary>
    /// <param name="listed">The target in the list; null if the list has no such alias.</param>
    /// <param name="writes">Writes of this alias, in order.</param>
    /// <param name="readAt">When the list was read.</param>
    /// <param name="doubt">For how long after a write the list may show an older state.</param>
    public static string? TargetOf(string? listed, ImmutableList<AliasWrite> writes, DateTimeOffset readAt, TimeSpan doubt)
    {
        var last = writes[^1];
        if (readAt < last.At)
        {
            return last.After;
        }

        // Any state from before the last write is an old one, whoever of our keys it pointed at; another one is somebody else's doing.
        var doubtful = writes.FindAll(write => readAt <= write.At + doubt);
        var isOld = doubtful.Exists(write => write.Before == listed) || doubtful.Take(doubtful.Count - 1).Any(write => write.After == listed);
        return isOld ? last.After : listed;
    }
}
