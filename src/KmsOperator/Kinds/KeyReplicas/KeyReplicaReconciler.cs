using KmsOperator.Api;
using KmsOperator.Configuration;
using KmsOperator.Keys;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Delete;
using KmsOperator.Keys.Promote;
using KmsOperator.Keys.Status;
using KmsOperator.Keys.Update;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Publishing;

namespace KmsOperator.Kinds.KeyReplicas;

/// <summary>Keeps a KeyReplica's key and its published values as its spec and its primary say.</summary>
internal sealed class KeyReplicaReconciler(
    IKubernetesApi api,
    IResourceStore<ServiceKey> primaries,
    ClassDirectory classes,
    PrimaryResolver resolver,
    KeyReconciler keys,
    KeyDeletion deletion,
    Publisher publisher,
    OperatorSettings settings) : IKeyKind<KeyReplica>
{
    /// <inheritdoc />
    public string? WhySuspended(KeyReplica resource)
    {
        if (resource.Spec.Suspend == true)
        {
            return Suspension.MessageFor(resource);
        }

        // A suspended ServiceKey's spec counts for nothing, so its replicas must not take it up either. A KeyReplica that people created can be deleted all the same.
        if (FindPrimary(resource) is not { Spec.Suspend: true } primary)
        {
            return null;
        }

        var name = primary.Metadata.Name;
        return resource.Metadata.DeletionTimestamp is null ? $"spec.suspend of ServiceKey {name} is true, and its replicas are suspended with it."
            : KeyReplicaResolver.IsOwnedBy(resource, primary) ? $"spec.suspend of ServiceKey {name} is true: the deletion waits until it is false."
            : null;
    }

    /// <inheritdoc />
    public async Task<ReconcileResult> ReconcileAsync(ReconcileContext<KeyReplica> context, CancellationToken cancellationToken)
    {
        var resource = context.Resource;
        if ((SpecErrors.Find(resource) ?? ImmutabilityChecks.FindRegionChange(resource)) is { } invalid)
        {
            return await context.CompleteAsync(invalid, cancellationToken);
        }

        var primary = FindPrimary(resource);
        if (primary is null && resource.Spec.PrimaryRef is { } missing)
        {
            return await context.CompleteAsync(
                ReconcileError.Transient(Reasons.PrimaryNotReady, $"spec.primaryRef.name: there is no ServiceKey {missing.Name} in namespace {context.Namespace} yet."),
                cancellationToken);
        }

        var lookup = FindClass(context, primary);
        if (lookup.KeyClass is not { } keyClass)
        {
            return await context.CompleteAsync(lookup, cancellationToken);
        }

        if (classes.FindViolation(keyClass, resource) is { } violation)
        {
            return await context.CompleteAsync(violation, cancellationToken);
        }

        var (result, error) = primary is not null
            ? await ReconcileAsync(context, resolver.Resolve(resource, primary, keyClass), cancellationToken)
            : await ReconcileByArnAsync(context, keyClass, cancellationToken);
        return result is null
            ? await context.CompleteAsync(error!, cancellationToken)
            : result.IsKeyRefused ? await context.CompleteAsync(result, cancellationToken)
            : await context.CompleteAsync(await publisher.PublishAsync(context, result, replicasChanged: false, cancellationToken), cancellationToken);
    }

    /// <inheritdoc />
    public Task<ReconcileResult> FinalizeAsync(ReconcileContext<KeyReplica> context, bool isTerminating, CancellationToken cancellationToken)
    {
        var resource = context.Resource;
        var status = context.Status;
        var primary = FindPrimary(resource) is { } named && IsPrimaryOf(resource, named) ? named : null;
        var parent = primary is not null && KeyReplicaResolver.IsOwnedBy(resource, primary) ? primary : null;

        // A later ServiceKey of the name may have the key by now, under another class.
        var deletionClasses = DeletionClasses.Find(classes, status.ClassName, primary?.Spec.ClassName ?? primary?.Status?.ClassName ?? resource.Spec.ClassName);
        var keyClass = deletionClasses.OfKey;
        if (!isTerminating && MovesAway(status, resource, primary))
        {
            // Its key is the primary, which is to be elsewhere; after the move the key is a replica, and goes as one.
            return ReconcileAsync(context, cancellationToken);
        }

        // Once the primary or the class is gone, what the replica inherited from them is what the status has kept.
        var isOrphaned = keyClass is null || (primary is null && resource.Spec.PrimaryRef is not null);
        var (deletionPolicy, windowDays) = deletionClasses.DeletionOf(
            resource.Spec.DeletionPolicy ?? (isOrphaned ? null : primary?.Spec.DeletionPolicy),
            isOrphaned ? status.DeletionPolicy ?? DeletionPolicies.Retain : null,
            resource.Spec.PendingDeletionWindowDays ?? (isOrphaned ? status.PendingDeletionWindowDays : primary?.Spec.PendingDeletionWindowDays));
        return deletion.FinalizeAsync(
            context,
            new DeletionRequest(
                new KeyOwner(KeyReplica.KindName, context.Namespace, resource.Metadata.Name, resource.Metadata.Uid!, settings.ClusterId),
                deletionPolicy,
                windowDays,
                keyClass is null ? null : ResolvedKey.AccessOf(keyClass, status.Region ?? resource.Spec.Region),
                DeletionRequest.WhyUntouched(resource.Spec.Suspend == true || parent?.Spec.Suspend == true, KeyReplicaResolver.IsObserveOnly(resource, primary)),
                isTerminating,
                parent,
                stop => IsInheritanceCurrentAsync(deletionClasses, resource, primary, stop)),
            cancellationToken);
    }

    private static bool MovesAway(KeyStatus status, KeyReplica resource, ServiceKey? primary) =>
        status is { KeyId: not null, MultiRegionKeyType: "PRIMARY" } && primary is { Metadata.DeletionTimestamp: null, Spec.PrimaryRegion: { } region }
        && region != resource.Spec.Region && !KeyReplicaResolver.IsObserveOnly(resource, primary);

    /// <summary>The class of the primary, or the class that a replica of a primary managed elsewhere names.</summary>
    private ClassLookup FindClass(ReconcileContext<KeyReplica> context, ServiceKey? primary)
    {
        if (primary is not null)
        {
            return classes.Find(primary.Spec.ClassName, primary.Status?.KeyId is null ? null : primary.Status.ClassName, context.Namespace);
        }

        var hasKey = context.Status.KeyId is not null || context.OpenAttempt is not null;
        return classes.Find(context.Resource.Spec.ClassName, hasKey ? context.Status.ClassName : null, context.Namespace);
    }

    /// <summary>The primary is observed only when the replica is compared: each reconcile of an unchanged replica would cost several calls otherwise.</summary>
    private async Task<Resolved<KeyResult>> ReconcileByArnAsync(ReconcileContext<KeyReplica> context, KeyClass keyClass, CancellationToken cancellationToken)
    {
        var (outline, error) = resolver.Outline(context.Resource, keyClass);
        if (outline is null)
        {
            return error!;
        }

        var change = PrimaryResolver.FindChange(context.Resource);
        if (change is not null && context.IsKeyVerified)
        {
            return change;
        }

        var desiredSha256 = DesiredStateHash.Compute(outline, context.Resource, keyClass);
        context.LookFirst(settings.ConsistencyWindow);
        if (context.Status.KeyId is not null && change is null && !keys.IsDue(context, desiredSha256))
        {
            await context.AddFinalizerAsync(cancellationToken);
            return KeyReconciler.Unchanged(context, KeyStatusFields.Settled(context.Status, desired: null, settings.ConsistencyWindow)) with
            {
                Note = PrimaryNotes.NoteFor(context.Resource, context.Status) + GrantHistory.NoteFor(context.Status),
            };
        }

        return await ReconcileAsync(context, await resolver.ResolveAsync(context, keyClass, desiredSha256, change, cancellationToken), cancellationToken);
    }

    private async Task<Resolved<KeyResult>> ReconcileAsync(
        ReconcileContext<KeyReplica> context, Resolved<ResolvedKey> resolved, CancellationToken cancellationToken) =>
        resolved.Value is { } key ? await keys.ReconcileAsync(context, key, cancellationToken) with { Resolved = key } : resolved.Error!;

    private async Task<bool> IsInheritanceCurrentAsync(DeletionClasses deletionClasses, KeyReplica replica, ServiceKey? primary, CancellationToken cancellationToken)
    {
        if (!await deletionClasses.AreCurrentAsync(api, cancellationToken))
        {
            return false;
        }

        return primary is not null
            ? await api.IsCurrentAsync(ResourceTypes.ServiceKeys, primary, cancellationToken)
            : replica.Spec.PrimaryRef is not { } reference
                || await api.GetAsync(ResourceTypes.ServiceKeys, new NamespacedName(replica.Metadata.Namespace!, reference.Name), cancellationToken) is not { } named
                || !IsPrimaryOf(replica, named);
    }

    /// <summary>
    /// Whether the ServiceKey of the name that a replica gives has the replica's key. The one whose key it is may be gone, and another one of that name there: what that says of its own key
    /// says nothing of this one.
    /// </summary>
    private static bool IsPrimaryOf(KeyReplica replica, ServiceKey named) =>
        KeyReplicaResolver.IsOwnedBy(replica, named) || replica.Status?.KeyId is not { } keyId || named.Status?.KeyId == keyId;

    private ServiceKey? FindPrimary(KeyReplica replica) =>
        replica.Spec.PrimaryRef is { } reference && primaries.TryGet(new NamespacedName(replica.Metadata.Namespace!, reference.Name), out var primary) ? primary : null;
}
