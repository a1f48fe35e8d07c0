using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator;

/// <summary>Carries what was seen of a key into its resource's status.</summary>
internal static class KeyStatusFields
{
    // As the CRD permits.
    private const int MaxFormerAliases = 10;

    /// <summary>Status fields that follow from an observation. Conditions, replicas and times are not among them.</summary>
    /// <param name="status">Status so far.</param>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="observed">The key as it is.</param>
    /// <param name="complete">Whether the key is as desired.</param>
    /// <param name="aliasHolder">Another resource that has the wanted alias.</param>
    public static KeyStatus Observed(KeyStatus status, DesiredKey desired, ObservedKey observed, bool complete, string? aliasHolder = null)
    {
        var alias = AliasOf(status.AliasName, desired.AliasName, observed, aliasHolder);
        var tagKeys = TagKeysOf(desired);
        return Observed(status, observed) with
        {
            AccountId = desired.Location.AccountId,
            Region = desired.Location.Region,
            AliasName = alias,
            AliasArn = alias is null ? null : AliasArn(desired.Location, alias),
            PolicySha256 = PolicyComparer.AreEquivalent(observed.Policy, desired.Policy.Text) ? desired.Policy.Sha256 : status.PolicySha256,

            // What could not be removed yet must not be forgotten.
            TagKeys = [.. (complete ? tagKeys : tagKeys.Union(status.TagKeys ?? [])).Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>What the status says that earlier passes put, as the planner takes it.</summary>
    /// <param name="status">Status so far.</param>
    /// <param name="aliasHolder">Another resource that has the wanted alias.</param>
    public static KeyRecord RecordOf(KeyStatus status, string? aliasHolder = null) =>
        new(status.AliasName, status.TagKeys?.ToArray() ?? [], aliasHolder, status.PendingAliasName) { FormerAliasNames = status.FormerAliasNames ?? [] };

    /// <summary>All aliases that the key has, had or was about to get by the status.</summary>
    public static IEnumerable<string> AliasNamesOf(KeyStatus status) =>
        new[] { status.AliasName, status.PendingAliasName }.OfType<string>().Concat(status.FormerAliasNames ?? []).Distinct();

    /// <summary>The alias that is about to be put. One that was about to be put before may be there, and stays on record.</summary>
    public static KeyStatus WithPendingAlias(KeyStatus status, string? aliasName) =>
        status.PendingAliasName is not { } replaced || replaced == aliasName
            ? status with { PendingAliasName = aliasName }
            : status with
            {
                PendingAliasName = aliasName,
                FormerAliasNames = [.. (status.FormerAliasNames ?? []).Append(replaced).Distinct().TakeLast(MaxFormerAliases)],
            };

    /// <summary>
    /// Aliases that the key had or was about to get. They stay on record until a later comparison, with a new list of aliases, does not
    /// find them: this list may be behind, another operator may have been about to put one, and one that nobody remembers stays for ever.
    /// </summary>
    /// <param name="status">Status so far.</param>
    /// <param name="aliasName">The alias that the key is to have.</param>
    /// <param name="isVerified">Whether this pass found nothing to do.</param>
    public static IReadOnlyList<string>? FormerAliasesAfter(KeyStatus status, string aliasName, bool isVerified)
    {
        // Only what was on record before this pass was looked for in a new list.
        var names = AliasNamesOf(status).Where(name => name != aliasName)
            .Except(isVerified ? status.FormerAliasNames ?? [] : [])
            .TakeLast(MaxFormerAliases)
            .ToArray();
        return names.Length == 0 ? null : names;
    }

    /// <summary>
    /// The status of a key that is as desired, without what is there only while it is not. A server that could not write a removal in
    /// one call may have kept it.
    /// </summary>
    public static KeyStatus Settled(KeyStatus status, DesiredKey desired) => status with
    {
        PendingAliasName = null,
        Plan = null,
        DeletionDate = null,
        FormerAliasNames = status.LastVerifiedAt > status.LastChangedAt ? null : status.FormerAliasNames,
        Rotation = status.Rotation is { Enabled: false } stopped ? stopped with { PeriodDays = null, NextRotationDate = null } : status.Rotation,
        TagKeys = desired.ObserveOnly ? status.TagKeys : [.. TagKeysOf(desired).Order(StringComparer.Ordinal)],
    };

    private static IEnumerable<string> TagKeysOf(DesiredKey desired) =>
        desired.Tags.Keys.Where(key => !key.StartsWith(TagNames.Prefix, StringComparison.Ordinal));

    /// <summary>Status fields that need no desired state.</summary>
    public static KeyStatus Observed(KeyStatus status, ObservedKey observed) => status with
    {
        KeyId = observed.KeyId,
        Arn = observed.Arn,
        KeyState = observed.KeyState,
        MultiRegionKeyType = observed.MultiRegionKeyType,
        PrimaryRegion = observed.PrimaryRegion,
        DeletionDate = observed.DeletionDate,

        // A key decides its creation, also where the write that said both was cut in half.
        Creation = null,
        Rotation = observed.Rotation is not { } rotation
            ? status.Rotation
            : new RotationStatus
            {
                Enabled = rotation.Enabled,
                PeriodDays = rotation.Enabled ? rotation.PeriodDays : null,
                NextRotationDate = rotation.Enabled ? rotation.NextRotationDate : null,
                LastRotationDate = status.Rotation?.LastRotationDate,
            },
    };

    /// <summary>
    /// An old alias stays on record until it is gone, so that its removal is tried again; the wanted one also while it points elsewhere,
    /// so that it is known to be ours and is put right, unless another resource has it now.
    /// </summary>
    private static string? AliasOf(string? recorded, string wanted, ObservedKey observed, string? aliasHolder)
    {
        bool IsOurs(string name) => observed.AliasTargets.GetValueOrDefault(name) == observed.KeyId;
        if (recorded is not null && recorded != wanted && IsOurs(recorded))
        {
            return recorded;
        }

        return IsOurs(wanted) || (recorded == wanted && aliasHolder is null) ? wanted : null;
    }

    private static string AliasArn(KeyLocation location, string alias) =>
        $"arn:{Partition.OfRegion(location.Region)}:kms:{location.Region}:{location.AccountId}:{alias}";
}
