using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Stands before every ScheduleKeyDeletion.</summary>
internal static class DeletionGuard
{
    /// <summary>What forbids to schedule the key's deletion: the owner's word, or that somebody uses the key.</summary>
    /// <param name="pass">The resource that is being deleted.</param>
    /// <param name="key">Its key.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="guard">A key used within this time is not scheduled for deletion; zero for no such guard.</param>
    /// <param name="cancellationToken">Ends the pass.</param>
    public static async Task<Finding?> FindAsync<T>(KeyPass<T> pass, ObservedKey key, AwsRegion region, TimeSpan guard, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var annotations = pass.Resource.Metadata.Annotations;
        if (annotations?.GetValueOrDefault(AnnotationNames.DeletionProtection) == "true")
        {
            return Finding.Stalled(
                Reasons.Deleting,
                $"{key.Arn} is protected: remove the annotation {AnnotationNames.DeletionProtection} to schedule its deletion, or set spec.deletionPolicy: Retain to leave it.");
        }

        if (guard == TimeSpan.Zero || annotations?.GetValueOrDefault(AnnotationNames.ConfirmDeletion) == key.KeyId
            || await KeyObserver.GetLastUseAsync(region.Clients.Reading, key.KeyId, cancellationToken) is not { } use
            || pass.Now - use.At >= guard)
        {
            return null;
        }

        return Finding.Stalled(
            Reasons.Deleting,
            $"{key.Arn} was used on {use.At.UtcDateTime:yyyy-MM-dd HH:mm}Z ({use.Operation}), within the last {guard.TotalDays:0.##} days. To schedule its deletion all the same, "
            + $"set the annotation {AnnotationNames.ConfirmDeletion}: {key.KeyId}; to leave it, set spec.deletionPolicy: Retain.");
    }
}
