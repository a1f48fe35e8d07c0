using System.Globalization;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>What the lease answers to those who ask just before they write, above all just after a pause.</summary>
public sealed class LeaseFenceTests : IDisposable
{
    private readonly InMemoryApi _api = new();
    private readonly TestThread _thread = new();
    private readonly TwoClocks _clock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly LeaderLease _lease;
    private Task _run = Task.CompletedTask;

    public LeaseFenceTests() =>
        _lease = new(_api, new("system", "kms-operator"), "one", new(), _thread.Clock, new Random(1), NullLogger.Instance, _clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _stop.Cancel();
        _api.Before = null;
        _thread.RunUntil(() => _run.IsCompleted);
        _stop.Dispose();
    }

    [Fact]
    public void Nobody_may_write_before_it_leads()
    {
        Assert.False(_lease.MayWrite());
        Assert.False(_lease.MayCreate());
        Assert.False(_thread.Finish(_lease.WaitUntilMayCreateAsync(Ct)));
    }

    // Seconds that the monotonic clock counts, seconds that the wall clock counts, whether writing and creating are allowed then, why.
    public static TheoryData<double, double, bool, bool, string> Pauses => new()
    {
        { 0, 0, true, true, "just renewed" },
        { 3.9, 3.9, true, true, "younger than the fresh limit" },
        { 4, 4, true, false, "too old for a write that must not happen twice" },
        { 9.9, 9.9, true, false, "within the renew deadline" },
        { 10, 10, false, false, "the process stood still past the renew deadline; no timer has told it yet" },
        { 3600, 3600, false, false, "the machine was suspended for an hour" },
        { 0, 60, false, false, "only the wall clock counted the pause, as on a clone of a virtual machine" },
        { 60, 0, false, false, "only the monotonic clock counted it, since the wall clock was set back" },
        { 1, -3600, true, true, "the wall clock was set back, but the monotonic clock says that it is young" },
    };

    [Theory]
    [MemberData(nameof(Pauses))]
    public void After_a_pause_the_first_answer_is_right_before_any_timer_has_run(double monotonic, double wall, bool mayWrite, bool mayCreate, string why)
    {
        Lead();

        _clock.Pass(TimeSpan.FromSeconds(monotonic), TimeSpan.FromSeconds(wall));

        Assert.True(_lease.IsLeader);
        Assert.True(_lease.MayWrite() == mayWrite, why);
        Assert.True(_lease.MayCreate() == mayCreate, why);
    }

    [Fact]
    public void A_renewal_opens_the_fence_again_and_wakes_those_who_wait_to_create()
    {
        Lead();
        _clock.Pass(TimeSpan.FromSeconds(5));
        var waiting = _thread.Start(() => _lease.WaitUntilMayCreateAsync(Ct));
        Assert.False(waiting.IsCompleted);

        // The next renewal is due two seconds after the first.
        Assert.Equal(TimeSpan.FromSeconds(2), _thread.RunUntil(() => waiting.IsCompleted));

        Assert.True(_thread.Finish(waiting));
        Assert.True(_lease.MayCreate());
    }

    [Fact]
    public void A_renewal_counts_from_before_it_was_sent_since_it_may_have_taken_long()
    {
        Lead();
        // Between the first renewal and its answer, the process stands still.
        _api.Before = (verb, _) =>
        {
            if (verb == "patch")
                _clock.Pass(TimeSpan.FromSeconds(8));
        };
        var requests = _api.Requests.Count;
        _thread.RunUntil(() => _api.Requests.Count > requests);
        _clock.Pass(TimeSpan.FromSeconds(2));

        Assert.False(_lease.MayWrite());
    }

    [Fact]
    public void Those_who_wait_to_create_are_told_when_the_lease_is_lost()
    {
        Lead();
        _clock.Pass(TimeSpan.FromSeconds(5));
        _api.Before = (_, _) => throw new HttpRequestException("cut off");
        var waiting = _thread.Start(() => _lease.WaitUntilMayCreateAsync(Ct));

        _thread.RunUntil(() => waiting.IsCompleted);

        Assert.False(_thread.Finish(waiting));
        Assert.False(_lease.MayWrite());
        Assert.Throws<LeaseLostException>(() => _thread.Finish(_run));
    }

    [Fact]
    public void The_fence_is_closed_before_the_lease_is_released()
    {
        Lead();
        bool? open = null;
        _api.Before = (verb, _) => open = verb == "patch" ? _lease.MayWrite() : open;

        _stop.Cancel();
        _thread.Finish(_run);

        Assert.False(open);
    }

    [Fact]
    public void The_clock_that_counts_suspended_time_runs_forward_from_the_machines_start()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "CLOCK_BOOTTIME is Linux's");
        var clock = new BootTimeProvider();
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);

        var first = clock.GetTimestamp();
        var second = clock.GetTimestamp();

        Assert.True(first / (double)clock.TimestampFrequency >= uptime);
        Assert.True(second >= first);
    }

    private void Lead()
    {
        _run = _thread.Start(() => _lease.RunAsync(
            async (leading, _) => await Task.Delay(Timeout.InfiniteTimeSpan, _thread.Clock, leading)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext),
            _stop.Token));
        _thread.RunUntilIdle();
        Assert.True(_lease.IsLeader);
    }

    /// <summary>A monotonic clock and a wall clock that the test moves one by one. Its timers are nobody's.</summary>
    private sealed class TwoClocks : TimeProvider
    {
        private long _timestamp = TimeSpan.TicksPerDay;
        private DateTimeOffset _wall = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _timestamp;

        public override DateTimeOffset GetUtcNow() => _wall;

        public void Pass(TimeSpan both) => Pass(both, both);

        public void Pass(TimeSpan monotonic, TimeSpan wall) => (_timestamp, _wall) = (_timestamp + monotonic.Ticks, _wall + wall);
    }
}
