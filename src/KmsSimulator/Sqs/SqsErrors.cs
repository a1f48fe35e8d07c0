using System.Collections.Frozen;
using KmsSimulator.Protocol;

namespace KmsSimulator.Sqs;

/// <summary>SQS's errors. Each has a name in the JSON protocol, and the older query protocol's code, which clients still compare with.</summary>
/// <remarks>Source: Amazon SQS API reference, "Errors" of each operation and "Common errors"; Smithy documentation, "AWS query compatible" trait.</remarks>
internal static class SqsErrors
{
    private const string Modeled = "com.amazonaws.sqs#";
    private const string Common = "com.amazon.coral.service#";

    private static readonly FrozenDictionary<string, string> QueryCodes = new Dictionary<string, string>
    {
        ["QueueDoesNotExist"] = "AWS.SimpleQueueService.NonExistentQueue",
        ["QueueNameExists"] = "QueueAlreadyExists",
        ["EmptyBatchRequest"] = "AWS.SimpleQueueService.EmptyBatchRequest",
        ["TooManyEntriesInBatchRequest"] = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        ["BatchEntryIdsNotDistinct"] = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        ["InvalidBatchEntryId"] = "AWS.SimpleQueueService.InvalidBatchEntryId",
        ["MessageNotInflight"] = "AWS.SimpleQueueService.MessageNotInflight",
        ["UnsupportedOperation"] = "AWS.SimpleQueueService.UnsupportedOperation",
        ["ReceiptHandleIsInvalid"] = "ReceiptHandleIsInvalid",
        ["InvalidAttributeName"] = "InvalidAttributeName",
        ["InvalidAttributeValue"] = "InvalidAttributeValue",
        ["InvalidMessageContents"] = "InvalidMessageContents",
        ["OverLimit"] = "OverLimit",
        ["RequestThrottled"] = "RequestThrottled",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> CommonQueryCodes = new Dictionary<string, string>
    {
        ["InvalidParameterValueException"] = "InvalidParameterValue",
        ["MissingRequiredParameterException"] = "MissingParameter",
        ["AccessDeniedException"] = "AccessDenied",
        ["MissingAuthenticationTokenException"] = "MissingAuthenticationToken",
        ["UnrecognizedClientException"] = "InvalidClientTokenId",
        ["UnknownOperationException"] = "InvalidAction",
        ["SerializationException"] = "MalformedInput",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static ServiceException NoQueue() => new("QueueDoesNotExist", "The specified queue does not exist.");

    public static ServiceException NoHandle(string handle) => new("ReceiptHandleIsInvalid", $"The input receipt handle \"{Errors.Shown(handle)}\" is not a valid receipt handle.");

    public static ServiceException Missing(string name) => new("MissingRequiredParameterException", $"The request must contain the parameter {name}.");

    public static ServiceException Invalid(string value, string name, string reason) =>
        new("InvalidParameterValueException", $"Value {Errors.Shown(value)} for parameter {name} is invalid. Reason: {reason}");

    /// <summary>An error's name with its namespace, as the body has it.</summary>
    public static string TypeOf(ServiceException error) => (QueryCodes.ContainsKey(error.Code) ? Modeled : Common) + error.Code;

    /// <summary>The <c>x-amzn-query-error</c> header.</summary>
    public static string QueryErrorOf(ServiceException error) =>
        $"{QueryCodes.GetValueOrDefault(error.Code) ?? CommonQueryCodes.GetValueOrDefault(error.Code) ?? error.Code};{(error.Status < 500 ? "Sender" : "Receiver")}";
}
