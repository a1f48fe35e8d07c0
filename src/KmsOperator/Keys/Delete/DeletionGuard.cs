using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Delete;

/// <summary>What can forbid a ScheduleKeyDeletion: the annotations of the resources, and the key's last use.</summary>
internal static class DeletionGuard
{
    /// <summary>What the annotations forbid; null if nothing.</summary>
    /// <param name="key">ARN of the key.</param>
    /// <param name="resources">The resources whose annotations count for it.</param>
    public static ReconcileError? FindProtection(string? key, params IEnumerable<IResource?> resources)
    {
        foreach (var resource in resources)
        {
            if (resource?.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.DeletionProtection) == "true")
            {
                return ReconcileError.Terminal(
                    Reasons.Deleting,
                    $"{key} is protected: remove the annotation {AnnotationNames.DeletionProtection} of {resource.Kind} {resource.Metadata.Name} to schedule its deletion, "
                    + "or set spec.deletionPolicy: Retain to keep the key.");
            }
        }

        return null;
    }

    /// <summary>What forbids scheduling the key's deletion; null if nothing.</summary>
    /// <param name="context">The reconcile of the resource that is being deleted.</param>
    /// <param name="parent">The ServiceKey that created it, if it is a replica.</param>
    /// <param name="key">Its key.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="guard">A key that was used within this time is not scheduled for deletion; zero switches this off.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<ReconcileError?> FindAsync<T>(
        ReconcileContext<T> context, ServiceKey? parent, ObservedKey key, RegionalClients region, TimeSpan guard, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (FindProtection(key.Arn, context.Resource, parent) is { } protection)
        {
            return protection;
        }

        if (guard == TimeSpan.Zero || IsConfirmed(context.Resource, key) || IsConfirmed(parent, key)
            || await KeyObserver.GetLastUseAsync(region.Clients.Reading, key.KeyId, cancellationToken) is not { } use
            || context.Now - use.At >= guard)
        {
            return null;
        }

        return ReconcileError.Terminal(
            Reasons.Deleting,
            $"{key.Arn} was used on {use.At.UtcDateTime:yyyy-MM-dd HH:mm}Z ({use.Operation}), within the last {guard.TotalDays:0.##} days. To schedule its deletion all the same, "
            + $"set the annotation {AnnotationNames.ConfirmDeletion}: {key.KeyId}. To keep the key, set spec.deletionPolicy: Retain.");
    }

    private static bool IsConfirmed(IResource? resource, ObservedKey key) =>
        resource?.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ConfirmDeletion) == key.KeyId;
}
