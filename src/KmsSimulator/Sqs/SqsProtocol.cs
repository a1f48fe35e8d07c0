using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsSimulator.Faults;
using KmsSimulator.Protocol;
using KmsSimulator.Sts;

namespace KmsSimulator.Sqs;

/// <summary>SQS's protocol, AWS JSON 1.0 with the older protocol's error codes in a header, and the way from a request to its operation.</summary>
/// <remarks>Source: Smithy documentation, "AWS JSON 1.0 protocol" and "AWS query compatible" trait.</remarks>
internal static class SqsProtocol
{
    public const string TargetPrefix = "AmazonSQS.";
    private const string ContentType = "application/x-amz-json-1.0";

    private static readonly FrozenDictionary<string, Func<SqsCall, Task<JsonObject>>> Operations = new Dictionary<string, Func<SqsCall, Task<JsonObject>>>
    {
        ["CreateQueue"] = Now(QueueOperations.CreateQueue),
        ["DeleteQueue"] = Now(QueueOperations.DeleteQueue),
        ["GetQueueUrl"] = Now(QueueOperations.GetQueueUrl),
        ["GetQueueAttributes"] = Now(QueueOperations.GetQueueAttributes),
        ["SetQueueAttributes"] = Now(QueueOperations.SetQueueAttributes),
        ["SendMessage"] = Now(MessageOperations.SendMessage),
        ["ReceiveMessage"] = MessageOperations.ReceiveMessageAsync,
        ["DeleteMessage"] = Now(MessageOperations.DeleteMessage),
        ["DeleteMessageBatch"] = Now(MessageOperations.DeleteMessageBatch),
        ["ChangeMessageVisibility"] = Now(MessageOperations.ChangeMessageVisibility),
        ["ChangeMessageVisibilityBatch"] = Now(MessageOperations.ChangeMessageVisibilityBatch),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether an operation is simulated.</summary>
    public static bool Has(string operation) => Operations.ContainsKey(operation);

    /// <summary>The error of a fault that was asked for, in SQS's words.</summary>
    public static ServiceException Fault(FaultKind kind, Caller caller, string operation) => kind switch
    {
        FaultKind.Throttle => new("RequestThrottled", "Request is throttled."),
        FaultKind.AccessDenied => new(
            "AccessDeniedException", $"User: {caller.Arn} is not authorized to perform: sqs:{operation.ToLowerInvariant()} because no identity-based policy allows the action"),
        _ => new("InternalFailure", "The request failed because of an internal error. You can retry it.", 500),
    };

    public static async Task<WireAnswer> RunAsync(string operation, SqsCall call) =>
        Operations.TryGetValue(operation, out var run)
            ? Write(200, await run(call))
            : throw new ServiceException("UnknownOperationException", $"KmsSimulator has no operation {Errors.Shown(operation)} of SQS.");

    public static WireAnswer Write(ServiceException error) =>
        Write(error.Status, new JsonObject { ["__type"] = SqsErrors.TypeOf(error), ["message"] = error.Message }) with { QueryError = SqsErrors.QueryErrorOf(error) };

    private static WireAnswer Write(int status, JsonObject answer)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
            answer.WriteTo(json);
        return new WireAnswer(status, ContentType, buffer.WrittenMemory);
    }

    private static Func<SqsCall, Task<JsonObject>> Now(Func<SqsCall, JsonObject> run) => call => Task.FromResult(run(call));
}
