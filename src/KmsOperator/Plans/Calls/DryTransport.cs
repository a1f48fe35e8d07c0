using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Aws;

namespace KmsOperator.Plans.Calls;

/// <summary>
/// Stands between the AWS SDK and KMS: reads go to KMS, and everything else is recorded and answered here, as KMS would answer. So the operator's own code
/// decides what would be done, and no change of it can make a plan write anything.
/// </summary>
/// <param name="recorder">Knows for which resource a request is.</param>
/// <param name="planned">The keys that the plan makes.</param>
/// <param name="time">The clock.</param>
/// <param name="inner">The transport to KMS.</param>
internal sealed class DryTransport(CallRecorder recorder, PlannedKeys planned, TimeProvider time, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private const string MediaType = "application/x-amz-json-1.1";

    private readonly KmsReads _reads = new();

    /// <summary>An answer of KMS.</summary>
    public static HttpResponseMessage Respond(HttpStatusCode status, byte[] body, string mediaType)
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        return new HttpResponseMessage(status) { Content = content };
    }

    /// <inheritdoc />
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Whatever is no request to KMS as the SDK makes them is not sent.
        var operation = AwsRequest.OperationOf(request) ?? throw new HttpRequestException("A plan sends nothing but KMS requests.");
        var text = request.Content is null ? "{}" : await request.Content.ReadAsStringAsync(cancellationToken);
        var body = JsonNode.Parse(text) as JsonObject ?? [];
        return AwsRequest.IsRead(operation) ? await ReadAsync(request, operation, body, cancellationToken) : Write(operation, RegionOf(request), body);
    }

    private async Task<HttpResponseMessage> ReadAsync(HttpRequestMessage request, string operation, JsonObject body, CancellationToken cancellationToken)
    {
        if (operation == "ListKeyRotations" && body["IncludeKeyMaterial"] is null && recorder.Current is not { ReadsRotations: true })
        {
            return Ok(new JsonObject { ["Rotations"] = new JsonArray(), ["Truncated"] = false });
        }

        var region = RegionOf(request);
        var keyId = (string?)body["KeyId"] ?? "";
        if (planned.Contains(region, keyId))
        {
            var answer = planned.Answer(region, keyId, operation);
            planned.Apply(region, keyId, operation, answer);
            return Ok(answer);
        }

        var response = await _reads.GetAsync(operation, body, () => base.SendAsync(request, cancellationToken));
        return operation is "DescribeKey" or "GetKeyRotationStatus" or "ListKeyRotations" && response.IsSuccessStatusCode
            && JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken)) is JsonObject read && planned.Apply(region, keyId, operation, read)
                ? Ok(read) : response;
    }

    private HttpResponseMessage Write(string operation, string region, JsonObject body)
    {
        var resource = recorder.Current ?? throw new InvalidOperationException($"{operation} is not for any resource.");
        var keyId = (string?)body["KeyId"] ?? (string?)body["TargetKeyId"];
        var before = _reads.Of(keyId);
        if (operation == "ReplicateKey" && before.ReplicaRegions.Contains((string?)body["ReplicaRegion"]))
        {
            // The operator looks at the replica that is there.
            return Refuse("AlreadyExistsException", $"{body["ReplicaRegion"]} has a replica of this key.");
        }

        if ((string?)body["AliasName"] is { } alias)
        {
            before = before with { AliasTarget = _reads.AliasTarget(alias) };
        }

        resource.Add(new RecordedCall(operation, region, keyId, body, before));
        _reads.Apply(operation, keyId, body);
        var afterDeletion = before is { IsPrimary: true, ReplicaRegions.Count: > 0 } ? "PendingReplicaDeletion" : "PendingDeletion";
        switch (operation)
        {
            case "ImportKeyMaterial":
                planned.Import(region, keyId!, body["ValidTo"]);
                break;
            case "EnableKey":
                planned.SetState(region, keyId!, "Enabled");
                break;
            case "DisableKey":
                planned.SetState(region, keyId!, "Disabled");
                break;
            case "ScheduleKeyDeletion":
                planned.SetState(region, keyId!, afterDeletion);
                break;
            case "EnableKeyRotation":
                planned.SetRotation(keyId!, (int)body["RotationPeriodInDays"]!);
                break;
            case "DisableKeyRotation":
                planned.SetRotation(keyId!, 0);
                break;
            case "UpdatePrimaryRegion":
                planned.MovePrimary(keyId!, (string)body["PrimaryRegion"]!);
                break;
            default:
                break;
        }
        return Ok(operation switch
        {
            "CreateKey" => planned.Create(resource, region, body),
            "ReplicateKey" => planned.Replicate(resource, region, body, before.Origin),
            "ImportKeyMaterial" => new JsonObject { ["KeyId"] = keyId, ["KeyMaterialId"] = PlannedKeys.MaterialId },
            "CreateGrant" => new JsonObject { ["GrantId"] = $"grant-{(string?)body["Name"]}" },
            "ScheduleKeyDeletion" when afterDeletion != "PendingDeletion" => new JsonObject { ["KeyId"] = keyId, ["KeyState"] = afterDeletion },
            "ScheduleKeyDeletion" => new JsonObject
            {
                ["KeyId"] = keyId,
                ["KeyState"] = afterDeletion,
                ["DeletionDate"] = time.GetUtcNow().AddDays((int?)body["PendingWindowInDays"] ?? 30).ToUnixTimeSeconds(),
            },
            _ => [],
        });
    }

    private static string RegionOf(HttpRequestMessage request) => AwsRequest.RegionOf(request) ?? throw new HttpRequestException("A request without a signature says no Region.");

    private static HttpResponseMessage Ok(JsonObject answer) => Respond(HttpStatusCode.OK, Encoding.UTF8.GetBytes(answer.ToJsonString()), MediaType);

    private static HttpResponseMessage Refuse(string code, string message) => Respond(
        HttpStatusCode.BadRequest, Encoding.UTF8.GetBytes(new JsonObject { ["__type"] = code, ["message"] = message }.ToJsonString()), MediaType);
}
