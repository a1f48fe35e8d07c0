using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Context;
using KmsOperator.Kubernetes;

namespace KmsOperator.Keys;

/// <summary>
/// The part of a reconcile that is the same for every kind that has a key: read the resource, stop if it is suspended, then delete or reconcile.
/// What is specific to the kind is in its <see cref="IKeyKind{T}"/>.
/// </summary>
internal sealed class ResourceReconciler<T>(
    IKubernetesApi api,
    IEventRecorder events,
    TimeProvider time,
    ResourceType<T> type,
    IResourceStore<T> store,
    ClassDirectory classes,
    ReconcileCache cache,
    IKeyKind<T> kind,
    IWriteFence? fence) : IReconciler
    where T : class, IKeyResource
{
    /// <inheritdoc />
    public async ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
    {
        // Of an object that cannot be read the store has at best an earlier version, and nothing may be decided on that.
        if (!store.TryGet(key, out var resource) || store.FindUnreadable(key) is not null)
        {
            return ReconcileResult.Done;
        }

        var uid = resource.Metadata.Uid!;
        var request = cache.Requests.TakeUp(uid);
        var context = new ReconcileContext<T>(api, events, time, type, resource, cache.Of(uid), fence, request);
        context.LookForFinalizer();
        var isDone = false;
        try
        {
            var result = await ReconcileAsync(context, cancellationToken);
            isDone = context.IsCompared;
            return result;
        }
        finally
        {
            if (request is not null)
            {
                cache.Requests.End(uid, request, isDone);
            }
        }
    }

    private async Task<ReconcileResult> ReconcileAsync(ReconcileContext<T> context, CancellationToken cancellationToken)
    {
        var resource = context.Resource;
        try
        {
            if (context.Cache.ConflictedVersion == resource.Metadata.ResourceVersion && !await context.RefreshAsync(cancellationToken))
            {
                return ReconcileResult.Done;
            }

            if (context.IsDeleting && !Finalizers.Has(context.Resource, ApiGroup.Finalizer))
            {
                return ReconcileResult.Done;
            }

            // While its namespace is being deleted, a suspended resource does not wait, or the deletion of the namespace would never end.
            var isTerminating = context.IsDeleting && classes.IsTerminating(context.Namespace);
            return !isTerminating && kind.WhySuspended(context.Resource) is { } suspended ? await context.CompleteSuspendedAsync(suspended, cancellationToken)
                : context.IsDeleting ? await kind.FinalizeAsync(context, isTerminating, cancellationToken)
                : await kind.ReconcileAsync(context, cancellationToken);
        }
        catch (KubernetesApiException e) when (e.IsConflict || e.IsNotFound)
        {
            // The cache was behind: the decision was based on an old state, and the watch brings the new one. Where it has not until the next try, the server is asked: a watch
            // that began just when a backup was restored does not know what it has missed.
            context.Cache.ConflictedVersion = resource.Metadata.ResourceVersion;
            context.IsCompared = false;
            return ReconcileResult.Retry;
        }
        catch (LeaseNotHeldException)
        {
            // Either the lease is renewed soon, or this process ends.
            context.IsCompared = false;
            return ReconcileResult.Retry;
        }
    }
}

/// <summary>What is specific to a kind that has a key.</summary>
internal interface IKeyKind<T>
    where T : class, IKeyResource
{
    /// <summary>Why the resource is not reconciled now, for its condition; null when it is.</summary>
    string? WhySuspended(T resource);

    /// <summary>Brings key, replicas and published values to what the resource says.</summary>
    Task<ReconcileResult> ReconcileAsync(ReconcileContext<T> context, CancellationToken cancellationToken);

    /// <summary>Takes care of the key of a resource that is being deleted and has the operator's finalizer.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="isTerminating">Whether the namespace is being deleted too.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<ReconcileResult> FinalizeAsync(ReconcileContext<T> context, bool isTerminating, CancellationToken cancellationToken);
}

/// <summary>Messages of suspended resources.</summary>
internal static class Suspension
{
    /// <summary>The message for a resource whose own <c>spec.suspend</c> is true.</summary>
    public static string MessageFor(IResource resource) => resource.Metadata.DeletionTimestamp is null
        ? "spec.suspend is true: the operator does not look at the key."
        : "spec.suspend is true: the deletion waits until it is false.";
}
