using Microsoft.Extensions.Time.Testing;

namespace KmsOperator.Testing.Running;

/// <summary>A clock that stands until it is moved, and knows when its next timer is due.</summary>
public sealed class TestClock() : FakeTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero))
{
    private readonly Lock _gate = new();
    private readonly HashSet<TrackedTimer> _timers = [];

    /// <summary>When the next timer is due; null when there is none.</summary>
    public DateTimeOffset? NextTimer
    {
        get
        {
            lock (_gate)
                return _timers.Min(timer => timer.Due);
        }
    }

    /// <summary>
    /// Moves the clock; a moment in the past changes nothing. What awaits a timer with <c>ConfigureAwait(false)</c> goes on at once on this thread.
    /// </summary>
    public void AdvanceTo(DateTimeOffset moment)
    {
        if (moment > GetUtcNow())
            SingleThread.WithoutContext(() => SetUtcNow(moment));
    }

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new TrackedTimer(this, callback, state);
        timer.Start(base.CreateTimer(static timer => ((TrackedTimer)timer!).Fire(), timer, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class TrackedTimer(TestClock clock, TimerCallback callback, object? state) : ITimer
    {
        private ITimer? _inner;
        private TimeSpan _period = Timeout.InfiniteTimeSpan;

        public DateTimeOffset? Due { get; private set; }

        public void Start(ITimer inner) => _inner = inner;

        public void Fire()
        {
            Track(_period);
            callback(state);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period > TimeSpan.Zero ? period : Timeout.InfiniteTimeSpan;
            Track(dueTime);
            return _inner!.Change(dueTime, period);
        }

        public void Dispose()
        {
            Track(Timeout.InfiniteTimeSpan);
            _inner!.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private void Track(TimeSpan wait)
        {
            lock (clock._gate)
            {
                Due = wait == Timeout.InfiniteTimeSpan ? null : clock.GetUtcNow() + wait;
                if (Due is null)
                    clock._timers.Remove(this);
                else
                    clock._timers.Add(this);
            }
        }
    }
}
