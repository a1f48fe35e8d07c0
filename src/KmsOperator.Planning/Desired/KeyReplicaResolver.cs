using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Turns a KeyReplica, its primary and its KeyClass into the replica that must be.</summary>
public static class KeyReplicaResolver
{
    /// <summary>A replica of a ServiceKey in the same namespace.</summary>
    /// <param name="resource">A KeyReplica whose spec is valid on its own.</param>
    /// <param name="primary">The ServiceKey; its key need not exist yet.</param>
    /// <param name="refusal">Why the ServiceKey itself gets no key, by <see cref="PrimaryChecks.FindRefusal"/>; null if it does.</param>
    /// <param name="keyClass">The primary's class.</param>
    /// <param name="accountId">The account that the class's credentials belong to.</param>
    /// <param name="clusterId">The operator's cluster id.</param>
    public static Resolved<DesiredKey> Resolve(
        KeyReplica resource, ServiceKey primary, ReconcileError? refusal, KeyClass keyClass, string accountId, string clusterId)
    {
        var spec = resource.Spec;
        var primaryRegion = keyClass.Spec.Region;
        if (primary.Spec.MultiRegion != true)
        {
            return ReconcileError.Terminal(
                Reasons.NotMultiRegion,
                $"spec.primaryRef.name: ServiceKey {primary.Metadata.Name} is a single-Region key, which has no replicas and cannot become a multi-Region one.");
        }

        if (ServiceRules.FindReplicaMistake(primary) is { } mistake)
        {
            return mistake;
        }

        // The replica inherits from the ServiceKey. What the ServiceKey is refused, the replica must not get either.
        if (refusal is not null)
        {
            return refusal;
        }

        var policy = ReplicaPolicy.Of(spec, primary, keyClass, accountId);
        return Finish(resource, keyClass, policy, accountId, clusterId, new KnownPrimary
        {
            Primary = new PrimaryKey(primary.Status?.KeyId ?? "", primaryRegion),
            Service = primary.Spec.Service,
            AliasName = ServiceKeyResolver.AliasOf(primary, keyClass),
            KeySpec = primary.Spec.KeySpec ?? KeySpecs.Default,
            KeyUsage = primary.Spec.KeyUsage ?? KeySpecs.DefaultUsage,
            Origin = OriginRules.OriginOf(primary.Spec),
            Material = DesiredMaterial.Of(primary.Spec),
            Tags = primary.Spec.Tags?.Where(tag => tag.Key != TagNames.Name).ToDictionary(),
            DeletionPolicy = primary.Spec.DeletionPolicy,
            PendingDeletionWindowDays = primary.Spec.PendingDeletionWindowDays,
            ObserveOnly = IsObserveOnly(resource, primary),
            Rotation = ServiceKeyResolver.RotationOf(primary.Spec, keyClass),

            // With Observe nothing is written to the ServiceKey's key, so that no KeyReplica makes it the primary either.
            WantedPrimary = primary.Spec.ManagementPolicy == ManagementPolicies.Observe && !IsOwnedBy(resource, primary)
                ? null : ServiceKeyResolver.WantedPrimaryOf(primary, keyClass),
        });
    }

    /// <summary>A replica of a primary that is managed elsewhere.</summary>
    /// <param name="resource">A KeyReplica whose spec is valid on its own.</param>
    /// <param name="primary">The primary, as KMS shows it in its Region.</param>
    /// <param name="primaryAlias">An alias of the primary, if it has one.</param>
    /// <param name="primaryHolder">The resource of this cluster that has the primary, by its status or by what the operator remembers, as <c>{kind}/{namespace}/{name}</c>; null for none.</param>
    /// <param name="keyClass">The class that the KeyReplica names.</param>
    /// <param name="accountId">The account that the class's credentials belong to.</param>
    /// <param name="clusterId">The operator's cluster id.</param>
    public static Resolved<DesiredKey> Resolve(
        KeyReplica resource, ObservedKey primary, string? primaryAlias, string? primaryHolder, KeyClass keyClass, string accountId, string clusterId)
    {
        var spec = resource.Spec;
        // A replica that exists stays one of the same key, wherever the primary was moved since.
        if (primary.MultiRegionKeyType != "PRIMARY" && (resource.Status?.KeyId is null || !primary.MultiRegion))
        {
            var elsewhere = primary.MultiRegion ? $" Its primary is in {primary.PrimaryRegion}: name the key there." : "";
            return ReconcileError.Terminal(
                Reasons.NotMultiRegion, $"spec.primaryKeyArn: {primary.Arn} is not a multi-Region primary; only a primary can be replicated.{elsewhere}");
        }

        if (resource.Status?.KeyId is null && PrimaryChecks.FindForeignOwner(resource, primary, primaryHolder, keyClass, clusterId) is { } conflict)
        {
            return conflict;
        }

        if ((spec.Alias ?? primaryAlias) is not { } alias)
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec, $"spec.alias: {primary.Arn} has no alias to take over; name one.");
        }

        var primaryRegion = spec.PrimaryKeyArn!.Split(':')[3];
        var policy = ReplicaPolicy.Of(spec, primaryRegion, primary, keyClass, accountId);
        return Finish(resource, keyClass, policy, accountId, clusterId, new KnownPrimary
        {
            Primary = new PrimaryKey(primary.KeyId, primaryRegion),
            AliasName = alias,
            KeySpec = primary.KeySpec,
            KeyUsage = primary.KeyUsage,
            Origin = primary.Origin,
            ObserveOnly = IsObserveOnly(resource, null),
        });
    }

    /// <summary>The same without asking AWS for the primary: null, or left out, is what only AWS knows.</summary>
    /// <param name="resource">A KeyReplica with <c>primaryKeyArn</c> whose spec is valid on its own.</param>
    /// <param name="keyClass">The class that the KeyReplica names.</param>
    /// <param name="accountId">The account that the class's credentials belong to.</param>
    /// <param name="clusterId">The operator's cluster id.</param>
    public static Resolved<ReplicaOutline> Outline(KeyReplica resource, KeyClass keyClass, string accountId, string clusterId)
    {
        var arn = resource.Spec.PrimaryKeyArn!.Split(':');
        if (arn[4] != accountId)
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.primaryKeyArn: the key is in account {arn[4]}, KeyClass {keyClass.Metadata.Name} in {accountId}; replicas stay in their primary's account.");
        }

        var primaryRegion = arn[3];
        return Outline(
            resource, keyClass, ReplicaPolicy.Of(resource.Spec, primaryRegion, null, keyClass, accountId), accountId, clusterId,
            new ReplicaDefaults { Primary = new PrimaryKey(arn[5]["key/".Length..], primaryRegion) });
    }

    /// <summary>Whether a ServiceKey made a KeyReplica, for one of its <c>replicaRegions</c>.</summary>
    public static bool IsOwnedBy(KeyReplica replica, ServiceKey primary) =>
        primary.Metadata.Uid is { } uid && replica.Metadata.OwnerReferences?.Any(owner => owner.Controller == true && owner.Uid == uid) == true;

    /// <summary>Whether nothing may be written to AWS for a replica: its spec says so, or that of the ServiceKey that made it.</summary>
    /// <param name="replica">The KeyReplica.</param>
    /// <param name="primary">The ServiceKey that it is a replica of, if there is one.</param>
    public static bool IsObserveOnly(KeyReplica replica, ServiceKey? primary) =>
        replica.Spec.ManagementPolicy == ManagementPolicies.Observe
        || (primary?.Spec.ManagementPolicy == ManagementPolicies.Observe && IsOwnedBy(replica, primary));

    private static Resolved<DesiredKey> Finish(
        KeyReplica resource, KeyClass keyClass, Resolved<KeyPolicy> policy, string accountId, string clusterId, KnownPrimary defaults)
    {
        var (outline, error) = Outline(resource, keyClass, policy, accountId, clusterId, defaults);
        if (outline is null)
        {
            return error!;
        }

        var spec = resource.Spec;
        var deletion = ServiceKeyResolver.DeletionOf(
            spec.DeletionPolicy ?? defaults.DeletionPolicy, spec.PendingDeletionWindowDays ?? defaults.PendingDeletionWindowDays, keyClass);
        if (ClassGuards.FindViolation(keyClass, deletion.Policy == DeletionPolicies.Delete ? deletion.WindowDays : null, rotation: null) is { } violation)
        {
            return violation;
        }

        if (GrantResolver.FindUnfit(spec.Grants, defaults.KeySpec, defaults.KeyUsage) is { } unfit)
        {
            return unfit;
        }

        return new DesiredKey
        {
            Owner = outline.Owner,
            Location = outline.Location,
            Service = defaults.Service,
            Description = outline.Description,
            AliasName = outline.AliasName!,
            AdditionalAliases = outline.AdditionalAliases,
            KeySpec = defaults.KeySpec,
            KeyUsage = defaults.KeyUsage,
            Origin = defaults.Origin,
            Material = defaults.Material,
            MultiRegion = true,
            Enabled = spec.Enabled ?? true,
            Rotation = defaults.Rotation,
            Policy = outline.Policy!,
            Grants = outline.Grants,
            Tags = outline.Tags,
            DeletionPolicy = deletion.Policy,
            PendingDeletionWindowDays = deletion.WindowDays,
            AdoptKeyId = spec.Adopt?.KeyId,
            TakeOverAlias = spec.TakeOverAlias == true,
            Undelete = ClassPermissions.MayUndelete(keyClass, spec.DeletionPolicy ?? defaults.DeletionPolicy),
            ObserveOnly = defaults.ObserveOnly,
            Primary = defaults.Primary,
            WantedPrimary = defaults.WantedPrimary,
        };
    }

    private static Resolved<ReplicaOutline> Outline(
        KeyReplica resource, KeyClass keyClass, Resolved<KeyPolicy> policy, string accountId, string clusterId, ReplicaDefaults defaults)
    {
        var spec = resource.Spec;
        var meta = resource.Metadata;
        var error = ClassPermissions.FindViolation(keyClass, spec.Access, spec.Policy, spec.Adopt, spec.TakeOverAlias, spec.Grants)
            ?? ClassAllowances.FindViolation(keyClass, spec, accountId)
            ?? PrimaryChecks.FindRegionMistake(spec.Region, defaults.Primary.Region)
            ?? policy.Error;
        var location = new KeyLocation(accountId, spec.Region);
        var grants = GrantResolver.Resolve(spec.Grants, location);
        error ??= grants.Error;
        if (error is not null)
        {
            return error;
        }

        var owner = new KeyOwner(KeyReplica.KindName, meta.Namespace ?? "", meta.Name, meta.Uid ?? "", clusterId);
        var alias = spec.Alias ?? defaults.AliasName;
        var outline = new ReplicaOutline
        {
            Owner = owner,
            Location = location,
            Description = spec.Description
                ?? $"Multi-Region replica key {(defaults.Service is { } service ? $"for {service} " : "")}from {defaults.Primary.Region}",
            AliasName = alias,
            AdditionalAliases = ServiceKeyResolver.AdditionalAliasesOf(spec.AdditionalAliases, alias),
            Policy = policy.Value,
            Grants = grants.Value!,
            Tags = KeyTags.Merge(owner, alias is null ? null : $"{alias}-replica", keyClass.Spec.Tags, defaults.Tags, spec.Tags),
        };
        return DesiredKeyLimits.Check(alias, AliasName.Field, outline.Tags) is { } excess
            ? excess : outline;
    }

    private record ReplicaDefaults
    {
        public required PrimaryKey Primary { get; init; }

        public string? Service { get; init; }

        public string? AliasName { get; init; }

        public IReadOnlyDictionary<string, string>? Tags { get; init; }
    }

    private sealed record KnownPrimary : ReplicaDefaults
    {
        public required string KeySpec { get; init; }

        public required string KeyUsage { get; init; }

        public required string Origin { get; init; }

        public DesiredMaterial? Material { get; init; }

        public string? DeletionPolicy { get; init; }

        public int? PendingDeletionWindowDays { get; init; }

        public bool ObserveOnly { get; init; }

        public DesiredRotation? Rotation { get; init; }

        public WantedPrimary? WantedPrimary { get; init; }
    }
}
