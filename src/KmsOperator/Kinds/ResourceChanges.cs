using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Kinds;

/// <summary>What the event handlers of all kinds have in common.</summary>
internal static class ResourceChanges
{
    /// <summary>
    /// Whether a changed resource has to be reconciled. A change of the status alone is mostly the operator's own, unless it names another
    /// key, or has lost key or alias; so is a finalizer that was added, and the record of an attempt that came with it.
    /// </summary>
    public static bool NeedsReconcile<T>(this ResourceChange<T> change)
        where T : class, IResource =>
        change.Old?.Metadata is not { } old || change.New?.Metadata is not { } now
        || old.Generation != now.Generation
        || old.DeletionTimestamp != now.DeletionTimestamp
        || (Finalizers.Has(change.Old, ApiGroup.Finalizer) && !Finalizers.Has(change.New, ApiGroup.Finalizer) && !IsWithdrawal(change.Old, change.New))
        || !SameEntries(OfOthers(old.Annotations), OfOthers(now.Annotations))
        || HasLostItsRecord(change.Old, change.New);

    /// <summary>
    /// Whether the resources of a changed namespace have to be reconciled: its labels say which classes they may use, and resources in a
    /// namespace that is being deleted do not stay suspended.
    /// </summary>
    public static bool ConcernsItsResources(this ResourceChange<Namespace> change) =>
        change.Kind != ChangeKind.Deleted
        && (!SameEntries(change.Old?.Metadata.Labels, change.New?.Metadata.Labels) || change.Old?.Metadata.DeletionTimestamp != change.New?.Metadata.DeletionTimestamp);

    /// <summary>The aliases that a resource has lost with a change; null for none. What waits for them is reconciled at once, and not only with its next retry.</summary>
    public static AliasesLost? FindLostAliases<T>(this ResourceChange<T> change)
        where T : class, IKeyResource => AliasesLost.Between(change.Old?.Status, change.New?.Status);

    /// <summary>Keeps the reconcile cache and the alias reservations in step with the resources.</summary>
    public static void Track<T>(this ResourceChange<T> change, ReconcileCache cache, AliasReservations reservations, TimeProvider time)
        where T : class, IResource
    {
        var uid = change.Resource.Metadata.Uid!;
        if (change.Kind == ChangeKind.Deleted)
        {
            cache.Remove(uid);
            cache.Deletions.Record(KeyOwner.PathOf(change.Resource.Kind, change.Key.Namespace, change.Key.Name), time.GetUtcNow());
            reservations.Release(uid);
        }
        else if (ReconcileAt(change.Old) != ReconcileAt(change.New))
        {
            cache.Of(uid).ReconcileRequestedAt = time.GetUtcNow();
        }
    }

    /// <summary>Only others replace or erase the key of a status, or erase its alias.</summary>
    private static bool HasLostItsRecord(IResource old, IResource now) =>
        old is IKeyResource { Status: { KeyId: { } keyId } before } && now is IKeyResource { Status: var after }
        && (after?.KeyId != keyId || (before.AliasName is not null && after.AliasName is null));

    private static string? ReconcileAt(IResource? resource) => resource?.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ReconcileAt);

    /// <summary>
    /// Whether the operator has taken the record of an attempt back with the finalizer, since KMS refused to create the key. The next try has its time; to reconcile
    /// for this change would ask KMS again at once.
    /// </summary>
    private static bool IsWithdrawal(IResource old, IResource now) =>
        Has(old, AnnotationNames.CreateAttempt) && !Has(now, AnnotationNames.CreateAttempt) && (now as IKeyResource)?.Status?.KeyId is null;

    private static bool Has(IResource resource, string annotation) => resource.Metadata.Annotations?.ContainsKey(annotation) == true;

    private static Dictionary<string, string>? OfOthers(IReadOnlyDictionary<string, string>? annotations) =>
        annotations?.Where(one => one.Key is not (AnnotationNames.CreateAttempt or AnnotationNames.CreateDetails)).ToDictionary();

    private static bool SameEntries(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0)
        && (left is null || left.All(entry => right!.TryGetValue(entry.Key, out var value) && value == entry.Value));
}
