using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Keeps one ServiceKey's key, replicas and published coordinates as its spec says.</summary>
internal sealed class ServiceKeyReconciler(
    IKubernetesApi api,
    IEventRecorder events,
    TimeProvider time,
    ResourceType<ServiceKey> type,
    IResourceStore<ServiceKey> store,
    ClassDirectory classes,
    KeyHolders holders,
    KeyLifecycle lifecycle,
    KeyDeletion deletion,
    ReplicaResources replicas,
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

        var pass = new KeyPass<ServiceKey>(api, events, time, type, resource, memories.Of(resource.Metadata.Uid!));
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

    private async Task<ReconcileResult> KeepAsync(KeyPass<ServiceKey> pass, CancellationToken cancellationToken)
    {
        var spec = pass.Resource.Spec;
        if (spec.Suspend == true)
        {
            return await pass.EndSuspendedAsync(cancellationToken);
        }

        if (PassEnd.InvalidSpec(SpecValidation.Validate(pass.Resource)) is { } invalid)
        {
            return await pass.EndAsync(invalid, cancellationToken);
        }

        if (FindServiceChange(pass.Resource) is { } changed)
        {
            return await pass.EndAsync(changed, cancellationToken);
        }

        var lookup = classes.Look(spec.ClassName, RecordedClass(pass), pass.Resource.Metadata.Namespace!);
        if (lookup.Finding is { } noClass)
        {
            return lookup.IsTransient && pass.Status.Conditions is not null
                ? ReconcileResult.Done
                : await pass.EndAsync(noClass, cancellationToken);
        }

        var keyClass = lookup.KeyClass!;
        var resolution = ServiceKeyResolver.Resolve(pass.Resource, keyClass, keyClass.Status!.AccountId!, settings.ClusterId);
        if (resolution.Finding is { } unresolved)
        {
            return await pass.EndAsync(unresolved, cancellationToken);
        }

        var resolved = new ResolvedKey(resolution.Key!, keyClass.Metadata.Name, AccessOf(keyClass, resolution.Key!.Location.Region));
        if (pass.Status.KeyId is null && FindRival(pass, resolution.Key!) is { } rival)
        {
            return await pass.EndAsync(rival, cancellationToken);
        }

        var reconcileAt = pass.UnhandledReconcileAt;
        var outcome = await lifecycle.BringAsync(pass, resolved, cancellationToken);
        if (pass.Status.KeyId is null)
        {
            return await pass.EndAsync(outcome, cancellationToken);
        }

        var unasked = reconcileAt is not null && pass.UnhandledReconcileAt is null ? await replicas.AskAsync(pass.Resource, reconcileAt, cancellationToken) : null;
        var replicaFinding = await replicas.SyncAsync(pass.Resource, keyClass, cancellationToken) ?? unasked;
        var rows = replicas.StatusOf(pass.Resource);
        var replicasChanged = !(rows ?? []).SequenceEqual(pass.Status.Replicas ?? []);
        pass.Status = pass.Status with { Replicas = rows };
        var publishFinding = outcome.Changed || replicasChanged || pass.Status.ObservedGeneration != pass.Resource.Metadata.Generation
            || ResourceConditions.Find(pass.Status.Conditions, ConditionTypes.Ready)?.Reason == Reasons.PublishConflict
            ? await publisher.PublishAsync(pass, cancellationToken)
            : null;
        return await pass.EndAsync(
            outcome with { Finding = outcome.Finding ?? publishFinding ?? replicaFinding, RequeueAfter = outcome.Finding is null && (publishFinding ?? replicaFinding) is not null ? null : outcome.RequeueAfter },
            cancellationToken);
    }

    private async Task<ReconcileResult> DeleteAsync(KeyPass<ServiceKey> pass, CancellationToken cancellationToken)
    {
        var resource = pass.Resource;
        if (!Finalizers.Has(resource, ApiGroup.Finalizer))
        {
            return ReconcileResult.Done;
        }

        var isTerminating = classes.IsTerminating(resource.Metadata.Namespace!);
        if (resource.Spec.Suspend == true && !isTerminating)
        {
            return await pass.EndSuspendedAsync(cancellationToken);
        }

        var keyClass = classes.Find(pass.Status.ClassName ?? resource.Spec.ClassName);
        var (deleteKey, windowDays) = ServiceKeyResolver.DeletionOf(
            resource.Spec.DeletionPolicy ?? (keyClass is null ? pass.Status.DeletionPolicy : null),
            resource.Spec.PendingDeletionWindowDays ?? (keyClass is null ? pass.Status.PendingDeletionWindowDays : null),
            keyClass);
        var owner = new KeyOwner(ServiceKey.KindName, resource.Metadata.Namespace!, resource.Metadata.Name, resource.Metadata.Uid!, settings.ClusterId);
        var access = keyClass is null || pass.Status.Region is null ? null : AccessOf(keyClass, pass.Status.Region);
        var request = new DeletionRequest(
            owner, deleteKey, windowDays, access, PassEnd.LeftBecause(resource.Spec.Suspend, resource.Spec.ManagementPolicy == ManagementPolicies.Observe), isTerminating,
            Maker: null,
            async stop => await IsCurrentAsync(keyClass, stop) && !(resource.Spec.MultiRegion == true && await replicas.AnyLiveAsync(resource, stop)));
        if (!isTerminating && replicas.HasOwn(resource) && await deletion.FindGuardAsync(pass, request, cancellationToken) is { } guard)
        {
            return await pass.EndAsync(guard, cancellationToken);
        }

        return await replicas.DeleteAllAsync(resource, deleteKey, cancellationToken) is { } remaining
            ? await pass.EndAsync(remaining, cancellationToken)
            : await deletion.FinalizeAsync(pass, request, cancellationToken);
    }

    private async Task<bool> IsCurrentAsync(KeyClass? keyClass, CancellationToken cancellationToken) =>
        keyClass is null || await api.IsCurrentAsync(ResourceTypes.KeyClasses, keyClass, cancellationToken);

    /// <summary>Of two new resources that want one alias, the older gets it, also when this process has only just started.</summary>
    private Finding? FindRival(KeyPass<ServiceKey> pass, DesiredKey desired) =>
        pass.Status.Creation is null && holders.FirstFor(desired.Location, desired.AliasName, pass.Resource) is { } rival
            ? AliasClaims.Conflict(desired.AliasName, rival)
            : null;

    /// <summary>How a class gets to a Region of its account.</summary>
    internal static AwsAccess AccessOf(KeyClass keyClass, string region) =>
        new(keyClass.Spec.Account?.RoleArn, keyClass.Spec.Account?.ExternalId, region);

    private static string? RecordedClass(KeyPass<ServiceKey> pass) =>
        pass.Status.KeyId is null && pass.Status.Creation is null ? null : pass.Status.ClassName;

    /// <summary>The API server refuses this change by CEL; servers before 1.25 do not evaluate it.</summary>
    internal static Finding? FindServiceChange(ServiceKey resource)
    {
        if (resource.Status is not { KeyId: not null } status || status.Service == resource.Spec.Service)
        {
            return null;
        }

        return Finding.Stalled(
            Reasons.InvalidSpec,
            $"spec.service: cannot be changed; {status.Arn} was made for {status.Service ?? "no service"}. Put that back, or create another resource.");
    }
}
