using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using KmsSimulator.Admin;
using KmsSimulator.Model;
using KmsSimulator.Operations;
using KmsSimulator.Protocol;
using KmsSimulator.Quotas;
using KmsSimulator.Sts;

namespace KmsSimulator;

/// <summary>Takes requests of both protocols, lets faults and quotas have their way, and runs the operation.</summary>
internal sealed class Dispatcher(
    World world,
    CredentialStore credentials,
    IReadOnlyDictionary<string, Operation> operations,
    StsOperations sts,
    CallLog calls,
    FaultPlan faults,
    RequestQuotas quotas,
    TimeProvider time)
{
    private const string TargetPrefix = "TrentService.";
    private long _requests;

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        var identity = RequestIdentity.Of(context.Request.Headers.Authorization);
        var caller = credentials.Find(identity.AccessKeyId);
        var requestId = $"{Interlocked.Increment(ref _requests):x8}-0000-4000-8000-000000000000";
        var target = context.Request.Headers["X-Amz-Target"].ToString();
        context.Response.Headers["x-amzn-RequestId"] = requestId;
        if (target.StartsWith(TargetPrefix, StringComparison.Ordinal))
        {
            await HandleKmsAsync(context, target[TargetPrefix.Length..], caller, identity.Region, requestId);
        }
        else
        {
            await HandleStsAsync(context, caller, identity.Region, requestId);
        }
    }

    private async Task HandleKmsAsync(HttpContext context, string name, Caller caller, string region, string requestId)
    {
        var entry = new CallEntry(world.Clock.Now, name, caller.AccountId, region, "OK", null);
        try
        {
            using var input = await ReadJsonAsync(context);
            var fault = await MeetFaultAsync(context, name, caller, region, entry);
            if (fault is { Kind: FaultKind.DropBefore })
            {
                return;
            }

            if (!operations.TryGetValue(name, out var operation))
            {
                throw new KmsException("UnknownOperationException", $"The simulator does not know {name}.");
            }

            if (!Arns.IsRegion(region))
            {
                throw new KmsException("UnrecognizedClientException", $"{region} is not a Region.");
            }

            TakeQuota(name, operation, caller, region, input.RootElement);
            var call = new KmsCall(world, caller, region, input.RootElement, requestId);
            JsonNode answer;
            try
            {
                lock (world.Lock)
                {
                    world.Settle();
                    answer = operation.Run(call);
                }
            }
            finally
            {
                entry = entry with { Key = call.Subject };
            }

            if (fault is { Kind: FaultKind.DropAfter })
            {
                calls.Add(entry with { Outcome = "dropAfter" });
                context.Abort();
                return;
            }

            calls.Add(entry);
            await WriteJsonAsync(context, 200, answer);
        }
        catch (KmsException e)
        {
            calls.Add(entry with { Outcome = e.Code });
            await WriteJsonAsync(context, e.Status, new JsonObject { ["__type"] = e.Code, ["message"] = e.Message });
        }
    }

    private async Task HandleStsAsync(HttpContext context, Caller caller, string region, string requestId)
    {
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync() : FormCollection.Empty;
        var parameters = form.ToDictionary(field => field.Key, field => field.Value.ToString());
        var action = parameters.GetValueOrDefault("Action", "");
        var entry = new CallEntry(world.Clock.Now, action, caller.AccountId, region, "OK", null);
        try
        {
            var fault = await MeetFaultAsync(context, action, caller, region, entry);
            if (fault is { Kind: FaultKind.DropBefore })
            {
                return;
            }

            var answer = sts.Run(action, parameters, caller, requestId);
            if (fault is { Kind: FaultKind.DropAfter })
            {
                calls.Add(entry with { Outcome = "dropAfter" });
                context.Abort();
                return;
            }

            calls.Add(entry);
            await WriteXmlAsync(context, 200, answer);
        }
        catch (KmsException e)
        {
            calls.Add(entry with { Outcome = e.Code });
            await WriteXmlAsync(context, e.Status, StsOperations.Error(e, requestId));
        }
    }

    /// <summary>Lets the next fault happen. One that needs the operation's own end is returned.</summary>
    private async Task<Fault?> MeetFaultAsync(HttpContext context, string operation, Caller caller, string region, CallEntry entry)
    {
        var fault = faults.Next(operation, caller.AccountId, region);
        switch (fault?.Kind)
        {
            case FaultKind.Throttle:
                throw new KmsException("ThrottlingException", "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.");
            case FaultKind.Error5xx:
                throw new KmsException("KMSInternalException", "The request failed because of an internal error; it can be retried.", 500);
            case FaultKind.AccessDenied:
                throw new KmsException("AccessDeniedException", $"User: {caller.Arn} is not authorized to perform: kms:{operation}");
            case FaultKind.Delay:
                await Task.Delay(fault.Delay, time, context.RequestAborted);
                break;
            case FaultKind.DropBefore:
                calls.Add(entry with { Outcome = "dropBefore" });
                context.Abort();
                break;
        }

        return fault;
    }

    private void TakeQuota(string name, Operation operation, Caller caller, string region, JsonElement input)
    {
        quotas.Take(caller.AccountId, region, name, operation.RequestsPerSecond);

        // A replica costs its Region two CreateKey requests, one of them for a trial.
        if (name == "ReplicateKey" && input.TryGetProperty("ReplicaRegion", out var target) && target.ValueKind == JsonValueKind.String)
        {
            quotas.Take(caller.AccountId, target.GetString()!, "CreateKey", operations["CreateKey"].RequestsPerSecond, 2);
        }
    }

    private static async Task<JsonDocument> ReadJsonAsync(HttpContext context)
    {
        try
        {
            var document = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
        }
        catch (JsonException)
        {
            // Answered below.
        }

        throw new KmsException("SerializationException", "The request is not a JSON object");
    }

    private static Task WriteJsonAsync(HttpContext context, int status, JsonNode json) =>
        WriteAsync(context, status, "application/x-amz-json-1.1", json.ToJsonString());

    private static Task WriteXmlAsync(HttpContext context, int status, XElement xml) =>
        WriteAsync(context, status, "text/xml", xml.ToString(SaveOptions.DisableFormatting));

    private static async Task WriteAsync(HttpContext context, int status, string type, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
