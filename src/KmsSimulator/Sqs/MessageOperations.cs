using System.Text;
using System.Text.Json.Nodes;
using KmsSimulator.Protocol;

namespace KmsSimulator.Sqs;

/// <summary>SendMessage, ReceiveMessage, DeleteMessage, ChangeMessageVisibility, and the batches of the last two.</summary>
/// <remarks>Source: Amazon SQS API reference. Message attributes and dead-letter queues are not simulated.</remarks>
internal static class MessageOperations
{
    private const int MaxMessages = 10;
    private const int MaxWaitSeconds = 20;
    private const int MaxVisibilitySeconds = 43_200;
    private const int MaxDelaySeconds = 900;

    public static JsonObject SendMessage(SqsCall call)
    {
        var (queue, account, _) = call.Queue();
        var body = call.Input.Required("MessageBody");
        if (Encoding.UTF8.GetByteCount(body) > queue.Attributes.MaxSize)
            throw SqsErrors.Invalid("(the body)", "MessageBody", $"Message must be shorter than {queue.Attributes.MaxSize} bytes.");

        // The characters of XML 1.0.
        if (body.EnumerateRunes().Any(rune => rune.Value is not (0x9 or 0xA or 0xD or (>= 0x20 and <= 0xD7FF) or (>= 0xE000 and <= 0xFFFD) or >= 0x10000)))
            throw new ServiceException("InvalidMessageContents", "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF");
        var delay = call.Input.Integer("DelaySeconds", 0, MaxDelaySeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : queue.Attributes.Delay;
        var message = SqsQueues.Send(call.Simulation.Account(account), queue, body, call.Caller.UserId, call.Now, delay);
        return new JsonObject { ["MessageId"] = message.Id, ["MD5OfMessageBody"] = message.BodyMd5 };
    }

    /// <summary>Waits, if asked to, until there is a message or the time is over. A caller that has gone gets none.</summary>
    public static async Task<JsonObject> ReceiveMessageAsync(SqsCall call)
    {
        var (queue, _, _) = call.Queue();
        var max = call.Input.Integer("MaxNumberOfMessages", 1, MaxMessages) ?? 1;
        var wait = call.Input.Integer("WaitTimeSeconds", 0, MaxWaitSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : queue.Attributes.Wait;
        var visibility = call.Input.Integer("VisibilityTimeout", 0, MaxVisibilitySeconds) is { } hidden ? TimeSpan.FromSeconds(hidden) : queue.Attributes.Visibility;
        string[] attributes = [.. call.Input.Texts("AttributeNames"), .. call.Input.Texts("MessageSystemAttributeNames")];

        var time = call.Simulation.Time;
        var end = time.GetUtcNow() + wait;
        while (true)
        {
            // Taken first, so that nothing that happens meanwhile is missed.
            var changed = queue.WhenChanged;
            if (queue.IsDeleted)
                throw SqsErrors.NoQueue();
            var now = call.Now;
            var received = queue.Receive(max, visibility, now);
            var left = end - time.GetUtcNow();
            if (received.Count > 0 || left <= TimeSpan.Zero)
            {
                return received.Count == 0 ? [] : new JsonObject
                {
                    ["Messages"] = new JsonArray([.. received.Select(one => (JsonNode)one.Message.Show(one.Handle, attributes))]),
                };
            }

            var next = queue.NextVisibleAt(now) - now is { } soon && soon < left ? soon : left;
            await changed.WaitAsync(next, time, call.Gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            call.Gone.ThrowIfCancellationRequested();
        }
    }

    public static JsonObject DeleteMessage(SqsCall call)
    {
        call.Queue().Queue.Delete(call.Input.Required("ReceiptHandle"));
        return [];
    }

    public static JsonObject DeleteMessageBatch(SqsCall call)
    {
        var (queue, _, _) = call.Queue();
        return Batch(call, entry => queue.Delete(entry.Required("ReceiptHandle")));
    }

    public static JsonObject ChangeMessageVisibility(SqsCall call)
    {
        var (queue, _, _) = call.Queue();
        ChangeVisibility(call, queue, call.Input);
        return [];
    }

    public static JsonObject ChangeMessageVisibilityBatch(SqsCall call)
    {
        var (queue, _, _) = call.Queue();
        return Batch(call, entry => ChangeVisibility(call, queue, entry));
    }

    private static void ChangeVisibility(SqsCall call, SqsQueue queue, SqsInput input)
    {
        var seconds = input.Integer("VisibilityTimeout", 0, MaxVisibilitySeconds) ?? throw SqsErrors.Missing("VisibilityTimeout");
        queue.ChangeVisibility(input.Required("ReceiptHandle"), TimeSpan.FromSeconds(seconds), call.Now);
    }

    /// <summary>Does each entry by itself: some may fail.</summary>
    private static JsonObject Batch(SqsCall call, Action<SqsInput> act)
    {
        var (successful, failed) = (new JsonArray(), new JsonArray());
        foreach (var (id, entry) in call.Input.Entries())
        {
            try
            {
                act(entry);
                successful.Add((JsonNode)new JsonObject { ["Id"] = id });
            }
            catch (ServiceException error)
            {
                failed.Add((JsonNode)new JsonObject { ["Id"] = id, ["SenderFault"] = true, ["Code"] = SqsErrors.QueryErrorOf(error).Split(';')[0], ["Message"] = error.Message });
            }
        }

        return new JsonObject { ["Successful"] = successful, ["Failed"] = failed };
    }
}
