using System.Globalization;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>What the lease answers to those who ask just before they write, above all just after a pause.</summary>
public sealed class LeaseFenceTests : IAsyncDisposable
{
    private readonly InMemoryApi _api = new();
    private readonly FakeTimeProvider _time = new();
    private readonly TwoClocks _clock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly LeaderLease _lease;
    private Task _run = Task.CompletedTask;

    public LeaseFenceTests() =>
        _lease = new(_api, new("system", "kms-operator"), "one", new(), _time, new Random(1), NullLogger.Instance, _clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _api.Before = null;
        _time.Advance(TimeSpan.FromMinutes(1));
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    [Fact]
    public async Task Nobody_may_write_before_it_leads()
    {
        Assert.False(_lease.MayWrite());
        Assert.False(_lease.MayCreate());
        Assert.False(await _lease.WaitUntilMayCreateAsync(Ct));
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
    public async Task After_a_pause_the_first_answer_is_right_before_any_timer_has_run(double monotonic, double wall, bool mayWrite, bool mayCreate, string why)
    {
        await LeadAsync();

        _clock.Pass(TimeSpan.FromSeconds(monotonic), TimeSpan.FromSeconds(wall));

        Assert.True(_lease.IsLeader);
        Assert.True(_lease.MayWrite() == mayWrite, why);
        Assert.True(_lease.MayCreate() == mayCreate, why);
    }

    [Fact]
    public async Task A_renewal_opens_the_fence_again_and_wakes_those_who_wait_to_create()
    {
        await LeadAsync();
        _clock.Pass(TimeSpan.FromSeconds(5));
        var waiting = _lease.WaitUntilMayCreateAsync(Ct);
        Assert.False(waiting.IsCompleted);

        // The next renewal is due two seconds after the first.
        await _time.RunUntilAsync(() => waiting.IsCompleted);

        Assert.True(await waiting);
        Assert.True(_lease.MayCreate());
    }

    [Fact]
    public async Task A_renewal_counts_from_before_it_was_sent_since_it_may_have_taken_long()
    {
        await LeadAsync();
        // Between the first renewal and its answer, the process stands still.
        _api.Before = (verb, _) =>
        {
            if (verb == "patch")
                _clock.Pass(TimeSpan.FromSeconds(8));
        };
        var requests = _api.Requests.Count;
        await _time.RunUntilAsync(() => _api.Requests.Count > requests);
        _clock.Pass(TimeSpan.FromSeconds(2));

        Assert.False(_lease.MayWrite());
    }

    [Fact]
    public async Task Those_who_wait_to_create_are_told_when_the_lease_is_lost()
    {
        await LeadAsync();
        _clock.Pass(TimeSpan.FromSeconds(5));
        _api.Before = (_, _) => throw new HttpRequestException("cut off");
        var waiting = _lease.WaitUntilMayCreateAsync(Ct);

        await _time.RunUntilAsync(() => waiting.IsCompleted);

        Assert.False(await waiting);
        Assert.False(_lease.MayWrite());
        await Assert.ThrowsAsync<LeaseLostException>(() => _run);
    }

    [Fact]
    public async Task The_fence_is_closed_before_the_lease_is_released()
    {
        await LeadAsync();
        bool? open = null;
        _api.Before = (verb, _) => open = verb == "patch" ? _lease.MayWrite() : open;

        await _stop.CancelAsync();
        await _run;

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

    private async Task LeadAsync()
    {
        _run = _lease.RunAsync(
            async (leading, _) => await Task.Delay(Timeout.InfiniteTimeSpan, _time, leading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing),
            _stop.Token);
        await Waiting.UntilAsync(() => _lease.IsLeader);
    }

    /// <summary>A monotonic clock and a wall clock that the test moves one by one. Its timers are nobody's.</summary>
    private sealed class TwoClocks : TimeProvider
    {
        private readonly Lock _lock = new();
        private long _timestamp = TimeSpan.TicksPerDay;
        private DateTimeOffset _wall = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp()
        {
            lock (_lock)
                return _timestamp;
        }

        public override DateTimeOffset GetUtcNow()
        {
            lock (_lock)
                return _wall;
        }

        public void Pass(TimeSpan both) => Pass(both, both);

        public void Pass(TimeSpan monotonic, TimeSpan wall)
        {
            lock (_lock)
                (_timestamp, _wall) = (_timestamp + monotonic.Ticks, _wall + wall);
        }
    }
}
