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

    /// <summary>The operator's own grants among those of a key, for the status; null for none.</summary>
    public static IReadOnlyList<GrantStatus>? ToStatus(IReadOnlyList<ObservedGrant> grants)
    {
        GrantStatus[] own =
        [
            .. grants.Where(grant => grant.IsOwn).Select(grant => new GrantStatus
            {
                Name = GrantName.InSpec(grant.KmsName),
                GrantId = grant.Id,
                GranteePrincipal = grant.GranteePrincipal,
                GranteeServicePrincipal = grant.GranteeServicePrincipal,
                Operations = grant.Operations,
            }).OrderBy(grant => grant.Name, StringComparer.Ordinal).ThenBy(grant => grant.GrantId, StringComparer.Ordinal).Take(MaxRecorded),
        ];
        return own.Length == 0 ? null : own;
    }

    /// <summary>Whether a key's grants must be read although its spec names none.</summary>
    public static bool HasRecord(KeyStatus status) => status.Grants is { Count: > 0 } || status.FormerGrantNames is { Count: > 0 };

    /// <summary>Whether the record is only that there may be grants.</summary>
    public static bool KnowsNone(KeyStatus status) => status.Grants is not { Count: > 0 } && (status.FormerGrantNames ?? []).All(name => Unknown.Contains(name));

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
        var names = NamesIn(status).Except((next.Grants ?? []).Select(grant => grant.Name))
            .Except(isVerified ? status.FormerGrantNames ?? [] : [])
            .TakeLast(MaxRecorded)
            .ToArray();
        return names.Length == 0 ? null : names;
    }

    private static IEnumerable<string> NamesIn(KeyStatus status) => (status.Grants ?? []).Select(grant => grant.Name).Concat(status.FormerGrantNames ?? []).Distinct();
}
