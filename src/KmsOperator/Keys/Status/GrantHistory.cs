using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Status;

/// <summary>
/// The grants that a key has, had, or was about to get, as its status records them. While any are on record KMS is asked for the key's grants, so one
/// stays on record until a later comparison does not find it: a grant that nobody remembers would give access for ever.
/// </summary>
internal static class GrantHistory
{
    /// <summary>Stands for grants that the key may have without any being known: the status was lost, or the key is taken back from an earlier resource.</summary>
    public static readonly IReadOnlyList<string> Unknown = ["*"];

    // The CRD permits no more. That there is one is what counts.
    private const int MaxRecorded = 100;

    /// <summary>The status with the grants of the key, if they were read: the operator's own, those of others that are what the spec lists, and those that were so once.</summary>
    public static KeyStatus Observed(KeyStatus status, DesiredKey desired, ObservedKey key)
    {
        if (key.Grants is not { } grants)
        {
            return status;
        }

        var own = grants.Where(grant => grant.IsOwn).Select(grant => ToStatus(GrantName.InSpec(grant.KmsName), grant));
        var foreign = GrantMatching.Match(desired.Grants, grants).Where(match => !match.Value.IsOwn).Select(match => ToStatus(match.Key.Name, match.Value));
        var left = FindLeft(status, desired, grants).Select(grant => ToStatus(CountedOn(status).First(counted => counted.GrantId == grant.Id).Name, grant));
        return status with { Grants = Ordered(own.Concat(foreign)), LeftGrants = Ordered(left) };
    }

    /// <summary>The grants of others that are no longer what the spec lists since this reconcile.</summary>
    public static IReadOnlyList<GrantStatus> NewlyLeft(KeyStatus before, KeyStatus after) =>
        [.. (after.LeftGrants ?? []).ExceptBy((before.LeftGrants ?? []).Select(grant => grant.GrantId), grant => grant.GrantId)];

    /// <summary>What to say of grants that are no longer what the spec lists; null for nothing.</summary>
    public static string? NoteFor(KeyStatus status) => status.LeftGrants is not [var first, ..] left ? null
        : $" {Explain(first, status)}{(left.Count == 1 ? "" : $". There are {left.Count - 1} more in status.leftGrants.")}";

    /// <summary>That a grant of others still gives access, and how to revoke it.</summary>
    /// <param name="grant">The grant.</param>
    /// <param name="status">The status of the key's resource.</param>
    public static string Explain(GrantStatus grant, KeyStatus status) =>
        $"Grant {grant.GrantId} ({string.Join(", ", grant.Operations ?? [])} for {grant.GranteePrincipal ?? grant.GranteeServicePrincipal}), which was {grant.Name} of spec.grants, still gives access: "
        + $"the operator did not make it and does not revoke it. Who no longer needs it runs: aws kms revoke-grant --region {status.Region} --key-id {status.Arn} --grant-id {grant.GrantId}";

    /// <summary>Whether a key's grants must be read although its spec names none.</summary>
    public static bool HasRecord(KeyStatus status) => status.Grants is { Count: > 0 } || status.LeftGrants is { Count: > 0 } || status.FormerGrantNames is { Count: > 0 };

    /// <summary>Whether the record is only that there may be grants, or of grants that are not the operator's to revoke.</summary>
    public static bool KnowsNone(KeyStatus status) => !OwnIn(status).Any() && (status.FormerGrantNames ?? []).All(name => Unknown.Contains(name));

    /// <summary>Records the grants that the key is about to get, so that they are looked for whatever happens.</summary>
    public static KeyStatus WithPending(KeyStatus status, IEnumerable<string> names)
    {
        var added = names.Except(NamesIn(status)).ToArray();
        return added.Length == 0 ? status : status with { FormerGrantNames = [.. (status.FormerGrantNames ?? []).Concat(added).TakeLast(MaxRecorded)] };
    }

    /// <summary>The former grants that stay on record after a reconcile.</summary>
    /// <param name="status">The status before it.</param>
    /// <param name="next">The status after it.</param>
    /// <param name="isVerified">Whether this reconcile found nothing to do.</param>
    public static IReadOnlyList<string>? FormerAfter(KeyStatus status, KeyStatus next, bool isVerified)
    {
        var names = NamesIn(status).Except(OwnIn(next).Select(grant => grant.Name))
            .Except(isVerified ? status.FormerGrantNames ?? [] : [])
            .TakeLast(MaxRecorded)
            .ToArray();
        return names.Length == 0 ? null : names;
    }

    private static IEnumerable<ObservedGrant> FindLeft(KeyStatus status, DesiredKey desired, IReadOnlyList<ObservedGrant> grants) =>
        GrantMatching.FindLeft(CountedOn(status).Select(grant => grant.GrantId!), desired.Grants, grants);

    /// <summary>The grants of others that are, or once were, what the spec listed.</summary>
    private static IEnumerable<GrantStatus> CountedOn(KeyStatus status) =>
        (status.Grants ?? []).Where(grant => grant.Foreign == true).Concat(status.LeftGrants ?? []).Where(grant => grant.GrantId is not null);

    private static GrantStatus ToStatus(string name, ObservedGrant grant) => new()
    {
        Name = name,
        GrantId = grant.Id,
        GranteePrincipal = grant.GranteePrincipal,
        GranteeServicePrincipal = grant.GranteeServicePrincipal,
        Operations = grant.Operations,
        Foreign = grant.IsOwn ? null : true,
    };

    private static GrantStatus[]? Ordered(IEnumerable<GrantStatus> grants) =>
        grants.OrderBy(grant => grant.Name, StringComparer.Ordinal).ThenBy(grant => grant.GrantId, StringComparer.Ordinal).Take(MaxRecorded).ToArray() is { Length: > 0 } some ? some : null;

    private static IEnumerable<GrantStatus> OwnIn(KeyStatus status) => (status.Grants ?? []).Where(grant => grant.Foreign != true);

    private static IEnumerable<string> NamesIn(KeyStatus status) => OwnIn(status).Select(grant => grant.Name).Concat(status.FormerGrantNames ?? []).Distinct();
}
