using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Faults;
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
    /// <exception cref="ServiceException">SerializationException.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        JsonDocument json;
        try
        {
            json = JsonText.Parse(body);
        }
        catch (JsonException e)
        {
            throw Errors.Serialization($"The request's body is not JSON: {Errors.Shown(e.Message)}");
        }

        if (json.RootElement.ValueKind == JsonValueKind.Object)
            return json;
        json.Dispose();
        throw Errors.Serialization("The request's body is not a JSON object.");
    }

    /// <summary>The error of a fault that was asked for.</summary>
    public static ServiceException Fault(FaultKind kind, Caller caller, string operation) => kind switch
    {
        FaultKind.Throttle => Errors.Throttled(),
        FaultKind.AccessDenied => Errors.AccessDenied(caller, operation, "*"),
        _ => Errors.Internal(),
    };

    /// <summary>Uses up the caller's quota, whatever the request says.</summary>
    /// <exception cref="ServiceException">ThrottlingException.</exception>
    public void TakeQuota(KmsOperation operation, Caller caller, string region) =>
        simulation.Quotas.Take(caller.AccountId, region, operation.Quota, operation.RequestsPerSecond);

    /// <summary>Uses up the caller's quotas in another Region, for the operations that reach there.</summary>
    /// <exception cref="ServiceException">ThrottlingException.</exception>
    public void TakeQuotaElsewhere(KmsOperation operation, Caller caller, string region, KmsInput input)
    {
        var quotas = simulation.Quotas;
        switch (operation.Name)
        {
            // A replica costs its Region two CreateKey requests, one of them a dry run.
            case "ReplicateKey" when input.Peek("ReplicaRegion") is { } replica && Regions.Exist(replica):
                quotas.Take(caller.AccountId, replica, "CreateKey", OperationTable.Simulated["CreateKey"].RequestsPerSecond, 2);
                break;

            // A change of the primary counts in both Regions.
            case "UpdatePrimaryRegion" when input.Peek("PrimaryRegion") is { } primary && Regions.Exist(primary) && primary != region:
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

            simulation.Trail.Record(call, null);
            return Write(200, answer);
        }
        catch (ServiceException error) when (call is not null)
        {
            simulation.Trail.Record(call, error);
            throw;
        }
        finally
        {
            noteKey(call?.KeyArn);
        }
    }

    /// <summary>An error; some of KMS's have no message.</summary>
    public static WireAnswer Write(ServiceException error)
    {
        var json = new JsonObject { ["__type"] = error.Code };
        if (error.Message.Length > 0)
            json["message"] = error.Message;
        return Write(error.Status, json);
    }

    private static WireAnswer Write(int status, JsonObject answer)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
            answer.WriteTo(json);
        return new WireAnswer(status, ContentType, buffer.WrittenMemory);
    }

    private static string? OwnerOf(KmsInput input) =>
        Arn.AccountOf(input.Peek("KeyId") ?? input.Peek("SourceKeyId") ?? input.Peek("DestinationKeyId"))
        ?? (GrantToken.TryRead(input.Peek("GrantToken"), out var keyArn, out _) ? Arn.AccountOf(keyArn) : null);
}
