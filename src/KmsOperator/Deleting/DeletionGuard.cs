using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Stands before every ScheduleKeyDeletion: the owner's word, and the key's last use.</summary>
internal static class DeletionGuard
{
    /// <summary>What the annotations forbid; null if nothing.</summary>
    /// <param name="key">ARN of the key.</param>
    /// <param name="resources">The resources whose word counts for it.</param>
    public static ReconcileError? FindProtection(string? key, params IEnumerable<IResource?> resources)
    {
        foreach (var resource in resources)
        {
            if (resource?.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.DeletionProtection) == "true")
            {
                return ReconcileError.Terminal(
                    Reasons.Deleting,
                    $"{key} is protected: remove the annotation {AnnotationNames.DeletionProtection} of {resource.Kind} {resource.Metadata.Name} to schedule its deletion, "
                    + "or set spec.deletionPolicy: Retain to leave it.");
            }
        }

        return null;
    }

    /// <summary>What forbids to schedule the key's deletion.</summary>
    /// <param name="context">The resource that is being deleted.</param>
    /// <param name="maker">The ServiceKey that made it, if it is a replica.</param>
    /// <param name="key">Its key.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="guard">A key used within this time is not scheduled for deletion; zero for no such guard.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public static async Task<ReconcileError?> FindAsync<T>(
        ReconcileContext<T> context, ServiceKey? maker, ObservedKey key, RegionalClients region, TimeSpan guard, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (FindProtection(key.Arn, context.Resource, maker) is { } protection)
        {
            return protection;
        }

        if (guard == TimeSpan.Zero || IsConfirmed(context.Resource, key) || IsConfirmed(maker, key)
            || await KeyObserver.GetLastUseAsync(region.Clients.Reading, key.KeyId, cancellationToken) is not { } use
            || context.Now - use.At >= guard)
        {
            return null;
        }

        return ReconcileError.Terminal(
            Reasons.Deleting,
            $"{key.Arn} was used on {use.At.UtcDateTime:yyyy-MM-dd HH:mm}Z ({use.Operation}), within the last {guard.TotalDays:0.##} days. To schedule its deletion all the same, "
            + $"set the annotation {AnnotationNames.ConfirmDeletion}: {key.KeyId}; to leave it, set spec.deletionPolicy: Retain.");
    }

    private static bool IsConfirmed(IResource? resource, ObservedKey key) =>
        resource?.Metadata.Annotations?.GetValueOrDefault(AnnotationNames.ConfirmDeletion) == key.KeyId;
}
