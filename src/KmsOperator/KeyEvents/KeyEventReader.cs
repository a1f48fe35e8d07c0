using KmsOperator.Aws;
using Microsoft.Extensions.Logging;

namespace KmsOperator.KeyEvents;

/// <summary>Reads one queue until cancelled. Whatever is wrong with the queue costs a warning and the speed of seeing drift, and nothing else.</summary>
/// <param name="queue">The queue.</param>
/// <param name="handler">Takes the messages.</param>
/// <param name="findPrincipals">The operator's own principals, as of now.</param>
/// <param name="metrics">Counts.</param>
/// <param name="time">The clock.</param>
/// <param name="random">Spreads retries.</param>
/// <param name="logger">Told when the queue cannot be read, and when it can again.</param>
internal sealed class KeyEventReader(
    EventQueue queue, KeyEventHandler handler, Func<CancellationToken, Task<OperatorPrincipals>> findPrincipals, KeyEventMetrics metrics, TimeProvider time, Random random,
    ILogger logger)
{
    // Each batch waits for comparisons, and the next one must not wait for them: one account that does not answer would hold up all others.
    private const int MaxBatches = 20;

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ShortestEmptyWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RemindPeriod = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly List<Task> _batches = [];
    private int _failures;
    private DateTimeOffset? _warnedAt;

    /// <summary>Reads until cancelled; then ends without an error. To be run only while this instance is the leader.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ReadAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                // Asked to stop.
            }
            catch (Exception e)
            {
                Warn(e);
                await Task.Delay(RetryAfter(++_failures), time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            }
        }

        await Task.WhenAll(_batches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var principals = await findPrincipals(cancellationToken);
        var began = time.GetUtcNow();
        var messages = await queue.ReceiveAsync(cancellationToken);
        if (_failures > 0)
        {
            logger.LogInformation("{Queue} can be read again", queue.Url);
            _failures = 0;
            lock (_gate)
            {
                _warnedAt = null;
            }
        }

        if (messages.Count == 0)
        {
            // A queue that does not wait for messages is not to be asked without a pause.
            if (time.GetUtcNow() - began < ShortestEmptyWait)
            {
                await Task.Delay(ShortestEmptyWait, time, cancellationToken);
            }

            return;
        }

        _batches.RemoveAll(batch => batch.IsCompleted);
        if (_batches.Count >= MaxBatches)
        {
            await Task.WhenAny(_batches).WaitAsync(cancellationToken);
        }

        _batches.Add(HandleAsync(messages, principals, cancellationToken));
    }

    private async Task HandleAsync(IReadOnlyList<Amazon.SQS.Model.Message> messages, OperatorPrincipals principals, CancellationToken cancellationToken)
    {
        try
        {
            var done = await handler.HandleAsync(messages, principals, cancellationToken);
            if (done.Count > 0 && await queue.DeleteAsync(done, cancellationToken) is { } error)
            {
                metrics.Failed(queue.Url);
                logger.LogWarning("{Queue} did not delete {Error}. They come again", queue.Url, error);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The messages come again, to whoever leads then.
        }
        catch (Exception e)
        {
            Warn(e);
        }
    }

    private TimeSpan RetryAfter(int failures)
    {
        var delay = Math.Min(FirstRetry.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 20)), LongestRetry.TotalSeconds);
        lock (random)
        {
            return TimeSpan.FromSeconds(delay * (1 + (0.2 * random.NextDouble())));
        }
    }

    /// <summary>Warns at once, and then once an hour.</summary>
    private void Warn(Exception e)
    {
        metrics.Failed(queue.Url);
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (now - _warnedAt < RemindPeriod)
            {
                return;
            }

            _warnedAt = now;
        }

        var reason = AwsFailure.Of(e) is { } failure ? $"{failure.Code}: {failure.Message}" : e.ToString();
        logger.LogWarning("{Queue} cannot be read. Keys that others change are put right at the next comparison only (--drift-period). {Reason}", queue.Url, reason);
    }
}
