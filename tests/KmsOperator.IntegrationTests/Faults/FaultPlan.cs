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
    private int _sent;
    private volatile bool _dead;

    /// <summary>The side effects in their order.</summary>
    public IReadOnlyCollection<FaultPoint> Seen => _seen;

    /// <summary>How many requests were sent that would change something, those that were refused included.</summary>
    public int Sent => Volatile.Read(ref _sent);

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
    /// <param name="send">Sends it; fails, or answers so, when it had no effect.</param>
    /// <param name="hadEffect">Whether an answer says that it had one.</param>
    /// <param name="refuse">The server's answer to a fault without effect.</param>
    public async Task<T> SendAsync<T>(string request, Func<Task<T>> send, Func<T, bool> hadEffect, Func<FaultMode, T> refuse)
    {
        ThrowIfDead();
        Interlocked.Increment(ref _sent);

        // Only what had an effect counts: what was refused as stale is sent again, and would shift the numbers of those behind it.
        var isHere = !Hit && _point == new FaultPoint(request, _counts.GetValueOrDefault(request) + 1);
        if (isHere && _mode == FaultMode.CrashBefore)
        {
            throw Die();
        }

        if (isHere && _mode is (FaultMode.Error5xx or FaultMode.Throttle))
        {
            Hit = true;
            return refuse(_mode);
        }

        var answer = await send();
        if (hadEffect(answer))
        {
            _seen.Enqueue(new FaultPoint(request, _counts.AddOrUpdate(request, 1, (_, count) => count + 1)));
            if (isHere)
            {
                throw _mode == FaultMode.CrashAfter ? Die() : Lose();
            }
        }

        // Whatever comes back now, nobody is there to read it.
        ThrowIfDead();
        return answer;
    }

    private HttpRequestException Lose()
    {
        Hit = true;
        return new HttpRequestException("The connection was closed before the answer came.");
    }

    private HttpRequestException Die()
    {
        Hit = true;
        _dead = true;
        _crashed.TrySetResult();
        return new HttpRequestException("The operator died.");
    }
}
