using Amazon.SQS;
using Amazon.SQS.Model;

namespace KmsSimulator.Tests.Sqs;

/// <summary>Messages by SQS's rules: visibility, receipt handles, batches, waiting.</summary>
public sealed class MessageTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task A_received_message_is_hidden_until_its_time_is_over_and_each_receive_has_a_handle_of_its_own()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator);
        await sqs.SendMessageAsync(url, "one", Token);

        var first = Assert.Single(await ReceiveAsync(sqs, url));
        Assert.Equal(("one", "1"), (first.Body, first.Attributes["ApproximateReceiveCount"]));
        Assert.Empty(await ReceiveAsync(sqs, url));
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(30));
        var second = Assert.Single(await ReceiveAsync(sqs, url));

        Assert.Equal("2", second.Attributes["ApproximateReceiveCount"]);
        Assert.Equal(first.MessageId, second.MessageId);
        Assert.NotEqual(first.ReceiptHandle, second.ReceiptHandle);
        Assert.Equal(first.Attributes["SentTimestamp"], second.Attributes["SentTimestamp"]);
    }

    [Fact]
    public async Task An_old_handle_deletes_nothing_and_the_last_one_deletes_also_when_the_message_is_visible_again()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator);
        await sqs.SendMessageAsync(url, "one", Token);
        var first = Assert.Single(await ReceiveAsync(sqs, url));
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(30));
        var second = Assert.Single(await ReceiveAsync(sqs, url));
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(30));

        await sqs.DeleteMessageAsync(url, first.ReceiptHandle, Token);
        Assert.Equal("1", await CountAsync(sqs, url, "ApproximateNumberOfMessages"));
        await sqs.DeleteMessageAsync(url, second.ReceiptHandle, Token);
        Assert.Equal("0", await CountAsync(sqs, url, "ApproximateNumberOfMessages"));
        await sqs.DeleteMessageAsync(url, second.ReceiptHandle, Token);
    }

    [Fact]
    public async Task Visibility_is_changed_for_messages_in_flight_only()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator);
        await sqs.SendMessageAsync(url, "one", Token);
        var message = Assert.Single(await ReceiveAsync(sqs, url));

        await sqs.ChangeMessageVisibilityAsync(url, message.ReceiptHandle, 100, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(99));
        Assert.Equal("1", await CountAsync(sqs, url, "ApproximateNumberOfMessagesNotVisible"));
        await sqs.ChangeMessageVisibilityAsync(url, message.ReceiptHandle, 0, Token);
        Assert.Equal("1", await CountAsync(sqs, url, "ApproximateNumberOfMessages"));

        await KmsAssert.FailsAsync("AWS.SimpleQueueService.MessageNotInflight", "isn't in flight", () => sqs.ChangeMessageVisibilityAsync(url, message.ReceiptHandle, 10, Token));
        await KmsAssert.FailsAsync("InvalidParameterValue", "Must be between 0 and 43200", () => sqs.ChangeMessageVisibilityAsync(url, message.ReceiptHandle, 43_201, Token));
    }

    [Fact]
    public async Task A_batch_says_of_each_entry_what_became_of_it()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator);
        await sqs.SendMessageAsync(url, "one", Token);
        await sqs.SendMessageAsync(url, "two", Token);
        var messages = await ReceiveAsync(sqs, url);
        Assert.Equal(["one", "two"], messages.Select(message => message.Body));

        var hidden = await sqs.ChangeMessageVisibilityBatchAsync(
            url, [new("a", messages[0].ReceiptHandle) { VisibilityTimeout = 60 }, new("b", "rubbish") { VisibilityTimeout = 60 }], Token);
        Assert.Equal(["a"], hidden.Successful.Select(one => one.Id));
        Assert.Equal([("b", "ReceiptHandleIsInvalid", true)], hidden.Failed.Select(one => (one.Id, one.Code, one.SenderFault == true)));

        var deleted = await sqs.DeleteMessageBatchAsync(url, [new("x", messages[0].ReceiptHandle), new("y", "rubbish"), new("z", messages[1].ReceiptHandle)], Token);
        Assert.Equal(["x", "z"], deleted.Successful.Select(one => one.Id));
        Assert.Equal(["y"], deleted.Failed.Select(one => one.Id));
        Assert.Equal("0", await CountAsync(sqs, url, "ApproximateNumberOfMessagesNotVisible"));
    }

    public static TheoryData<string, string[]> Batches => new()
    {
        { "AWS.SimpleQueueService.EmptyBatchRequest", [] },
        { "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"] },
        { "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", ["a", "b", "a"] },
        { "AWS.SimpleQueueService.InvalidBatchEntryId", ["a b"] },
    };

    [Theory]
    [MemberData(nameof(Batches))]
    public async Task A_batch_that_is_none_is_refused_as_a_whole(string code, string[] ids)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator);

        await KmsAssert.FailsAsync(code, "", () => sqs.DeleteMessageBatchAsync(url, [.. ids.Select(id => new DeleteMessageBatchRequestEntry(id, "handle"))], Token));
    }

    public static TheoryData<string, string, Func<IAmazonSQS, string, Task>> Refusals => new()
    {
        { "InvalidParameterValue", "Value 11 for parameter MaxNumberOfMessages is invalid", (sqs, url) => sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, MaxNumberOfMessages = 11 }, Token) },
        { "InvalidParameterValue", "Value 21 for parameter WaitTimeSeconds is invalid", (sqs, url) => sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, WaitTimeSeconds = 21 }, Token) },
        { "InvalidParameterValue", "must be shorter than 1024 bytes", (sqs, url) => sqs.SendMessageAsync(url, new string('ä', 513), Token) },
        { "InvalidMessageContents", "Invalid characters", (sqs, url) => sqs.SendMessageAsync(url, "a\u0001", Token) },
        { "MissingParameter", "MessageBody", (sqs, url) => sqs.SendMessageAsync(url, "", Token) },
        { "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist", (sqs, url) => sqs.SendMessageAsync(url + "2", "a", Token) },
        { "ReceiptHandleIsInvalid", "is not a valid receipt handle", (sqs, url) => sqs.DeleteMessageAsync(url, "rubbish", Token) },
        { "InvalidAttributeName", "Unknown Attribute Colour", (sqs, _) => sqs.CreateQueueAsync(new CreateQueueRequest { QueueName = "b", Attributes = new() { ["Colour"] = "red" } }, Token) },
        { "InvalidAttributeValue", "VisibilityTimeout", (sqs, _) => sqs.CreateQueueAsync(new CreateQueueRequest { QueueName = "b", Attributes = new() { ["VisibilityTimeout"] = "43201" } }, Token) },
        { "QueueAlreadyExists", "different value for an attribute", (sqs, _) => sqs.CreateQueueAsync(new CreateQueueRequest { QueueName = "events", Attributes = new() { ["VisibilityTimeout"] = "5" } }, Token) },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_SQS_refuses_is_refused_with_its_code(string code, string message, Func<IAmazonSQS, string, Task> call)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator, new() { ["MaximumMessageSize"] = "1024" });

        await KmsAssert.FailsAsync(code, message, () => call(sqs, url));
    }

    [Fact]
    public async Task A_receive_waits_for_a_message_and_ends_without_one_when_its_time_is_over()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator);

        var received = sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, WaitTimeSeconds = 20 }, Token);
        Assert.False(received.IsCompleted);
        await sqs.SendMessageAsync(url, "one", Token);
        var message = Assert.Single((await received).Messages);
        Assert.Equal("one", message.Body);
        await sqs.DeleteMessageAsync(url, message.ReceiptHandle, Token);

        var none = sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, WaitTimeSeconds = 20 }, Token);
        while (!none.IsCompleted)
        {
            simulator.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Empty((await none).Messages ?? []);
    }

    [Fact]
    public async Task A_receive_that_waits_ends_with_its_queue()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator);

        var received = sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, WaitTimeSeconds = 20 }, Token);
        await sqs.DeleteQueueAsync(url, Token);

        await KmsAssert.FailsAsync("AWS.SimpleQueueService.NonExistentQueue", "does not exist", () => received);
    }

    [Fact]
    public async Task A_delayed_message_comes_later_and_an_old_one_not_at_all()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (sqs, url) = await QueueAsync(simulator, new() { ["MessageRetentionPeriod"] = "60" });
        await sqs.SendMessageAsync(new SendMessageRequest(url, "late") { DelaySeconds = 10 }, Token);
        Assert.Equal("1", await CountAsync(sqs, url, "ApproximateNumberOfMessagesDelayed"));
        Assert.Empty(await ReceiveAsync(sqs, url));

        await simulator.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Single(await ReceiveAsync(sqs, url));
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(51));
        Assert.Empty(await ReceiveAsync(sqs, url));
    }

    [Fact]
    public async Task Queues_of_another_Region_or_account_are_others()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (_, url) = await QueueAsync(simulator);

        await KmsAssert.FailsAsync("AWS.SimpleQueueService.NonExistentQueue", "", () => simulator.Sqs("eu-west-1").GetQueueUrlAsync("events", Token));
        await KmsAssert.FailsAsync(
            "AWS.SimpleQueueService.NonExistentQueue", "", () => simulator.Sqs().GetQueueUrlAsync(new GetQueueUrlRequest("events") { QueueOwnerAWSAccountId = "222222222222" }, Token));
        Assert.Equal(url, (await simulator.Sqs().GetQueueUrlAsync("events", Token)).QueueUrl);
    }

    internal static async Task<(IAmazonSQS Sqs, string Url)> QueueAsync(TestSimulator simulator, Dictionary<string, string>? attributes = null)
    {
        var sqs = simulator.Sqs();
        return (sqs, (await sqs.CreateQueueAsync(new CreateQueueRequest { QueueName = "events", Attributes = attributes ?? [] }, Token)).QueueUrl);
    }

    internal static async Task<List<Message>> ReceiveAsync(IAmazonSQS sqs, string url) =>
        (await sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = url, MaxNumberOfMessages = 10, MessageSystemAttributeNames = ["All"] }, Token)).Messages ?? [];

    private static async Task<string> CountAsync(IAmazonSQS sqs, string url, string name) => (await sqs.GetQueueAttributesAsync(url, [name], Token)).Attributes[name];
}
