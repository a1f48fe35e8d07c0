using Amazon.SQS.Model;
using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.KeyEvents;

/// <summary>Takes messages of one queue: wakes the resources that they concern, and says which messages are done with.</summary>
/// <param name="queue">URL of the queue, for metrics and logs.</param>
/// <param name="decision">Decides what an event comes to.</param>
/// <param name="waker">Wakes resources.</param>
/// <param name="metrics">Counts.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told of changes by others, and now and then of messages that do not belong in the queue.</param>
internal sealed class KeyEventHandler(
    string queue, KeyEventDecision decision, ResourceWaker waker, KeyEventMetrics metrics, TimeProvider time, ILogger logger)
{
    // A minute before SQS shows the messages again, less the time that their deletion may take.
    private static readonly TimeSpan LongestWait = EventQueue.VisibilityTimeout - TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RubbishPeriod = TimeSpan.FromMinutes(10);

    private readonly HandledEvents _handled = new();
    private DateTimeOffset? _toldOfRubbishAt;

    /// <summary>Deals with messages that were received together.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="principals">The operator's own principals.</param>
    /// <param name="cancellationToken">Ends the wait for comparisons.</param>
    /// <returns>Those that are done with. SQS shows the others again.</returns>
    public async Task<IReadOnlyList<Message>> HandleAsync(IReadOnlyList<Message> messages, OperatorPrincipals principals, CancellationToken cancellationToken)
    {
        var done = new List<Message>();
        var open = new List<(Message Message, KeyEvent Event, Task Comparison)>();
        foreach (var message in messages)
        {
            var (call, outcome) = KeyEventParser.Parse(message.Body ?? "");
            var comparisons = call is null ? [] : WakeFor(call, principals, out outcome);
            if (comparisons.Length > 0)
            {
                open.Add((message, call!, Task.WhenAll(comparisons)));
                continue;
            }

            if (outcome == EventOutcome.NotAnEvent)
            {
                TellOfRubbish();
            }

            metrics.Handled(queue, outcome);
            done.Add(message);
        }

        if (open.Count > 0)
        {
            // What is not compared by then stays in the queue, also beyond the end of this process.
            await Task.WhenAll(open.Select(one => one.Comparison)).WaitAsync(LongestWait, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellationToken.ThrowIfCancellationRequested();
        }

        foreach (var (message, call, comparison) in open)
        {
            metrics.Handled(queue, comparison.IsCompletedSuccessfully ? EventOutcome.Compared : EventOutcome.Unfinished);
            if (comparison.IsCompletedSuccessfully)
            {
                _handled.Add(call.Id);
                done.Add(message);
            }
        }

        return done;
    }

    private Task[] WakeFor(KeyEvent call, OperatorPrincipals principals, out EventOutcome ignored)
    {
        var now = time.GetUtcNow();
        metrics.Received(queue, now - call.Time);
        if (_handled.Contains(call.Id))
        {
            ignored = EventOutcome.Duplicate;
            return [];
        }

        (var resources, ignored) = decision.Decide(call, principals, now);
        return [.. resources.Select(resource => Wake(resource, call))];
    }

    private Task Wake(IKeyResource resource, KeyEvent call)
    {
        var (comparison, isNew) = waker.Wake(resource);
        if (isNew)
        {
            logger.LogInformation(
                "{Arn}: {Operation} by {Caller} at {Time:yyyy-MM-dd HH:mm:ss}Z; the key of {Namespace}/{Name} is compared",
                resource.Status?.Arn, call.Operation, call.CallerArn ?? "AWS", call.Time.UtcDateTime, resource.Metadata.Namespace, resource.Metadata.Name);
        }

        return comparison;
    }

    private void TellOfRubbish()
    {
        var now = time.GetUtcNow();
        if (now - _toldOfRubbishAt < RubbishPeriod)
        {
            return;
        }

        _toldOfRubbishAt = now;
        logger.LogWarning(
            "{Queue} has messages that are not events of KMS calls. They are deleted and counted (kmsoperator_event_messages_total, result not_an_event); see docs/drift.md", queue);
    }
}
