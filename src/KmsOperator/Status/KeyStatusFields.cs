using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator;

/// <summary>Carries what was seen of a key into its resource's status.</summary>
internal static class KeyStatusFields
{
    /// <summary>Status fields that follow from an observation. Conditions, replicas and times are not among them.</summary>
    /// <param name="status">Status so far.</param>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="observed">The key as it is.</param>
    /// <param name="complete">Whether the key is as desired.</param>
    public static KeyStatus Observed(KeyStatus status, DesiredKey desired, ObservedKey observed, bool complete)
    {
        var alias = AliasOf(status.AliasName, desired.AliasName, observed);
        var tagKeys = desired.Tags.Keys.Where(key => !key.StartsWith("servicekey.dev/", StringComparison.Ordinal));
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
        new(status.AliasName, status.TagKeys?.ToArray() ?? [], aliasHolder, status.PendingAliasName);

    /// <summary>
    /// The status of a key that is as desired, without what is there only while it is not. A server that could not write a removal in
    /// one call may have kept it.
    /// </summary>
    public static KeyStatus Settled(KeyStatus status) => status with { PendingAliasName = null, Plan = null, DeletionDate = null };

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

    /// <summary>An old alias stays on record until it is gone, so that its removal is tried again.</summary>
    private static string? AliasOf(string? recorded, string wanted, ObservedKey observed)
    {
        bool IsOurs(string name) => observed.AliasTargets.GetValueOrDefault(name) == observed.KeyId;
        if (recorded is not null && recorded != wanted && IsOurs(recorded))
        {
            return recorded;
        }

        return IsOurs(wanted) ? wanted : null;
    }

    private static string AliasArn(KeyLocation location, string alias) =>
        $"arn:{Partition.OfRegion(location.Region)}:kms:{location.Region}:{location.AccountId}:{alias}";
}
