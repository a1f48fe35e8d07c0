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
    RegionalClientFactory regions,
    KeyLifecycle lifecycle,
    KeyDeletion deletion,
    Publisher publisher,
    ReconcileCache cache,
    OperatorSettings settings) : IReconciler
{
    /// <inheritdoc />
    public async ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        if (!store.TryGet(key, out var resource))
        {
            return ReconcileResult.Done;
        }

        var context = new ReconcileContext<KeyReplica>(api, events, time, type, resource, cache.Of(resource.Metadata.Uid!));
        try
        {
            return context.IsDeleting ? await DeleteAsync(context, cancellationToken) : await KeepAsync(context, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsConflict || e.IsNotFound)
        {
            // The cache is behind: what was decided here rests on an old state, and the watch brings the new one.
            return ReconcileResult.Retry;
        }
    }

    private async Task<ReconcileResult> KeepAsync(ReconcileContext<KeyReplica> context, CancellationToken cancellationToken)
    {
        if (context.Resource.Spec.Suspend == true)
        {
            return await context.EndSuspendedAsync(cancellationToken);
        }

        if (FindPrimary(context.Resource) is { Spec.Suspend: true } suspended)
        {
            // It would carry what its primary's spec says now, which nobody has taken up.
            return await context.EndSuspendedAsync($"spec.suspend of ServiceKey {suspended.Metadata.Name} is true, and its replicas wait with it.", cancellationToken);
        }

        if (ReconcileResults.InvalidSpec(SpecValidation.Validate(context.Resource)) is { } invalid)
        {
            return await context.EndAsync(invalid, cancellationToken);
        }

        if (FindRegionChange(context) is { } changed)
        {
            return await context.EndAsync(changed, cancellationToken);
        }

        var (resolved, error, isTransient) = context.Resource.Spec.PrimaryRef is { } primaryRef
            ? ResolveByReference(context, primaryRef.Name)
            : await ResolveByArnAsync(context, cancellationToken);
        if (resolved is null)
        {
            return isTransient && context.Status.Conditions is not null ? ReconcileResult.Done : await context.EndAsync(error!, cancellationToken);
        }

        var outcome = await lifecycle.BringAsync(context, resolved, cancellationToken);
        var publishFinding = context.Status.KeyId is not null && (outcome.Changed || context.Status.ObservedGeneration != context.Resource.Metadata.Generation
            || ResourceConditions.Find(context.Status.Conditions, ConditionTypes.Ready)?.Reason == Reasons.PublishConflict)
            ? await publisher.PublishAsync(context, cancellationToken)
            : null;
        return await context.EndAsync(
            outcome.Error is null && publishFinding is not null ? outcome with { Error = publishFinding, RequeueAfter = null } : outcome,
            cancellationToken);
    }

    private (ResolvedKey? Key, ReconcileError? Error, bool IsTransient) ResolveByReference(ReconcileContext<KeyReplica> context, string primaryName)
    {
        var @namespace = context.Resource.Metadata.Namespace!;
        if (!primaries.TryGet(new NamespacedName(@namespace, primaryName), out var primary))
        {
            return (null, ReconcileError.Transient(Reasons.PrimaryNotReady, $"spec.primaryRef.name: there is no ServiceKey {primaryName} in namespace {@namespace} yet."), false);
        }

        if (ServiceKeyReconciler.FindServiceChange(primary) is { } changed)
        {
            return (null, ReconcileError.Transient(Reasons.PrimaryNotReady, $"spec.primaryRef.name: ServiceKey {primaryName} is refused: {changed.Message}"), false);
        }

        var lookup = classes.Look(primary.Spec.ClassName, primary.Status?.KeyId is null ? null : primary.Status.ClassName, @namespace);
        if (lookup.Error is { } noClass)
        {
            return (null, noClass, lookup.IsTransient);
        }

        var keyClass = lookup.KeyClass!;
        if (ImmutabilityChecks.FindMove(primary, keyClass) is { } moved)
        {
            return (null, ReconcileError.Transient(Reasons.PrimaryNotReady, $"spec.primaryRef.name: ServiceKey {primaryName} is refused: {moved.Message}"), false);
        }

        var resolution = KeyReplicaResolver.Resolve(context.Resource, primary, keyClass, keyClass.Status!.AccountId!, settings.ClusterId);
        if (resolution.Error is { } unresolved)
        {
            return (null, unresolved, false);
        }

        if (context.Status.KeyId is null && primary.Status is not { KeyId: not null, KeyState: KeyStates.Enabled })
        {
            return (null, ReconcileError.Transient(Reasons.PrimaryNotReady, $"The key of ServiceKey {primaryName} is not usable yet (state {primary.Status?.KeyState ?? "unknown"})."), false);
        }

        if (context.Status.KeyId is { } keyId && primary.Status?.KeyId != keyId)
        {
            return (null, primary.Status?.KeyId is { } primaryKeyId
                ? ReconcileError.Terminal(
                    Reasons.InvalidSpec,
                    $"spec.primaryRef: cannot be changed; this is a replica of {keyId}, and the key of ServiceKey {primaryName} is {primaryKeyId}.")
                : ReconcileError.Transient(
                    Reasons.PrimaryNotReady, $"spec.primaryRef: this is a replica of {keyId}, and ServiceKey {primaryName} has no key; whether that is its key is not known."), false);
        }

        return (Resolved(resolution.Value!, keyClass), null, false);
    }

    private async Task<(ResolvedKey? Key, ReconcileError? Error, bool IsTransient)> ResolveByArnAsync(ReconcileContext<KeyReplica> context, CancellationToken cancellationToken)
    {
        var spec = context.Resource.Spec;
        var recorded = context.Status.KeyId is null && context.Status.Creation is null ? null : context.Status.ClassName;
        var lookup = classes.Look(spec.ClassName, recorded, context.Resource.Metadata.Namespace!);
        if (lookup.Error is { } noClass)
        {
            return (null, noClass, lookup.IsTransient);
        }

        var keyClass = lookup.KeyClass!;
        var accountId = keyClass.Status!.AccountId!;
        var arn = Arn.Parse(spec.PrimaryKeyArn!);
        if (arn.AccountId != accountId)
        {
            return (null, ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.primaryKeyArn: the key is in account {arn.AccountId}, KeyClass {keyClass.Metadata.Name} in {accountId}; replicas stay in their primary's account."), false);
        }

        var keyId = arn.Resource[(arn.Resource.IndexOf('/') + 1)..];
        if (context.Status.KeyId is { } replicaOf && replicaOf != keyId)
        {
            return (null, ReconcileError.Terminal(
                Reasons.InvalidSpec, $"spec.primaryKeyArn: cannot be changed; this is a replica of {replicaOf}. Put that back, or create another resource."), false);
        }

        try
        {
            var region = regions.For(ServiceKeyReconciler.AccessOf(keyClass, arn.Region));
            if (await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken) is not { } primary)
            {
                return (null, ReconcileError.Transient(Reasons.PrimaryNotReady, $"spec.primaryKeyArn: KMS does not show {spec.PrimaryKeyArn}; it is looked for again."), false);
            }

            // An older list is good enough for an alias that it has, and for nothing where it has none.
            var alias = spec.Alias
                ?? await FindAliasAsync(region, keyId, context.Now - AliasDirectory.UsualAge, cancellationToken)
                ?? await FindAliasAsync(region, keyId, context.Now, cancellationToken);
            var resolution = KeyReplicaResolver.Resolve(context.Resource, primary, alias, keyClass, accountId, settings.ClusterId);
            return resolution.Error is { } unresolved
                ? (null, unresolved, false)
                : context.Status.KeyId is null && primary.KeyState != KeyStates.Enabled
                    ? (null, ReconcileError.Transient(Reasons.PrimaryNotReady, $"{primary.Arn} is in state {primary.KeyState}; only an enabled key can be replicated."), false)
                    : (Resolved(resolution.Value!, keyClass), null, false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, "DescribeKey") is { } failure)
        {
            return (null, AwsReconcileError.For(failure, spec.PrimaryKeyArn!, isRecent: false), false);
        }
    }

    private static async Task<string?> FindAliasAsync(RegionalClients region, string keyId, DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        var aliases = await region.Aliases.GetAsync(notBefore, cancellationToken);
        return aliases.Where(entry => entry.Value == keyId).Select(entry => entry.Key).Order(StringComparer.Ordinal).FirstOrDefault();
    }

    private async Task<ReconcileResult> DeleteAsync(ReconcileContext<KeyReplica> context, CancellationToken cancellationToken)
    {
        var resource = context.Resource;
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
            return await context.EndSuspendedAsync(cancellationToken);
        }

        var keyClass = classes.Find(context.Status.ClassName ?? primary?.Spec.ClassName ?? resource.Spec.ClassName);

        // Once the primary or the class is gone, what was inherited from them is what the status kept.
        var isOrphaned = keyClass is null || (primary is null && resource.Spec.PrimaryRef is not null);
        var (deleteKey, windowDays) = ServiceKeyResolver.DeletionOf(
            resource.Spec.DeletionPolicy ?? (isOrphaned ? context.Status.DeletionPolicy ?? DeletionPolicies.Retain : primary?.Spec.DeletionPolicy),
            resource.Spec.PendingDeletionWindowDays ?? (isOrphaned ? context.Status.PendingDeletionWindowDays : primary?.Spec.PendingDeletionWindowDays),
            keyClass);
        var owner = new KeyOwner(KeyReplica.KindName, resource.Metadata.Namespace!, resource.Metadata.Name, resource.Metadata.Uid!, settings.ClusterId);
        var access = keyClass is null || context.Status.Region is null ? null : ServiceKeyReconciler.AccessOf(keyClass, context.Status.Region);
        return await deletion.FinalizeAsync(
            context,
            new DeletionRequest(
                owner, deleteKey, windowDays, access, ReconcileResults.LeftBecause(isSuspended, KeyReplicaResolver.IsObserveOnly(resource, primary)), isTerminating,
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
                || await api.GetAsync(ResourceTypes.ServiceKeys, new NamespacedName(replica.Metadata.Namespace!, reference.Name), cancellationToken) is null;
    }

    private ServiceKey? FindPrimary(KeyReplica replica) =>
        replica.Spec.PrimaryRef is { } reference && primaries.TryGet(new NamespacedName(replica.Metadata.Namespace!, reference.Name), out var primary) ? primary : null;

    private static ResolvedKey Resolved(DesiredKey desired, KeyClass keyClass) =>
        new(desired, keyClass.Metadata.Name, ServiceKeyReconciler.AccessOf(keyClass, desired.Location.Region));

    /// <summary>The API server refuses this change by CEL; servers before 1.25 do not evaluate it.</summary>
    private static ReconcileError? FindRegionChange(ReconcileContext<KeyReplica> context) =>
        (context.Status.KeyId is null && context.Status.Creation is null) || context.Status.Region == context.Resource.Spec.Region
            ? null
            : ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.region: cannot be changed; the replica is in {context.Status.Region}. Put that back, or create another resource.");
}
