using System.Text.Json.Serialization;

namespace KmsOperator.KeyEvents;

/// <summary>What the operator reads of an EventBridge event that carries a CloudTrail record.</summary>
/// <remarks>Source: EventBridge user guide, "AWS service events delivered via AWS CloudTrail"; CloudTrail user guide, "CloudTrail record contents".</remarks>
internal sealed record CloudTrailEvent
{
    [JsonPropertyName("detail-type")]
    public string? DetailType { get; init; }

    [JsonPropertyName("source")]
    public string? Source { get; init; }

    [JsonPropertyName("detail")]
    public CloudTrailRecord? Detail { get; init; }
}

/// <summary>The CloudTrail record of one call.</summary>
internal sealed record CloudTrailRecord
{
    [JsonPropertyName("eventID")]
    public string? EventId { get; init; }

    [JsonPropertyName("eventName")]
    public string? EventName { get; init; }

    [JsonPropertyName("eventSource")]
    public string? EventSource { get; init; }

    [JsonPropertyName("eventTime")]
    public string? EventTime { get; init; }

    [JsonPropertyName("awsRegion")]
    public string? AwsRegion { get; init; }

    [JsonPropertyName("recipientAccountId")]
    public string? RecipientAccountId { get; init; }

    [JsonPropertyName("errorCode")]
    public string? ErrorCode { get; init; }

    [JsonPropertyName("userIdentity")]
    public CloudTrailIdentity? UserIdentity { get; init; }

    [JsonPropertyName("requestParameters")]
    public CloudTrailParameters? RequestParameters { get; init; }

    [JsonPropertyName("serviceEventDetails")]
    public CloudTrailParameters? ServiceEventDetails { get; init; }

    [JsonPropertyName("resources")]
    public IReadOnlyList<CloudTrailResource>? Resources { get; init; }
}

/// <summary>Who made the call.</summary>
internal sealed record CloudTrailIdentity
{
    [JsonPropertyName("arn")]
    public string? Arn { get; init; }
}

/// <summary>The parameters that name a key or an alias.</summary>
internal sealed record CloudTrailParameters
{
    [JsonPropertyName("keyId")]
    public string? KeyId { get; init; }

    [JsonPropertyName("targetKeyId")]
    public string? TargetKeyId { get; init; }

    [JsonPropertyName("aliasName")]
    public string? AliasName { get; init; }
}

/// <summary>A resource that the call was about.</summary>
internal sealed record CloudTrailResource
{
    [JsonPropertyName("ARN")]
    public string? Arn { get; init; }
}

/// <summary>Reads events without reflection.</summary>
[JsonSerializable(typeof(CloudTrailEvent))]
internal sealed partial class CloudTrailJsonContext : JsonSerializerContext;
