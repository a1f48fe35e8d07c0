using KmsOperator.Api;
using KmsOperator.Configuration;
using KmsOperator.Keys;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Delete;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Update;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Publishing;

namespace KmsOperator.Kinds.ServiceKeys;

/// <summary>Keeps a ServiceKey's key, its KeyReplicas and its published values as its spec says.</summary>
internal sealed class ServiceKeyReconciler(
    IKubernetesApi api,
    ClassDirectory classes,
    OwnershipCheck ownership,
    KeyReconciler keys,
    KeyDeletion deletion,
    OwnedReplicas replicas,
    Publisher publisher,
    OperatorSettings settings) : IKeyKind<ServiceKey>
{
    // Events of the KeyReplicas wake the ServiceKey; this is for an event that got lost.
    private static readonly TimeSpan ReplicaPeriod = TimeSpan.FromMinutes(1);

    /// <inheritdoc />
    public string? WhySuspended(ServiceKey resource) => resource.Spec.Suspend == true ? Suspension.MessageFor(resource) : null;

    /// <inheritdoc />
    public async Task<ReconcileResult> ReconcileAsync(ReconcileContext<ServiceKey> context, CancellationToken cancellationToken)
    {
        var resource = context.Resource;
        if (SpecErrors.Find(resource) is { } invalid)
        {
            return await context.CompleteAsync(invalid, cancellationToken);
        }

        var hasKey = context.Status.KeyId is not null;
        var lookup = classes.Find(resource.Spec.ClassName, hasKey || context.OpenAttempt is not null ? context.Status.ClassName : null, context.Namespace);
        if (lookup.KeyClass is not { } keyClass)
        {
            return await context.CompleteAsync(lookup, cancellationToken);
        }

        var (desired, error) = ServiceKeyResolver.Resolve(resource, keyClass, keyClass.Status!.AccountId!, settings.ClusterId);
        error ??= classes.FindViolation(keyClass, resource);
        error ??= !hasKey && context.OpenAttempt is null ? ownership.FindEarlierResource(resource, desired!) : null;
        if (error is not null)
        {
            return await context.CompleteAsync(error, cancellationToken);
        }

        var reconcileAt = context.UnhandledReconcileAt;
        var resolved = ResolvedKey.Of(desired!, keyClass) with
        {
            MustCompare = replicas.HasUnlisted(resource),
            Change = ImmutabilityChecks.FindServiceChange(resource),
            KnownPrimaryRegion = replicas.FindPrimaryRegion(resource),
        };
        var result = await keys.ReconcileAsync(context, resolved, cancellationToken) with { Resolved = resolved };
        if (result.Status.KeyId is not null && !result.IsKeyRefused)
        {
            var isHandled = reconcileAt is not null && result.Status.LastHandledReconcileAt == reconcileAt;
            result = await ReconcileReplicasAsync(context, keyClass, result, isHandled ? reconcileAt : null, cancellationToken);
        }

        return await context.CompleteAsync(result, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<ReconcileResult> FinalizeAsync(ReconcileContext<ServiceKey> context, bool isTerminating, CancellationToken cancellationToken)
    {
        var resource = context.Resource;
        var request = DeletionRequestFor(context, isTerminating, last: null);
        if (!isTerminating && replicas.HasOwn(resource) && await deletion.FindGuardAsync(context, request, cancellationToken) is { } guard)
        {
            return await context.CompleteAsync(guard, cancellationToken);
        }

        // The primary goes last, and it may be a KeyReplica's.
        var last = request.DeleteKey && replicas.HasOwn(resource)
            ? replicas.FindPrimary(resource, await deletion.FindPrimaryRegionAsync(context, request, cancellationToken))
            : null;
        if (await replicas.DeleteAllAsync(resource, request.DeleteKey, last, cancellationToken) is { } remaining)
        {
            return await context.CompleteAsync(remaining, cancellationToken);
        }

        return await deletion.FinalizeAsync(context, last is null ? request : DeletionRequestFor(context, isTerminating, last), cancellationToken);
    }

    /// <summary>Brings KeyReplicas and published values in line, and adds what they came to to the key's result.</summary>
    private async Task<KeyResult> ReconcileReplicasAsync(
        ReconcileContext<ServiceKey> context, KeyClass keyClass, KeyResult result, string? handledReconcileAt, CancellationToken cancellationToken)
    {
        // The KeyReplicas go by what this reconcile saw, and not by the status of the reconcile before.
        var primary = context.Resource with { Status = result.Status };
        var notRequested = handledReconcileAt is null ? null : await replicas.RequestReconcileAsync(primary, handledReconcileAt, cancellationToken);
        if (notRequested is not null)
        {
            // The request counts as handled only once all replicas have it, so that it is passed on again.
            result = result with { Status = result.Status with { LastHandledReconcileAt = context.Status.LastHandledReconcileAt } };
        }

        var replicaError = await replicas.ReconcileAsync(primary, keyClass, cancellationToken) ?? notRequested;
        var rows = replicas.StatusOf(primary);
        var isChanged = !(rows ?? []).SequenceEqual(result.Status.Replicas ?? []);
        result = await publisher.PublishAsync(context, result with { Status = result.Status with { Replicas = rows } }, isChanged, cancellationToken);
        return result.Error is null && replicaError is not null
            ? result with { Error = replicaError, RequeueAfter = replicaError.IsTerminal ? null : ReplicaPeriod }
            : result;
    }

    private DeletionRequest DeletionRequestFor(ReconcileContext<ServiceKey> context, bool isTerminating, KeyReplica? last)
    {
        var resource = context.Resource;
        var status = context.Status;
        var deletionClasses = DeletionClasses.Find(classes, status.ClassName, resource.Spec.ClassName);
        var keyClass = deletionClasses.OfKey;
        var (deletionPolicy, windowDays) = deletionClasses.DeletionOf(
            resource.Spec.DeletionPolicy,
            keyClass is null ? status.DeletionPolicy : null,
            resource.Spec.PendingDeletionWindowDays ?? (keyClass is null ? status.PendingDeletionWindowDays : null));
        return new DeletionRequest(
            new KeyOwner(ServiceKey.KindName, context.Namespace, resource.Metadata.Name, resource.Metadata.Uid!, settings.ClusterId),
            deletionPolicy,
            windowDays,
            keyClass is null ? null : ResolvedKey.AccessOf(keyClass, status.Region ?? keyClass.Spec.Region),
            DeletionRequest.WhyUntouched(resource.Spec.Suspend == true, resource.Spec.ManagementPolicy == ManagementPolicies.Observe),
            isTerminating,
            Parent: null,
            stop => deletionClasses.AreCurrentAsync(api, stop))
        {
            HasReplicasAsync = resource.Spec.MultiRegion == true ? stop => replicas.ExistOnServerAsync(resource, last, stop) : null,
            FindRemainingAsync = last is null ? null : stop => replicas.DeleteAllAsync(resource, deletesKey: true, last: null, stop),
        };
    }
}
