using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Grants;
using KmsSimulator.State;
using KmsSimulator.Sts;

namespace KmsSimulator.Protocol;

/// <summary>KMS's protocol, AWS JSON 1.1, and the way from a request to its operation.</summary>
/// <remarks>Source: the protocol's specification in the Smithy documentation, "AWS JSON 1.1 protocol".</remarks>
internal sealed class KmsProtocol(Simulation simulation)
{
    public const string TargetPrefix = "TrentService.";
    private const string ContentType = "application/x-amz-json-1.1";

    /// <summary>The parameters of a request.</summary>
    public static async Task<JsonDocument> ReadAsync(HttpRequest request)
    {
        try
        {
            var json = await JsonDocument.ParseAsync(request.Body, cancellationToken: request.HttpContext.RequestAborted);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                return json;
            json.Dispose();
        }
        catch (JsonException)
        {
            // Reported like JSON that is no object.
        }

        throw Errors.Serialization("The request's body is not a JSON object.");
    }

    /// <summary>Uses up the caller's quotas.</summary>
    /// <exception cref="ServiceException">ThrottlingException.</exception>
    public void TakeQuota(KmsOperation operation, Caller caller, string region, KmsInput input)
    {
        var quotas = simulation.Quotas;
        quotas.Take(caller.AccountId, region, operation.Quota, operation.RequestsPerSecond);
        switch (operation.Name)
        {
            // A replica costs its Region two CreateKey requests, one of them a dry run.
            case "ReplicateKey" when input.Peek("ReplicaRegion") is { } replica && Arn.IsRegion(replica):
                quotas.Take(caller.AccountId, replica, "CreateKey", OperationTable.Simulated["CreateKey"].RequestsPerSecond, 2);
                break;

            // A change of the primary counts in both Regions.
            case "UpdatePrimaryRegion" when input.Peek("PrimaryRegion") is { } primary && Arn.IsRegion(primary) && primary != region:
                quotas.Take(caller.AccountId, primary, operation.Quota, operation.RequestsPerSecond);
                break;
        }
    }

    /// <summary>Runs an operation and tells which key it was about.</summary>
    public WireAnswer Run(KmsOperation operation, Caller caller, string region, KmsInput input, string requestId, Action<string?> noteKey)
    {
        var owner = simulation.Account(operation.CrossAccount ? OwnerOf(input) ?? caller.AccountId : caller.AccountId);
        KmsCall? call = null;
        try
        {
            JsonObject answer;
            lock (owner.Gate)
            {
                var now = simulation.Clock.GetUtcNow();
                owner.Settle(now);
                call = new KmsCall
                {
                    Simulation = simulation,
                    Operation = operation,
                    Caller = caller,
                    Owner = owner,
                    Region = region,
                    Input = input,
                    Now = now,
                    RequestId = requestId,
                };
                answer = operation.Run(call);
            }

            return Write(200, answer);
        }
        finally
        {
            noteKey(call?.KeyArn);
        }
    }

    public static WireAnswer Write(ServiceException error) =>
        Write(error.Status, new JsonObject { ["__type"] = error.Code, ["message"] = error.Message });

    private static WireAnswer Write(int status, JsonObject answer)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
            answer.WriteTo(json);
        return new WireAnswer(status, ContentType, buffer.WrittenMemory);
    }

    private static string? OwnerOf(KmsInput input) =>
        Arn.AccountOf(input.Peek("KeyId"))
        ?? (GrantToken.TryRead(input.Peek("GrantToken"), out var keyArn, out _) ? Arn.AccountOf(keyArn) : null);
}
