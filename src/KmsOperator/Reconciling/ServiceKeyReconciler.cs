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
    OwnershipIndex holders,
    KeyLifecycle lifecycle,
    KeyDeletion deletion,
    ReplicaResources replicas,
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

        var context = new ReconcileContext<ServiceKey>(api, events, time, type, resource, cache.Of(resource.Metadata.Uid!));
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

    private async Task<ReconcileResult> KeepAsync(ReconcileContext<ServiceKey> context, CancellationToken cancellationToken)
    {
        var spec = context.Resource.Spec;
        if (spec.Suspend == true)
        {
            return await context.EndSuspendedAsync(cancellationToken);
        }

        if (ReconcileResults.InvalidSpec(SpecValidation.Validate(context.Resource)) is { } invalid)
        {
            return await context.EndAsync(invalid, cancellationToken);
        }

        if (FindServiceChange(context.Resource) is { } changed)
        {
            return await context.EndAsync(changed, cancellationToken);
        }

        var lookup = classes.Look(spec.ClassName, RecordedClass(context), context.Resource.Metadata.Namespace!);
        if (lookup.Error is { } noClass)
        {
            return lookup.IsTransient && context.Status.Conditions is not null
                ? ReconcileResult.Done
                : await context.EndAsync(noClass, cancellationToken);
        }

        var keyClass = lookup.KeyClass!;
        var resolution = ServiceKeyResolver.Resolve(context.Resource, keyClass, keyClass.Status!.AccountId!, settings.ClusterId);
        if (resolution.Error is { } unresolved)
        {
            return await context.EndAsync(unresolved, cancellationToken);
        }

        var resolved = new ResolvedKey(resolution.Value!, keyClass.Metadata.Name, AccessOf(keyClass, resolution.Value!.Location.Region));
        if (context.Status.KeyId is null && FindRival(context, resolution.Value!) is { } rival)
        {
            return await context.EndAsync(rival, cancellationToken);
        }

        var reconcileAt = context.UnhandledReconcileAt;
        var outcome = await lifecycle.BringAsync(context, resolved, cancellationToken);
        if (context.Status.KeyId is null)
        {
            return await context.EndAsync(outcome, cancellationToken);
        }

        var unasked = reconcileAt is not null && context.UnhandledReconcileAt is null ? await replicas.AskAsync(context.Resource, reconcileAt, cancellationToken) : null;
        var replicaFinding = await replicas.SyncAsync(context.Resource, keyClass, cancellationToken) ?? unasked;
        var rows = replicas.StatusOf(context.Resource);
        var replicasChanged = !(rows ?? []).SequenceEqual(context.Status.Replicas ?? []);
        context.Status = context.Status with { Replicas = rows };
        var publishFinding = outcome.Changed || replicasChanged || context.Status.ObservedGeneration != context.Resource.Metadata.Generation
            || ResourceConditions.Find(context.Status.Conditions, ConditionTypes.Ready)?.Reason == Reasons.PublishConflict
            ? await publisher.PublishAsync(context, cancellationToken)
            : null;
        return await context.EndAsync(
            outcome with { Error = outcome.Error ?? publishFinding ?? replicaFinding, RequeueAfter = outcome.Error is null && (publishFinding ?? replicaFinding) is not null ? null : outcome.RequeueAfter },
            cancellationToken);
    }

    private async Task<ReconcileResult> DeleteAsync(ReconcileContext<ServiceKey> context, CancellationToken cancellationToken)
    {
        var resource = context.Resource;
        if (!Finalizers.Has(resource, ApiGroup.Finalizer))
        {
            return ReconcileResult.Done;
        }

        var isTerminating = classes.IsTerminating(resource.Metadata.Namespace!);
        if (resource.Spec.Suspend == true && !isTerminating)
        {
            return await context.EndSuspendedAsync(cancellationToken);
        }

        var keyClass = classes.Find(context.Status.ClassName ?? resource.Spec.ClassName);
        var (deleteKey, windowDays) = ServiceKeyResolver.DeletionOf(
            resource.Spec.DeletionPolicy ?? (keyClass is null ? context.Status.DeletionPolicy : null),
            resource.Spec.PendingDeletionWindowDays ?? (keyClass is null ? context.Status.PendingDeletionWindowDays : null),
            keyClass);
        var owner = new KeyOwner(ServiceKey.KindName, resource.Metadata.Namespace!, resource.Metadata.Name, resource.Metadata.Uid!, settings.ClusterId);
        var access = keyClass is null || context.Status.Region is null ? null : AccessOf(keyClass, context.Status.Region);
        var request = new DeletionRequest(
            owner, deleteKey, windowDays, access, ReconcileResults.LeftBecause(resource.Spec.Suspend, resource.Spec.ManagementPolicy == ManagementPolicies.Observe), isTerminating,
            Maker: null,
            async stop => await IsCurrentAsync(keyClass, stop) && !(resource.Spec.MultiRegion == true && await replicas.AnyLiveAsync(resource, stop)));
        if (!isTerminating && replicas.HasOwn(resource) && await deletion.FindGuardAsync(context, request, cancellationToken) is { } guard)
        {
            return await context.EndAsync(guard, cancellationToken);
        }

        return await replicas.DeleteAllAsync(resource, deleteKey, cancellationToken) is { } remaining
            ? await context.EndAsync(remaining, cancellationToken)
            : await deletion.FinalizeAsync(context, request, cancellationToken);
    }

    private async Task<bool> IsCurrentAsync(KeyClass? keyClass, CancellationToken cancellationToken) =>
        keyClass is null || await api.IsCurrentAsync(ResourceTypes.KeyClasses, keyClass, cancellationToken);

    /// <summary>Of two new resources that want one alias, the older gets it, also when this process has only just started.</summary>
    private ReconcileError? FindRival(ReconcileContext<ServiceKey> context, DesiredKey desired) =>
        context.Status.Creation is null && holders.FirstFor(desired.Location, desired.AliasName, context.Resource) is { } rival
            ? AliasReservations.Conflict(desired.AliasName, rival)
            : null;

    /// <summary>How a class gets to a Region of its account.</summary>
    internal static AwsAccess AccessOf(KeyClass keyClass, string region) =>
        new(keyClass.Spec.Account?.RoleArn, keyClass.Spec.Account?.ExternalId, region);

    private static string? RecordedClass(ReconcileContext<ServiceKey> context) =>
        context.Status.KeyId is null && context.Status.Creation is null ? null : context.Status.ClassName;

    /// <summary>The API server refuses this change by CEL; servers before 1.25 do not evaluate it.</summary>
    internal static ReconcileError? FindServiceChange(ServiceKey resource)
    {
        if (resource.Status is not { KeyId: not null } status || status.Service == resource.Spec.Service)
        {
            return null;
        }

        return ReconcileError.Terminal(
            Reasons.InvalidSpec,
            $"spec.service: cannot be changed; {status.Arn} was made for {status.Service ?? "no service"}. Put that back, or create another resource.");
    }
}
