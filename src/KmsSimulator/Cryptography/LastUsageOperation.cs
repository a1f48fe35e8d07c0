using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>GetKeyLastUsage.</summary>
internal static class LastUsageOperation
{
    public static JsonObject Run(KmsCall call)
    {
        var (key, record) = call.KeyToRead();
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["KeyCreationDate"] = KeyMetadata.Time(record.CreationDate),
            ["TrackingStartDate"] = KeyMetadata.Time(KeyUsage.TrackingStart(record, call.Simulation.UsageTrackingSince)),

            // An empty object says that there was no use since then.
            ["KeyLastUsage"] = key.LastUsage is not { } usage ? [] : new JsonObject
            {
                ["Operation"] = usage.Operation,
                ["Timestamp"] = KeyMetadata.Time(usage.Timestamp),
                ["CloudTrailEventId"] = usage.EventId,
                ["KmsRequestId"] = usage.RequestId,
            },
        };
    }
}
