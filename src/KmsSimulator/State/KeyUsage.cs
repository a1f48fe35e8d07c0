namespace KmsSimulator.State;

/// <summary>A key's last use in a Region.</summary>
/// <param name="Operation">The operation.</param>
/// <param name="Timestamp">When.</param>
/// <param name="RequestId">Of the call.</param>
/// <param name="EventId">Of its record in CloudTrail.</param>
internal sealed record KeyUsage(string Operation, DateTimeOffset Timestamp, string RequestId, string EventId)
{
    /// <summary>Since when uses of a key are known: when it was made, or when KMS began to record, whichever is later.</summary>
    /// <remarks>Source: AWS KMS API reference, GetKeyLastUsage, TrackingStartDate.</remarks>
    public static DateTimeOffset TrackingStart(KeyRecord key, DateTimeOffset? trackingSince) =>
        trackingSince > key.CreationDate ? trackingSince.Value : key.CreationDate;
}
