using Amazon;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Keeps one KeyReplica's key and published coordinates as its spec and its primary say.</summary>
internal sealed class KeyReplicaReconciler(
    IKubernetesApi api,
    IEventRecorder events,
    TimeProvider time,
    ResourceType<KeyReplica> type,
    IResourceStore<KeyReplica> store,
    IResourceStore<ServiceKey> primaries,
    ClassDirectory classes,
    AwsRegions regions,
    KeyLifecycle lifecycle,
    KeyDeletion deletion,
    Publisher publisher,
    KeyMemories memories,
    OperatorSettings settings) : IReconciler
{
    /// <inheritdoc />
    public async ValueTask<ReconcileResult> ReconcileAsync(ResourceKey key, CancellationToken cancellationToken)
    {
        if (!store.TryGet(key, out var resource))
        {
            return ReconcileResult.Done;
        }

        var pass = new KeyPass<KeyReplica>(api, events, time, type, resource, memories.Of(resource.Metadata.Uid!));
        try
        {
            return pass.IsDeleting ? await DeleteAsync(pass, cancellationToken) : await KeepAsync(pass, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsConflict || e.IsNotFound)
        {
            // The cache is behind: what was decided here rests on an old state, and the watch brings the new one.
            return ReconcileResult.Retry;
        }
    }

    private async Task<ReconcileResult> KeepAsync(KeyPass<KeyReplica> pass, CancellationToken cancellationToken)
    {
        if (pass.Resource.Spec.Suspend == true)
        {
            return await pass.EndSuspendedAsync(cancellationToken);
        }

        if (FindPrimary(pass.Resource) is { Spec.Suspend: true } suspended)
        {
            // It would carry what its primary's spec says now, which nobody has taken up.
            return await pass.EndSuspendedAsync($"spec.suspend of ServiceKey {suspended.Metadata.Name} is true, and its replicas wait with it.", cancellationToken);
        }

        if (PassEnd.InvalidSpec(SpecValidation.Validate(pass.Resource)) is { } invalid)
        {
            return await pass.EndAsync(invalid, cancellationToken);
        }

        if (FindRegionChange(pass) is { } changed)
        {
            return await pass.EndAsync(changed, cancellationToken);
        }

        var (resolved, finding, isTransient) = pass.Resource.Spec.PrimaryRef is { } primaryRef
            ? ResolveByReference(pass, primaryRef.Name)
            : await ResolveByArnAsync(pass, cancellationToken);
        if (resolved is null)
        {
            return isTransient && pass.Status.Conditions is not null ? ReconcileResult.Done : await pass.EndAsync(finding!, cancellationToken);
        }

        var outcome = await lifecycle.BringAsync(pass, resolved, cancellationToken);
        var publishFinding = pass.Status.KeyId is not null && (outcome.Changed || pass.Status.ObservedGeneration != pass.Resource.Metadata.Generation
            || ResourceConditions.Find(pass.Status.Conditions, ConditionTypes.Ready)?.Reason == Reasons.PublishConflict)
            ? await publisher.PublishAsync(pass, cancellationToken)
            : null;
        return await pass.EndAsync(
            outcome.Finding is null && publishFinding is not null ? outcome with { Finding = publishFinding, RequeueAfter = null } : outcome,
            cancellationToken);
    }

    private (ResolvedKey? Key, Finding? Finding, bool IsTransient) ResolveByReference(KeyPass<KeyReplica> pass, string primaryName)
    {
        var @namespace = pass.Resource.Metadata.Namespace!;
        if (!primaries.TryGet(new ResourceKey(@namespace, primaryName), out var primary))
        {
            return (null, Finding.Waiting(Reasons.PrimaryNotReady, $"spec.primaryRef.name: there is no ServiceKey {primaryName} in namespace {@namespace} yet."), false);
        }

        if (ServiceKeyReconciler.FindServiceChange(primary) is { } changed)
        {
            return (null, Finding.Waiting(Reasons.PrimaryNotReady, $"spec.primaryRef.name: ServiceKey {primaryName} is refused: {changed.Message}"), false);
        }

        var lookup = classes.Look(primary.Spec.ClassName, primary.Status?.KeyId is null ? null : primary.Status.ClassName, @namespace);
        if (lookup.Finding is { } noClass)
        {
            return (null, noClass, lookup.IsTransient);
        }

        var keyClass = lookup.KeyClass!;
        if (KeyMoves.FindMove(primary, keyClass) is { } moved)
        {
            return (null, Finding.Waiting(Reasons.PrimaryNotReady, $"spec.primaryRef.name: ServiceKey {primaryName} is refused: {moved.Message}"), false);
        }

        var resolution = KeyReplicaResolver.Resolve(pass.Resource, primary, keyClass, keyClass.Status!.AccountId!, settings.ClusterId);
        if (resolution.Finding is { } unresolved)
        {
            return (null, unresolved, false);
        }

        if (pass.Status.KeyId is null && primary.Status is not { KeyId: not null, KeyState: KeyStates.Enabled })
        {
            return (null, Finding.Waiting(Reasons.PrimaryNotReady, $"The key of ServiceKey {primaryName} is not usable yet (state {primary.Status?.KeyState ?? "unknown"})."), false);
        }

        if (pass.Status.KeyId is { } keyId && primary.Status?.KeyId != keyId)
        {
            return (null, primary.Status?.KeyId is { } primaryKeyId
                ? Finding.Stalled(
                    Reasons.InvalidSpec,
                    $"spec.primaryRef: cannot be changed; this is a replica of {keyId}, and the key of ServiceKey {primaryName} is {primaryKeyId}.")
                : Finding.Waiting(
                    Reasons.PrimaryNotReady, $"spec.primaryRef: this is a replica of {keyId}, and ServiceKey {primaryName} has no key; whether that is its key is not known."), false);
        }

        return (Resolved(resolution.Key!, keyClass), null, false);
    }

    private async Task<(ResolvedKey? Key, Finding? Finding, bool IsTransient)> ResolveByArnAsync(KeyPass<KeyReplica> pass, CancellationToken cancellationToken)
    {
        var spec = pass.Resource.Spec;
        var recorded = pass.Status.KeyId is null && pass.Status.Creation is null ? null : pass.Status.ClassName;
        var lookup = classes.Look(spec.ClassName, recorded, pass.Resource.Metadata.Namespace!);
        if (lookup.Finding is { } noClass)
        {
            return (null, noClass, lookup.IsTransient);
        }

        var keyClass = lookup.KeyClass!;
        var accountId = keyClass.Status!.AccountId!;
        var arn = Arn.Parse(spec.PrimaryKeyArn!);
        if (arn.AccountId != accountId)
        {
            return (null, Finding.Stalled(
                Reasons.InvalidSpec,
                $"spec.primaryKeyArn: the key is in account {arn.AccountId}, KeyClass {keyClass.Metadata.Name} in {accountId}; replicas stay in their primary's account."), false);
        }

        var keyId = arn.Resource[(arn.Resource.IndexOf('/') + 1)..];
        if (pass.Status.KeyId is { } replicaOf && replicaOf != keyId)
        {
            return (null, Finding.Stalled(
                Reasons.InvalidSpec, $"spec.primaryKeyArn: cannot be changed; this is a replica of {replicaOf}. Put that back, or create another resource."), false);
        }

        try
        {
            var region = regions.For(ServiceKeyReconciler.AccessOf(keyClass, arn.Region));
            if (await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken) is not { } primary)
            {
                return (null, Finding.Waiting(Reasons.PrimaryNotReady, $"spec.primaryKeyArn: KMS does not show {spec.PrimaryKeyArn}; it is looked for again."), false);
            }

            // An older list is good enough for an alias that it has, and for nothing where it has none.
            var alias = spec.Alias
                ?? await FindAliasAsync(region, keyId, pass.Now - AliasDirectory.UsualAge, cancellationToken)
                ?? await FindAliasAsync(region, keyId, pass.Now, cancellationToken);
            var resolution = KeyReplicaResolver.Resolve(pass.Resource, primary, alias, keyClass, accountId, settings.ClusterId);
            return resolution.Finding is { } unresolved
                ? (null, unresolved, false)
                : pass.Status.KeyId is null && primary.KeyState != KeyStates.Enabled
                    ? (null, Finding.Waiting(Reasons.PrimaryNotReady, $"{primary.Arn} is in state {primary.KeyState}; only an enabled key can be replicated."), false)
                    : (Resolved(resolution.Key!, keyClass), null, false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "DescribeKey") is { } failure)
        {
            return (null, AwsFailureFinding.For(failure, spec.PrimaryKeyArn!, isRecent: false), false);
        }
    }

    private static async Task<string?> FindAliasAsync(AwsRegion region, string keyId, DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        var aliases = await region.Aliases.GetAsync(notBefore, cancellationToken);
        return aliases.Where(entry => entry.Value == keyId).Select(entry => entry.Key).Order(StringComparer.Ordinal).FirstOrDefault();
    }

    private async Task<ReconcileResult> DeleteAsync(KeyPass<KeyReplica> pass, CancellationToken cancellationToken)
    {
        var resource = pass.Resource;
        if (!Finalizers.Has(resource, ApiGroup.Finalizer))
        {
            return ReconcileResult.Done;
        }

        var isTerminating = classes.IsTerminating(resource.Metadata.Namespace!);
        var primary = FindPrimary(resource);
        var maker = primary is not null && KeyReplicaResolver.IsOwnedBy(resource, primary) ? primary : null;
        var isSuspended = resource.Spec.Suspend == true || maker?.Spec.Suspend == true;
        if (isSuspended && !isTerminating)
        {
            return await pass.EndSuspendedAsync(cancellationToken);
        }

        var keyClass = classes.Find(pass.Status.ClassName ?? primary?.Spec.ClassName ?? resource.Spec.ClassName);

        // Once the primary or the class is gone, what was inherited from them is what the status kept.
        var isOrphaned = keyClass is null || (primary is null && resource.Spec.PrimaryRef is not null);
        var (deleteKey, windowDays) = ServiceKeyResolver.DeletionOf(
            resource.Spec.DeletionPolicy ?? (isOrphaned ? pass.Status.DeletionPolicy ?? DeletionPolicies.Retain : primary?.Spec.DeletionPolicy),
            resource.Spec.PendingDeletionWindowDays ?? (isOrphaned ? pass.Status.PendingDeletionWindowDays : primary?.Spec.PendingDeletionWindowDays),
            keyClass);
        var owner = new KeyOwner(KeyReplica.KindName, resource.Metadata.Namespace!, resource.Metadata.Name, resource.Metadata.Uid!, settings.ClusterId);
        var access = keyClass is null || pass.Status.Region is null ? null : ServiceKeyReconciler.AccessOf(keyClass, pass.Status.Region);
        return await deletion.FinalizeAsync(
            pass,
            new DeletionRequest(
                owner, deleteKey, windowDays, access, PassEnd.LeftBecause(isSuspended, KeyReplicaResolver.IsObserveOnly(resource, primary)), isTerminating,
                maker,
                stop => IsCurrentAsync(keyClass, resource, primary, stop)),
            cancellationToken);
    }

    private async Task<bool> IsCurrentAsync(KeyClass? keyClass, KeyReplica replica, ServiceKey? primary, CancellationToken cancellationToken)
    {
        if (keyClass is not null && !await api.IsCurrentAsync(ResourceTypes.KeyClasses, keyClass, cancellationToken))
        {
            return false;
        }

        return primary is not null
            ? await api.IsCurrentAsync(ResourceTypes.ServiceKeys, primary, cancellationToken)
            : replica.Spec.PrimaryRef is not { } reference
                || await api.GetAsync(ResourceTypes.ServiceKeys, new ResourceKey(replica.Metadata.Namespace!, reference.Name), cancellationToken) is null;
    }

    private ServiceKey? FindPrimary(KeyReplica replica) =>
        replica.Spec.PrimaryRef is { } reference && primaries.TryGet(new ResourceKey(replica.Metadata.Namespace!, reference.Name), out var primary) ? primary : null;

    private static ResolvedKey Resolved(DesiredKey desired, KeyClass keyClass) =>
        new(desired, keyClass.Metadata.Name, ServiceKeyReconciler.AccessOf(keyClass, desired.Location.Region));

    /// <summary>The API server refuses this change by CEL; servers before 1.25 do not evaluate it.</summary>
    private static Finding? FindRegionChange(KeyPass<KeyReplica> pass) =>
        (pass.Status.KeyId is null && pass.Status.Creation is null) || pass.Status.Region == pass.Resource.Spec.Region
            ? null
            : Finding.Stalled(
                Reasons.InvalidSpec,
                $"spec.region: cannot be changed; the replica is in {pass.Status.Region}. Put that back, or create another resource.");
}
