using System.Collections.Concurrent;

namespace KmsOperator.Testing.Faults;

/// <summary>What one run of the operator meets: it counts the side effects and hits one of them, once.</summary>
internal sealed class FaultPlan
{
    private readonly ConcurrentDictionary<string, int> _counts = new();
    private readonly ConcurrentQueue<FaultPoint> _seen = new();
    private FaultPoint? _point;
    private FaultMode _mode;

    /// <summary>Ends the operator where it is; must be set before a crash is asked for.</summary>
    public Action Crash { get; set; } = () => throw new InvalidOperationException($"{nameof(Crash)} is not set.");

    /// <summary>The side effects in their order.</summary>
    public IReadOnlyCollection<FaultPoint> Seen => _seen;

    /// <summary>Whether the fault has happened.</summary>
    public bool Hit { get; private set; }

    /// <summary>Counts from here on, and hits this point.</summary>
    public void Arm(FaultPoint? point, FaultMode mode)
    {
        _counts.Clear();
        _seen.Clear();
        (_point, _mode) = (point, mode);
    }

    /// <summary>Sends a request that changes something, or what the fault makes of it.</summary>
    /// <param name="request">Its name.</param>
    /// <param name="send">Sends it; fails, or answers so, when it had no effect.</param>
    /// <param name="hadEffect">Whether an answer says that it had one.</param>
    /// <param name="refuse">The server's answer to a fault without effect.</param>
    public async Task<T> SendAsync<T>(string request, Func<Task<T>> send, Func<T, bool> hadEffect, Func<FaultMode, T> refuse)
    {
        // Only what had an effect counts: what was refused as stale is sent again, and would shift the numbers of those behind it.
        var isHere = !Hit && _point == new FaultPoint(request, _counts.GetValueOrDefault(request) + 1);
        if (isHere && _mode == FaultMode.CrashBefore)
        {
            return await DieAsync<T>();
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
            if (isHere && _mode == FaultMode.CrashAfter)
            {
                return await DieAsync<T>();
            }

            if (isHere)
            {
                Hit = true;
                throw new HttpRequestException("The connection was closed before the answer came.");
            }
        }

        return answer;
    }

    /// <summary>Nothing of a dead process goes on, so nobody gets an answer.</summary>
    private Task<T> DieAsync<T>()
    {
        Hit = true;
        Crash();
        return new TaskCompletionSource<T>().Task;
    }
}
