using System.Collections.Frozen;
using System.Globalization;
using System.Text.Json;
using KmsOperator.Planning;

namespace KmsOperator.KeyEvents;

/// <summary>Reads the messages of an event queue. Whatever is in a message, reading it does not fail.</summary>
internal static class KeyEventParser
{
    // A call of KMS names one key, or one alias and one or two keys.
    private const int MaxNames = 8;

    // CloudTrail's ids are UUIDs, and ARNs of principals have at most 2048 characters. What is longer is not theirs.
    private const int MaxIdLength = 128;
    private const int MaxArnLength = 2048;

    /// <summary>The operations that change a key or an alias, and AWS's own events of that kind.</summary>
    /// <remarks>Source: AWS KMS developer guide, "Logging AWS KMS API calls with AWS CloudTrail".</remarks>
    public static readonly FrozenSet<string> Operations = FrozenSet.Create(
        StringComparer.Ordinal,
        "CancelKeyDeletion", "CreateAlias", "CreateGrant", "DeleteAlias", "DeleteExpiredKeyMaterial", "DeleteImportedKeyMaterial", "DeleteKey", "DisableKey",
        "DisableKeyRotation", "EnableKey", "EnableKeyRotation", "ImportKeyMaterial", "PutKeyPolicy", "ReplicateKey", "RetireGrant", "RevokeGrant",
        "RotateKeyOnDemand", "ScheduleKeyDeletion", "TagResource", "UntagResource", "UpdateAlias", "UpdateKeyDescription", "UpdatePrimaryRegion");

    /// <summary>Reads the body of a message.</summary>
    /// <returns>The event; or why the message is to be ignored, and then the event is null.</returns>
    public static (KeyEvent? Event, EventOutcome Ignored) Parse(string body)
    {
        CloudTrailEvent? message;
        try
        {
            message = JsonSerializer.Deserialize(body, CloudTrailJsonContext.Default.CloudTrailEvent);
        }
        catch (JsonException)
        {
            return (null, EventOutcome.NotAnEvent);
        }

        if (message is not { Source: "aws.kms", DetailType: "AWS API Call via CloudTrail" or "AWS Service Event via CloudTrail" }
            || message.Detail is not { EventSource: "kms.amazonaws.com", EventId: { Length: > 0 and <= MaxIdLength } id, EventName: { Length: > 0 } operation } record
            || !DateTimeOffset.TryParse(record.EventTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
        {
            return (null, EventOutcome.NotAnEvent);
        }

        if (!Operations.TryGetValue(operation, out var known))
        {
            return (null, EventOutcome.OtherOperation);
        }

        if (!string.IsNullOrEmpty(record.ErrorCode))
        {
            return (null, EventOutcome.FailedCall);
        }

        var caller = record.UserIdentity?.Arn is { Length: > 0 and <= MaxArnLength } arn ? arn : null;
        return (new KeyEvent(id, known, time, caller, NamesIn(record)), default);
    }

    private static KmsName[] NamesIn(CloudTrailRecord record)
    {
        var here = new KeyLocation(record.RecipientAccountId ?? "", record.AwsRegion ?? "");
        var parameters = record.RequestParameters;
        return
        [
            .. (record.Resources ?? []).Select(resource => resource?.Arn)
                .Concat([parameters?.KeyId, parameters?.TargetKeyId, parameters?.AliasName, record.ServiceEventDetails?.KeyId])
                .Select(text => NameOf(text, here))
                .OfType<KmsName>()
                .Distinct()
                .Take(MaxNames),
        ];
    }

    /// <summary>A key or an alias by its ARN or, in the Region and account of the call, by its id or name.</summary>
    private static KmsName? NameOf(string? text, KeyLocation here)
    {
        if (text is not { Length: > 0 and <= MaxArnLength })
        {
            return null;
        }

        if (!text.StartsWith("arn:", StringComparison.Ordinal))
        {
            return new KmsName(here, text);
        }

        return text.Split(':', 6) is [_, _, "kms", var region, var account, var resource]
            ? new KmsName(new KeyLocation(account, region), resource.StartsWith("key/", StringComparison.Ordinal) ? resource["key/".Length..] : resource)
            : null;
    }
}
