using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Turns a KeyReplica, its primary and its KeyClass into the replica that must be.</summary>
public static class KeyReplicaResolver
{
    /// <summary>A replica of a ServiceKey in the same namespace.</summary>
    /// <param name="resource">A KeyReplica whose spec is valid on its own.</param>
    /// <param name="primary">The ServiceKey; its key need not exist yet.</param>
    /// <param name="keyClass">The primary's class.</param>
    /// <param name="accountId">The account that the class's credentials belong to.</param>
    /// <param name="clusterId">The operator's cluster id.</param>
    public static Resolution Resolve(KeyReplica resource, ServiceKey primary, KeyClass keyClass, string accountId, string clusterId)
    {
        var spec = resource.Spec;
        var primaryRegion = keyClass.Spec.Region;
        if (primary.Spec.MultiRegion != true)
        {
            return Resolution.Failed(Finding.Stalled(
                Reasons.NotMultiRegion,
                $"spec.primaryRef.name: ServiceKey {primary.Metadata.Name} is a single-Region key, which has no replicas and cannot become a multi-Region one."));
        }

        var @override = spec.Policy?.Override ?? (primary.Spec.Policy?.Override is { } inherited
            ? PolicyRelocation.ToRegion(inherited, primaryRegion, spec.Region)
            : null);
        var statements = spec.Policy?.AdditionalStatements
            ?? (spec.Policy?.Override is null ? Relocated(primary.Spec.Policy?.AdditionalStatements, primaryRegion, spec.Region) : null);
        var policy = PolicyResolver.Resolve(
            spec.Region, accountId, primary.Spec.Service, keyClass.Spec.Access, spec.Access ?? primary.Spec.Access, @override, statements);
        return Finish(resource, keyClass, policy, accountId, clusterId, new ReplicaDefaults
        {
            Primary = new PrimaryKey(primary.Status?.KeyId ?? "", primaryRegion),
            Service = primary.Spec.Service,
            AliasName = ServiceKeyResolver.AliasOf(primary, keyClass),
            KeySpec = primary.Spec.KeySpec ?? KeySpecs.Default,
            KeyUsage = primary.Spec.KeyUsage ?? KeySpecs.DefaultUsage,
            Tags = primary.Spec.Tags?.Where(tag => tag.Key != TagNames.Name).ToDictionary(),
            DeletionPolicy = primary.Spec.DeletionPolicy,
            PendingDeletionWindowDays = primary.Spec.PendingDeletionWindowDays,
        });
    }

    /// <summary>A replica of a primary that is managed elsewhere.</summary>
    /// <param name="resource">A KeyReplica whose spec is valid on its own.</param>
    /// <param name="primary">The primary, as KMS shows it in its Region.</param>
    /// <param name="primaryAlias">An alias of the primary, if it has one.</param>
    /// <param name="keyClass">The class that the KeyReplica names.</param>
    /// <param name="accountId">The account that the class's credentials belong to.</param>
    /// <param name="clusterId">The operator's cluster id.</param>
    public static Resolution Resolve(
        KeyReplica resource, ObservedKey primary, string? primaryAlias, KeyClass keyClass, string accountId, string clusterId)
    {
        var spec = resource.Spec;
        if (primary.MultiRegionKeyType != "PRIMARY")
        {
            return Resolution.Failed(Finding.Stalled(
                Reasons.NotMultiRegion, $"spec.primaryKeyArn: {primary.Arn} is not a multi-Region primary; only a primary can be replicated."));
        }

        if (resource.Status?.KeyId is null && FindForeignOwner(resource, primary, keyClass, clusterId) is { } conflict)
        {
            return Resolution.Failed(conflict);
        }

        if ((spec.Alias ?? primaryAlias) is not { } alias)
        {
            return Resolution.Failed(Finding.Stalled(
                Reasons.InvalidSpec, $"spec.alias: {primary.Arn} has no alias to take over; name one."));
        }

        var primaryRegion = primary.PrimaryRegion!;
        using var document = JsonDocument.Parse(primary.Policy);
        var @override = spec.Policy?.Override
            ?? (spec.Access is null ? PolicyRelocation.ToRegion(document.RootElement, primaryRegion, spec.Region) : null);
        var policy = PolicyResolver.Resolve(
            spec.Region, accountId, null, keyClass.Spec.Access, spec.Access, @override, spec.Policy?.AdditionalStatements);
        return Finish(resource, keyClass, policy, accountId, clusterId, new ReplicaDefaults
        {
            Primary = new PrimaryKey(primary.KeyId, primaryRegion),
            AliasName = alias,
            KeySpec = primary.KeySpec,
            KeyUsage = primary.KeyUsage,
        });
    }

    /// <summary>
    /// A replica holds the primary's key material under a policy of its own: whoever makes one can read what the primary encrypted. So a
    /// key that another resource owns is replicated only by its own namespace, or, between clusters, with the class's consent.
    /// </summary>
    private static Finding? FindForeignOwner(KeyReplica resource, ObservedKey primary, KeyClass keyClass, string clusterId)
    {
        if (primary.Tags.GetValueOrDefault(TagNames.Owner) is not { } owner)
        {
            return null;
        }

        var cluster = primary.Tags.GetValueOrDefault(TagNames.Cluster);
        if (cluster != clusterId)
        {
            return keyClass.Spec.Permissions?.Adoption == "Allow" ? null : Finding.Stalled(
                Reasons.KeyConflict,
                $"spec.primaryKeyArn: {primary.Arn} belongs to {owner} of cluster {cluster}. Replicate it there (spec.replicaRegions), "
                + $"or have KeyClass {keyClass.Metadata.Name} say permissions.adoption: Allow.");
        }

        return owner.Split('/') is [_, var @namespace, ..] && @namespace == resource.Metadata.Namespace ? null : Finding.Stalled(
            Reasons.KeyConflict, $"spec.primaryKeyArn: {primary.Arn} belongs to {owner}; replicas of it are made in its own namespace, with spec.primaryRef.");
    }

    private static Resolution Finish(
        KeyReplica resource, KeyClass keyClass, PolicyResolution policy, string accountId, string clusterId, ReplicaDefaults defaults)
    {
        var spec = resource.Spec;
        var meta = resource.Metadata;
        if (ClassPermissions.FindViolation(keyClass, spec.Access, spec.Policy, spec.Adopt, spec.TakeOverAlias) is { } violation)
        {
            return Resolution.Failed(violation);
        }

        if (spec.Region == defaults.Primary.Region)
        {
            return Resolution.Failed(Finding.Stalled(
                Reasons.InvalidSpec, $"spec.region: {spec.Region} is the primary's own Region; a replica needs another one."));
        }

        if (policy.Finding is { } finding)
        {
            return Resolution.Failed(finding);
        }

        var owner = new KeyOwner(KeyReplica.KindName, meta.Namespace ?? "", meta.Name, meta.Uid ?? "", clusterId);
        var alias = spec.Alias ?? defaults.AliasName;
        var deletion = ServiceKeyResolver.DeletionOf(
            spec.DeletionPolicy ?? defaults.DeletionPolicy, spec.PendingDeletionWindowDays ?? defaults.PendingDeletionWindowDays, keyClass);
        var key = new DesiredKey
        {
            Owner = owner,
            Location = new KeyLocation(accountId, spec.Region),
            Service = defaults.Service,
            Description = spec.Description
                ?? $"Multi-Region replica key {(defaults.Service is { } service ? $"for {service} " : "")}from {defaults.Primary.Region}",
            AliasName = alias,
            KeySpec = defaults.KeySpec,
            KeyUsage = defaults.KeyUsage,
            MultiRegion = true,
            Enabled = spec.Enabled ?? true,
            Policy = policy.Policy!,
            Tags = KeyTags.Merge(owner, $"{alias}-replica", keyClass.Spec.Tags, defaults.Tags, spec.Tags),
            DeleteKey = deletion.Delete,
            PendingDeletionWindowDays = deletion.WindowDays,
            AdoptKeyId = spec.Adopt?.KeyId,
            TakeOverAlias = spec.TakeOverAlias == true,
            Undelete = ClassPermissions.MayUndelete(keyClass, spec.DeletionPolicy ?? defaults.DeletionPolicy),
            ObserveOnly = spec.ManagementPolicy == ManagementPolicies.Observe,
            Primary = defaults.Primary,
        };
        return DesiredKeyLimits.Check(key) is { } excess ? Resolution.Failed(excess) : Resolution.Of(key);
    }

    private static JsonElement[]? Relocated(IReadOnlyList<JsonElement>? statements, string from, string to) =>
        statements?.Select(statement => PolicyRelocation.ToRegion(statement, from, to)).ToArray();

    private sealed record ReplicaDefaults
    {
        public required PrimaryKey Primary { get; init; }

        public string? Service { get; init; }

        public required string AliasName { get; init; }

        public required string KeySpec { get; init; }

        public required string KeyUsage { get; init; }

        public IReadOnlyDictionary<string, string>? Tags { get; init; }

        public string? DeletionPolicy { get; init; }

        public int? PendingDeletionWindowDays { get; init; }
    }
}
