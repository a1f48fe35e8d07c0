using System.Text.Json.Nodes;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Sqs;

/// <summary>CreateQueue, DeleteQueue, GetQueueUrl, GetQueueAttributes, SetQueueAttributes.</summary>
/// <remarks>Source: Amazon SQS API reference. Queue policies are kept and not enforced; a queue may be made again at once after its deletion.</remarks>
internal static class QueueOperations
{
    public static JsonObject CreateQueue(SqsCall call)
    {
        var name = call.Input.Required("QueueName");
        if (name.EndsWith(".fifo", StringComparison.Ordinal))
            throw new ServiceException("UnsupportedOperation", "KmsSimulator does not simulate FIFO queues.");
        if (name.Length > 80 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw SqsErrors.Invalid(name, "QueueName", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length");
        var given = call.Input.Map("Attributes");
        var attributes = new QueueAttributes(given);
        var account = call.Caller.AccountId;
        var arn = $"arn:{Arn.Partition(call.Region)}:sqs:{call.Region}:{account}:{name}";
        var queue = call.Simulation.Queues.GetOrCreate(account, call.Region, name, () => new SqsQueue(arn, attributes, call.Now));
        call.QueueArn = queue.Arn;
        if (!queue.Attributes.Agrees(given))
            throw new ServiceException("QueueNameExists", $"A queue already exists with the same name and a different value for an attribute: {name}");
        return Url(call, account, name);
    }

    public static JsonObject DeleteQueue(SqsCall call)
    {
        var (_, account, name) = call.Queue();
        call.Simulation.Queues.Delete(account, call.Region, name);
        return [];
    }

    public static JsonObject GetQueueUrl(SqsCall call)
    {
        var name = call.Input.Required("QueueName");
        var account = call.Input.Text("QueueOwnerAWSAccountId") ?? call.Caller.AccountId;
        call.QueueArn = (call.Simulation.Queues.Find(account, call.Region, name) ?? throw SqsErrors.NoQueue()).Arn;
        return Url(call, account, name);
    }

    public static JsonObject GetQueueAttributes(SqsCall call)
    {
        var (queue, _, _) = call.Queue();
        var (visible, inFlight, delayed) = queue.Count(call.Now);
        var all = new SortedDictionary<string, string>(queue.Attributes.Values.ToDictionary(), StringComparer.Ordinal)
        {
            ["QueueArn"] = queue.Arn,
            ["ApproximateNumberOfMessages"] = $"{visible}",
            ["ApproximateNumberOfMessagesNotVisible"] = $"{inFlight}",
            ["ApproximateNumberOfMessagesDelayed"] = $"{delayed}",
            ["CreatedTimestamp"] = $"{queue.CreatedAt.ToUnixTimeSeconds()}",
        };
        var names = call.Input.Texts("AttributeNames");
        var shown = new JsonObject();
        foreach (var (name, value) in all.Where(one => names.Contains("All") || names.Contains(one.Key)))
            shown[name] = value;
        return shown.Count > 0 ? new JsonObject { ["Attributes"] = shown } : [];
    }

    public static JsonObject SetQueueAttributes(SqsCall call)
    {
        call.Queue().Queue.Attributes.Set(call.Input.Map("Attributes"));
        return [];
    }

    private static JsonObject Url(SqsCall call, string account, string name) => new() { ["QueueUrl"] = $"{call.Endpoint}/{account}/{name}" };
}
