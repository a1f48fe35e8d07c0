using KmsOperator.Api;

namespace KmsOperator.Keys.Status;

/// <summary>
/// The aliases that a key has, had, or was about to get, as its status records them. An alias stays on record until a later comparison with
/// a new list of aliases does not find it: one that nobody remembers would stay in KMS for ever.
/// </summary>
internal static class AliasHistory
{
    // The CRD permits no more, nor does KMS give more to one key.
    private const int MaxFormerAliases = 50;

    /// <summary>All aliases that the status has on record.</summary>
    public static IEnumerable<string> NamesIn(KeyStatus status) =>
        new[] { status.AliasName, status.PendingAliasName }.OfType<string>()
            .Concat(status.AdditionalAliases ?? []).Concat(status.FormerAliasNames ?? []).Distinct();

    /// <summary>Records the alias that the key is about to get. An earlier one that it was about to get may exist, so it stays on record.</summary>
    public static KeyStatus WithPending(KeyStatus status, string? aliasName) =>
        status.PendingAliasName is not { } replaced || replaced == aliasName
            ? status with { PendingAliasName = aliasName }
            : status with
            {
                PendingAliasName = aliasName,
                FormerAliasNames = [.. (status.FormerAliasNames ?? []).Append(replaced).Distinct().TakeLast(MaxFormerAliases)],
            };

    /// <summary>
    /// Records the additional aliases that the key is about to get. They count as former ones until they are there: removed, unless the spec names
    /// them.
    /// </summary>
    public static KeyStatus WithPendingAdditional(KeyStatus status, IEnumerable<string> aliasNames)
    {
        var added = aliasNames.Except(NamesIn(status)).ToArray();
        return added.Length == 0 ? status : status with { FormerAliasNames = [.. (status.FormerAliasNames ?? []).Concat(added).TakeLast(MaxFormerAliases)] };
    }

    /// <summary>Records the aliases that the last status of the same key had that this process wrote, where somebody has taken them out of the status since.</summary>
    public static KeyStatus WithRemembered(KeyStatus status, WrittenStatus? written) =>
        written is not null && written.KeyId == status.KeyId ? WithPendingAdditional(status, written.AliasNames) : status;

    /// <summary>The former aliases that stay on record after a reconcile.</summary>
    /// <param name="status">The status so far.</param>
    /// <param name="aliasNames">The aliases of the key that the new status has on record elsewhere.</param>
    /// <param name="isVerified">Whether this reconcile found nothing to do.</param>
    public static IReadOnlyList<string>? FormerAfter(KeyStatus status, IEnumerable<string> aliasNames, bool isVerified)
    {
        // Only what was on record before this reconcile was looked for in a new list.
        return Former(NamesIn(status).Except(aliasNames).Except(isVerified ? status.FormerAliasNames ?? [] : []));
    }

    /// <summary>Names as a status has them of former aliases; null for none.</summary>
    public static IReadOnlyList<string>? Former(IEnumerable<string> aliasNames) => aliasNames.TakeLast(MaxFormerAliases).ToArray() is { Length: > 0 } names ? names : null;
}
