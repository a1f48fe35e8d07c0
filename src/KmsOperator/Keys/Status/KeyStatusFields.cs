using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Keys.Status;

/// <summary>Carries what was seen of a key into the status of its resource.</summary>
internal static class KeyStatusFields
{
    /// <summary>The status fields that follow from an observation. Conditions, replicas and times are not among them.</summary>
    /// <param name="status">The status so far.</param>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="observed">The key as it is.</param>
    /// <param name="complete">Whether the key is as desired.</param>
    /// <param name="aliasHolders">Other resources that have wanted aliases, by alias.</param>
    public static KeyStatus Observed(
        KeyStatus status, DesiredKey desired, ObservedKey observed, bool complete, IReadOnlyDictionary<string, string>? aliasHolders = null)
    {
        var alias = AliasOf(status.AliasName, desired, observed, aliasHolders);
        var additional = AdditionalAliasesOf(status, desired, observed, aliasHolders);
        var tagKeys = TagKeysOf(desired);
        var seen = GrantHistory.Observed(Observed(status, observed), desired, observed);
        return seen with
        {
            // The ServiceKey shows the rotation of the key in all Regions. A KeyReplica shows it while its key is the primary.
            Rotation = desired.Primary is not null && observed.MultiRegionKeyType == "REPLICA" ? null : seen.Rotation,
            AccountId = desired.Location.AccountId,
            Region = desired.Location.Region,
            AliasName = alias,
            AliasArn = alias is null ? null : AliasArn(desired.Location, alias),
            AdditionalAliases = additional.Length == 0 ? null : additional,
            PolicySha256 = PolicyComparer.AreEquivalent(observed.Policy, desired.Policy.Text) ? desired.Policy.Sha256 : status.PolicySha256,

            // The tags that could not be removed yet stay on record.
            TagKeys = [.. (complete ? tagKeys : tagKeys.Union(status.TagKeys ?? [])).Order(StringComparer.Ordinal)],
        };
    }

    /// <summary>The status fields that need no desired state.</summary>
    public static KeyStatus Observed(KeyStatus status, ObservedKey observed) => status with
    {
        KeyId = observed.KeyId,
        Arn = observed.Arn,
        KeyState = observed.KeyState,
        MultiRegionKeyType = observed.MultiRegionKeyType,
        PrimaryRegion = observed.PrimaryRegion,
        DeletionDate = observed.DeletionDate,
        Rotation = observed.Rotation is not { } rotation
            ? status.Rotation
            : (status.Rotation ?? new RotationStatus()) with
            {
                Enabled = rotation.Enabled,
                PeriodDays = rotation.Enabled ? rotation.PeriodDays : null,
                NextRotationDate = rotation.Enabled ? rotation.NextRotationDate : null,
            },
    };

    /// <summary>
    /// The status of a key that is as desired, without the fields that exist only while it is not. An API server that could not store a
    /// removal may have kept them.
    /// </summary>
    /// <param name="status">The status so far.</param>
    /// <param name="desired">The key as it should be; null where only AWS knows it whole, and then the tag keys stay as they are.</param>
    /// <param name="consistencyWindow">How long after a write KMS may show the old state.</param>
    public static KeyStatus Settled(KeyStatus status, DesiredKey? desired, TimeSpan consistencyWindow) => status with
    {
        PendingAliasName = null,
        Plan = null,
        DeletionDate = null,
        FormerGrantNames = status.LastVerifiedAt - status.LastChangedAt >= consistencyWindow ? null : status.FormerGrantNames,
        FormerAliasNames = status.LastVerifiedAt - status.LastChangedAt >= consistencyWindow ? null : status.FormerAliasNames,
        Rotation = status.Rotation is { Enabled: false } stopped ? stopped with { PeriodDays = null, NextRotationDate = null } : status.Rotation,
        TagKeys = desired is null or { ObserveOnly: true } ? status.TagKeys : [.. TagKeysOf(desired).Order(StringComparer.Ordinal)],
    };

    /// <summary>What the status says that earlier reconciles wrote, in the form that the planner takes.</summary>
    /// <param name="status">The status so far.</param>
    public static KeyRecord RecordOf(KeyStatus status) => new(status.AliasName, status.TagKeys?.ToArray() ?? [], status.PendingAliasName)
    {
        AdditionalAliases = status.AdditionalAliases ?? [],
        FormerAliasNames = status.FormerAliasNames ?? [],
        Material = MaterialFields.RecordOf(status),
    };

    private static IEnumerable<string> TagKeysOf(DesiredKey desired) =>
        desired.Tags.Keys.Where(key => !key.StartsWith(TagNames.Prefix, StringComparison.Ordinal));

    /// <summary>
    /// The alias to record. An old alias stays on record until it is gone, so that its removal is tried again. The wanted one stays on record
    /// while it points elsewhere, so that it is known to be ours and is pointed back, unless another resource has it now.
    /// </summary>
    private static string? AliasOf(string? recorded, DesiredKey desired, ObservedKey observed, IReadOnlyDictionary<string, string>? aliasHolders)
    {
        var wanted = desired.AliasName;
        bool IsOurs(string name) => observed.AliasTargets.GetValueOrDefault(name) == observed.KeyId;
        if (recorded is not null && !desired.AliasNames.Contains(recorded) && IsOurs(recorded))
        {
            return recorded;
        }

        return IsOurs(wanted) || (recorded == wanted && aliasHolders?.ContainsKey(wanted) != true) ? wanted : null;
    }

    /// <summary>The additional aliases to record, by the same rule. Those that the spec no longer names become former ones.</summary>
    private static string[] AdditionalAliasesOf(
        KeyStatus status, DesiredKey desired, ObservedKey observed, IReadOnlyDictionary<string, string>? aliasHolders) =>
    [
        .. desired.AdditionalAliases.Where(name => observed.AliasTargets.GetValueOrDefault(name) == observed.KeyId
            || ((status.AdditionalAliases?.Contains(name) == true || status.AliasName == name) && aliasHolders?.ContainsKey(name) != true)),
    ];

    private static string AliasArn(KeyLocation location, string alias) =>
        $"arn:{Partition.OfRegion(location.Region)}:kms:{location.Region}:{location.AccountId}:{alias}";
}
