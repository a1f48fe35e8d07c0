using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Turns a ServiceKey and its KeyClass into the key that must be.</summary>
public static class ServiceKeyResolver
{
    private const int DefaultRotationPeriodDays = 365;
    private const int DefaultPendingDeletionWindowDays = 30;

    /// <summary>Resolves; pure, and the same for operator and command line.</summary>
    /// <param name="resource">A ServiceKey whose spec is valid on its own.</param>
    /// <param name="keyClass">Its class.</param>
    /// <param name="accountId">The account that the class's credentials belong to.</param>
    /// <param name="clusterId">The operator's cluster id.</param>
    public static Resolved<DesiredKey> Resolve(ServiceKey resource, KeyClass keyClass, string accountId, string clusterId)
    {
        var spec = resource.Spec;
        var meta = resource.Metadata;
        if ((ClassPermissions.FindViolation(keyClass, spec.Access, spec.Policy, spec.Adopt, spec.TakeOverAlias, spec.Grants)
            ?? ClassAllowances.FindViolation(keyClass, spec, accountId)) is { } violation)
        {
            return violation;
        }

        if (spec.ReplicaRegions?.Contains(keyClass.Spec.Region) == true)
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.replicaRegions: {keyClass.Spec.Region} is the key's own Region by KeyClass {keyClass.Metadata.Name}; remove it from the list.");
        }

        if (spec.ReplicaRegions?.FirstOrDefault(region => Partition.OfRegion(region) != Partition.OfRegion(keyClass.Spec.Region)) is { } elsewhere)
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.replicaRegions: {elsewhere} is in partition {Partition.OfRegion(elsewhere)}, the key's own Region {keyClass.Spec.Region} in "
                + $"{Partition.OfRegion(keyClass.Spec.Region)}; KMS replicates within a partition only. Remove it from the list.");
        }

        if (PrimaryChecks.FindPrimaryRegionMistake(spec, keyClass) is { } misplaced)
        {
            return misplaced;
        }

        var keySpec = spec.KeySpec ?? KeySpecs.Default;
        var keyUsage = spec.KeyUsage ?? KeySpecs.DefaultUsage;
        if (ServiceRules.FindMistake(spec, keyClass.Spec.Region) is { } mistake)
        {
            return mistake;
        }

        var policy = PolicyResolver.Resolve(
            keyClass.Spec.Region, accountId, spec.Service, ServiceParameters.InRegion(spec.ServiceParameters, keyClass.Spec.Region, keyClass.Spec.Region), spec.Policy?.Preset, KeyActions.TryGet(keySpec, keyUsage)!, keyClass.Spec, spec.Access, spec.Policy?.Override, spec.Policy?.AdditionalStatements);
        if (policy.Error is { } error)
        {
            return error;
        }

        var location = new KeyLocation(accountId, keyClass.Spec.Region);
        var grants = GrantResolver.Resolve(spec.Grants, location);
        if (grants.Error is { } unknown)
        {
            return unknown;
        }

        var owner = new KeyOwner(ServiceKey.KindName, meta.Namespace ?? "", meta.Name, meta.Uid ?? "", clusterId);
        var alias = AliasOf(resource, keyClass);
        var deletion = DeletionOf(spec.DeletionPolicy, spec.PendingDeletionWindowDays, keyClass);
        var key = new DesiredKey
        {
            Owner = owner,
            Location = location,
            Service = spec.Service,
            Description = spec.Description ?? (spec.Service is { } service ? $"KMS key for encrypting {service}" : $"KMS key {meta.Namespace}/{meta.Name}"),
            AliasName = alias,
            AdditionalAliases = AdditionalAliasesOf(spec.AdditionalAliases, alias),
            KeySpec = keySpec,
            KeyUsage = keyUsage,
            Origin = OriginRules.OriginOf(spec),
            Material = DesiredMaterial.Of(spec),
            CustomKeyStoreId = spec.CustomKeyStoreId,
            XksKeyId = spec.XksKeyId,
            MultiRegion = spec.MultiRegion ?? false,
            Enabled = spec.Enabled ?? true,
            Rotation = RotationOf(spec, keyClass),
            Policy = policy.Value!,
            Grants = grants.Value!,
            Tags = KeyTags.Merge(owner, $"{keyClass.Spec.AliasPrefix}-{spec.Service ?? meta.Name}-cmk", keyClass.Spec.Tags, spec.Tags),
            DeletionPolicy = deletion.Policy,
            PendingDeletionWindowDays = deletion.WindowDays,
            AdoptKeyId = spec.Adopt?.KeyId,
            TakeOverAlias = spec.TakeOverAlias == true,
            Undelete = ClassPermissions.MayUndelete(keyClass, spec.DeletionPolicy),
            RecreateLostKey = spec.RecreateLostKey == true,
            ObserveOnly = spec.ManagementPolicy == ManagementPolicies.Observe,
            WantedPrimary = WantedPrimaryOf(resource, keyClass),
        };
        var aliasField = spec.Alias is null ? $"KeyClass {keyClass.Metadata.Name} spec.aliasTemplate" : AliasName.Field;
        var window = key.DeletionPolicy == DeletionPolicies.Delete ? key.PendingDeletionWindowDays : (int?)null;
        return (ClassGuards.FindViolation(keyClass, window, key.Rotation) ?? DesiredKeyLimits.Check(key.AliasName, aliasField, key.Tags)) is { } refusal ? refusal : key;
    }

    /// <summary>The alias of a ServiceKey: its own, or by its class's template.</summary>
    public static string AliasOf(ServiceKey resource, KeyClass keyClass) =>
        resource.Spec.Alias ?? AliasTemplate.Expand(
            keyClass.Spec.AliasTemplate,
            keyClass.Spec.AliasPrefix,
            resource.Spec.Service,
            resource.Metadata.Namespace ?? "",
            resource.Metadata.Name);

    /// <summary>The rotation of a ServiceKey's key, whichever Region its primary is in; null for keys that cannot rotate.</summary>
    internal static DesiredRotation? RotationOf(ServiceKeySpec spec, KeyClass keyClass) =>
        OriginRules.OriginOf(spec) == KeyOrigins.Kms && KeySpecs.CanRotate(spec.KeySpec ?? KeySpecs.Default, spec.KeyUsage ?? KeySpecs.DefaultUsage)
            ? new DesiredRotation(
                spec.Rotation?.Enabled ?? keyClass.Spec.Rotation?.Enabled ?? true,
                spec.Rotation?.PeriodDays ?? keyClass.Spec.Rotation?.PeriodDays ?? DefaultRotationPeriodDays)
            : null;

    /// <summary>Where the primary of a ServiceKey's key is to be; null where the spec does not say.</summary>
    internal static WantedPrimary? WantedPrimaryOf(ServiceKey resource, KeyClass keyClass)
    {
        if (resource.Spec.PrimaryRegion is not { } region)
        {
            return null;
        }

        var (kind, name) = region == keyClass.Spec.Region
            ? (ServiceKey.KindName, resource.Metadata.Name)
            : (KeyReplica.KindName, ReplicaNames.Of(resource.Metadata.Name, region));
        return new WantedPrimary(region, $"{kind}/{resource.Metadata.Namespace}/{name}");
    }

    /// <summary>The aliases that a key gets beside its own, in the order of the spec.</summary>
    internal static IReadOnlyList<string> AdditionalAliasesOf(IReadOnlyList<string>? names, string? alias) => [.. (names ?? []).Where(name => name != alias)];

    /// <summary>What deleting a resource does to its key: its own setting, else the class's, else <c>Retain</c>.</summary>
    /// <param name="deletionPolicy">The resource's own (or inherited) setting.</param>
    /// <param name="windowDays">The resource's own (or inherited) window.</param>
    /// <param name="keyClass">The class; null when it is gone.</param>
    public static (string Policy, int WindowDays) DeletionOf(string? deletionPolicy, int? windowDays, KeyClass? keyClass) => (
        deletionPolicy ?? keyClass?.Spec.DeletionPolicy ?? DeletionPolicies.Retain,
        windowDays ?? keyClass?.Spec.PendingDeletionWindowDays ?? DefaultPendingDeletionWindowDays);
}
