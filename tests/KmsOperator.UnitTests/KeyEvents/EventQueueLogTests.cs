using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.KeyEvents;

/// <summary>What the log says of queues that are not as they should be.</summary>
public sealed class EventQueueLogTests
{
    private const string Url = "https://sqs.us-east-1.amazonaws.com/123456789012/kms-events";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_queue_that_cannot_be_read_is_warned_of_at_once_and_then_once_an_hour_until_it_can()
    {
        using var log = new LogLines();
        using var test = new OperatorUnderTest(new OperatorTestOptions { EventQueues = [Url] }, log);

        await test.SettleAsync(TimeSpan.FromHours(2.5));
        Assert.Equal(3, log.With("cannot be read").Length);
        Assert.All(log.With("cannot be read"), line => Assert.StartsWith($"Warning: {Url} cannot be read.", line, StringComparison.Ordinal));
        Assert.Contains("NonExistentQueue", log.With("cannot be read")[0], StringComparison.Ordinal);

        await test.Aws.Sqs().CreateQueueAsync("kms-events", Ct);
        await test.SettleAsync(TimeSpan.FromHours(1));
        Assert.Single(log.With("can be read again"));
        Assert.Equal(3, log.With("cannot be read").Length);
    }

    [Fact]
    public async Task Messages_that_do_not_belong_in_the_queue_are_told_of_every_ten_minutes_at_most_and_without_what_they_say()
    {
        using var log = new LogLines();
        using var test = new OperatorUnderTest(new OperatorTestOptions { EventQueues = [Url] }, log);
        var sqs = test.Aws.Sqs();
        await sqs.CreateQueueAsync("kms-events", Ct);
        await test.SettleAsync(TimeSpan.FromMinutes(2));

        for (var i = 0; i < 200; i++)
            await sqs.SendMessageAsync(Url, "rubbish\nwith a line", Ct);
        await test.SettleAsync(TimeSpan.FromMinutes(9));

        Assert.Single(log.With("not events of KMS calls"));
        Assert.Empty(log.With("rubbish"));
        Assert.Equal("0", (await sqs.GetQueueAttributesAsync(Url, ["ApproximateNumberOfMessages"], Ct)).Attributes["ApproximateNumberOfMessages"]);
    }
}
