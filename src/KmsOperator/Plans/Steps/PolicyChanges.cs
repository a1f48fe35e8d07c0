using System.Text.Json;
using KmsOperator.Policies;

namespace KmsOperator.Plans.Steps;

/// <summary>What a new key policy changes, and what of that is dangerous.</summary>
internal static class PolicyChanges
{
    /// <summary>The changes statement by statement, by meaning.</summary>
    /// <param name="before">The present policy; null for a key that does not exist yet.</param>
    /// <param name="after">The new policy.</param>
    public static IEnumerable<PlannedChange> Find(string? before, string after) =>
        (PolicyDifference.Find(before ?? """{"Statement":[]}""", after) ?? []).Select(change =>
        {
            var subject = $"statement {change.Name}";
            return change.Kind switch
            {
                StatementChangeKind.Added => PlannedChange.Added(subject, change.After),
                StatementChangeKind.Removed => PlannedChange.Removed(subject, change.Before),
                _ => PlannedChange.Changed(subject, change.Before, change.After) with { Parts = [.. change.Places.SelectMany(PartsOf)] },
            };
        });

    /// <summary>Who loses access, who gets it, and who can still change the policy.</summary>
    /// <param name="before">The present policy; null for a key that does not exist yet.</param>
    /// <param name="after">The new policy.</param>
    /// <param name="accountId">The key's account.</param>
    public static IEnumerable<Danger> FindDangers(string? before, string after, string accountId)
    {
        var lost = before is null ? [] : AccessLoss.Find(before, after);
        foreach (var line in lost)
        {
            yield return new Danger(DangerKind.AccessRemoved, $"takes access away: {line}");
        }

        if (LocksOut(after, accountId))
        {
            yield return new Danger(DangerKind.Lockout, $"locks account {accountId} out: no statement lets one of its principals call kms:PutKeyPolicy");
        }
        else if (lost.Any(line => line.StartsWith($"{accountId}: ", StringComparison.Ordinal)))
        {
            yield return new Danger(DangerKind.Lockout, $"the root of account {accountId} loses permissions: what IAM policies of the account allow counts no more for them");
        }

        var known = before is null ? [] : PolicyAudience.Of(before, accountId);
        foreach (var member in PolicyAudience.Of(after, accountId).Except(known))
        {
            if (member.Kind == AudienceKind.Everybody)
            {
                yield return new Danger(DangerKind.AccessPublic, "gives access to everybody: a statement for all principals has no condition that names accounts");
            }
            else if (member.Kind is AudienceKind.OtherAccount or AudienceKind.Organization)
            {
                yield return new Danger(DangerKind.AccessGranted, $"gives access to {member}");
            }
        }
    }

    private static IEnumerable<string> PartsOf(PlaceChange place) =>
    [
        .. place.Removed.Select(item => $"- {place.Place} {item}"),
        .. place.Added.Select(item => $"+ {place.Place} {item}"),
    ];

    private static bool LocksOut(string policy, string accountId)
    {
        try
        {
            using var document = JsonDocument.Parse(policy);
            return PolicyDocumentCheck.LocksEverybodyOut(document.RootElement, accountId);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Not a policy that KMS would take.
            return false;
        }
    }
}
