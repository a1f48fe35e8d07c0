using System.Collections.Concurrent;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>
/// What one run of the operator meets: it counts the side effects and hits one of them, once. After a crash every request of the
/// dead instance fails, as if its process were gone.
/// </summary>
internal sealed class FaultPlan
{
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentQueue<FaultPoint> _seen = new();
    private readonly TaskCompletionSource _crashed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private FaultPoint? _point;
    private FaultMode _mode;
    private volatile bool _dead;

    /// <summary>The side effects in their order.</summary>
    public IReadOnlyCollection<FaultPoint> Seen => _seen;

    /// <summary>Whether the fault has happened.</summary>
    public bool Hit { get; private set; }

    /// <summary>Ends when the operator has died.</summary>
    public Task Crashed => _crashed.Task;

    /// <summary>Counts from here on, and hits this point.</summary>
    public void Arm(FaultPoint? point, FaultMode mode)
    {
        _counts.Clear();
        _seen.Clear();
        (_point, _mode) = (point, mode);
    }

    /// <summary>A read of a dead operator reaches nobody.</summary>
    public void ThrowIfDead()
    {
        if (_dead)
        {
            throw new HttpRequestException("The operator is dead.");
        }
    }

    /// <summary>Sends a request that changes something, or what the fault makes of it.</summary>
    /// <param name="request">Its name.</param>
    /// <param name="send">Sends it.</param>
    /// <param name="refuse">The server's answer to a fault without effect.</param>
    public async Task<T> SendAsync<T>(string request, Func<Task<T>> send, Func<FaultMode, T> refuse)
    {
        ThrowIfDead();
        var here = new FaultPoint(request, _counts.AddOrUpdate(request, 1, (_, count) => count + 1));
        _seen.Enqueue(here);
        if (here != _point)
        {
            var answer = await send();

            // Whatever comes back now, nobody is there to read it.
            ThrowIfDead();
            return answer;
        }

        Hit = true;
        switch (_mode)
        {
            case FaultMode.CrashBefore:
                throw Die();
            case FaultMode.CrashAfter:
                await send();
                throw Die();
            case FaultMode.DropAnswer:
                await send();
                throw new HttpRequestException("The connection was closed before the answer came.");
            default:
                return refuse(_mode);
        }
    }

    private HttpRequestException Die()
    {
        _dead = true;
        _crashed.TrySetResult();
        return new HttpRequestException("The operator died.");
    }
}
