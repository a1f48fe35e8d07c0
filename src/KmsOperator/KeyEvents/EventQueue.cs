using System.Globalization;
using Amazon.SQS;
using Amazon.SQS.Model;
using KmsOperator.Aws;

namespace KmsOperator.KeyEvents;

/// <summary>The calls to one SQS queue.</summary>
/// <param name="sqs">Its client; disposed with this.</param>
/// <param name="url">The queue.</param>
/// <remarks>Source: Amazon SQS API reference, ReceiveMessage and DeleteMessageBatch.</remarks>
internal sealed class EventQueue(IAmazonSQS sqs, QueueUrl url) : IDisposable
{
    /// <summary>For how long SQS shows received messages to nobody else.</summary>
    public static readonly TimeSpan VisibilityTimeout = TimeSpan.FromMinutes(1);

    // The most that SQS gives at once, and the longest that it waits for a first one.
    private const int MaxMessages = 10;
    private const int WaitSeconds = 20;

    /// <summary>The queue's URL.</summary>
    public string Url { get; } = url.ToString();

    /// <summary>Waits for messages, for 20 seconds at most.</summary>
    /// <returns>None to ten of them.</returns>
    public async Task<IReadOnlyList<Message>> ReceiveAsync(CancellationToken cancellationToken)
    {
        var received = await sqs.ReceiveMessageAsync(
            new ReceiveMessageRequest
            {
                QueueUrl = Url,
                MaxNumberOfMessages = MaxMessages,
                WaitTimeSeconds = WaitSeconds,
                VisibilityTimeout = (int)VisibilityTimeout.TotalSeconds,
            },
            cancellationToken);
        return received.Messages ?? [];
    }

    /// <summary>Deletes messages; ten at most.</summary>
    /// <returns>The first error of those that SQS did not delete, and will show again; null when all are deleted.</returns>
    public async Task<string?> DeleteAsync(IReadOnlyList<Message> messages, CancellationToken cancellationToken)
    {
        var answer = await sqs.DeleteMessageBatchAsync(
            new DeleteMessageBatchRequest
            {
                QueueUrl = Url,
                Entries = [.. messages.Select((message, i) => new DeleteMessageBatchRequestEntry(i.ToString(CultureInfo.InvariantCulture), message.ReceiptHandle))],
            },
            cancellationToken);
        return answer.Failed is [var first, ..] ? $"{answer.Failed.Count} of {messages.Count} messages: {first.Code}: {first.Message}" : null;
    }

    /// <inheritdoc />
    public void Dispose() => sqs.Dispose();
}
