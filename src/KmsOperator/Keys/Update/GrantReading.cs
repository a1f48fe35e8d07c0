using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Status;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>Reads the grants of a key, for resources that have to do with any: one call more for each comparison of theirs, and none for others.</summary>
internal static class GrantReading
{
    /// <summary>The key with its grants, if they matter.</summary>
    /// <param name="status">The status so far.</param>
    /// <param name="desired">What the key must be.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="seen">The key as KMS showed it.</param>
    /// <param name="isRecent">Whether key or role are so new that AWS may not know them everywhere yet.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The key, and why its grants cannot be read. All else of it can be put right without them.</returns>
    public static async Task<(ObservedKey Key, ReconcileError? Error)> ReadAsync(
        KeyStatus status, DesiredKey desired, RegionalClients region, ObservedKey seen, bool isRecent, CancellationToken cancellationToken)
    {
        if (desired.Grants.Count == 0 && !GrantHistory.HasRecord(status))
        {
            return (seen, null);
        }

        try
        {
            return (seen with { Grants = await KeyObserver.ListGrantsAsync(region.Clients.Reading, seen.KeyId, cancellationToken) }, null);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, "ListGrants") is { } failure)
        {
            // Who uses no grants need not permit the operator to list them.
            return (seen, desired.Grants.Count == 0 && GrantHistory.KnowsNone(status) && failure.Kind == AwsFailureKind.AccessDenied
                ? null
                : AwsReconcileError.For(failure, seen.Arn, isRecent));
        }
    }
}
