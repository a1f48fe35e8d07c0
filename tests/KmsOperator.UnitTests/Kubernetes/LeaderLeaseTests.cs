using System.Net;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class LeaderLeaseTests
{
    private static readonly NamespacedName Key = new("system", "kms-operator");
    private readonly InMemoryApi _api = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_missing_lease_is_created_and_given_back_at_the_end()
    {
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = lease.RunAsync(UntilCancelled, stop.Token);
        await Waiting.UntilAsync(() => lease.IsLeader);
        var held = await HeldAsync();
        Assert.Equal(("one", 15, 0), (held.HolderIdentity, held.LeaseDurationSeconds, held.LeaseTransitions));
        Assert.Equal(_time.GetUtcNow(), held.AcquireTime);

        await stop.CancelAsync();
        await run;

        Assert.False(lease.IsLeader);
        held = await HeldAsync();
        Assert.Equal(("", 1), (held.HolderIdentity, held.LeaseDurationSeconds));
    }

    [Fact]
    public async Task A_lease_without_a_holder_is_taken_at_once_by_a_patch_of_that_version()
    {
        await ForeignAsync("");
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");

        var run = lease.RunAsync(UntilCancelled, stop.Token);
        await Waiting.UntilAsync(() => lease.IsLeader);

        Assert.Equal(1, (await HeldAsync()).LeaseTransitions);
        Assert.Contains("\"resourceVersion\":\"1\"", _api.Requests.Single(request => request.Verb == "patch").Body, StringComparison.Ordinal);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Anothers_lease_is_taken_only_after_its_whole_duration_without_a_change_whatever_its_times_say()
    {
        // Renewed in the last century, by a clock that is wrong; only watching it tells.
        await ForeignAsync("other", new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var began = _time.GetUtcNow();

        var run = lease.RunAsync(UntilCancelled, stop.Token);
        await _time.RunUntilAsync(() => lease.IsLeader);

        Assert.True(_time.GetUtcNow() - began >= TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Anothers_lease_that_keeps_changing_is_left_alone()
    {
        await ForeignAsync("other");
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = lease.RunAsync(UntilCancelled, stop.Token);

        for (var second = 0; second < 120; second += 10)
        {
            await _time.RunUntilAsync(AfterSeconds(10), TimeSpan.FromMilliseconds(500));
            await _api.MergePatchAsync(BuiltInTypes.Leases, Key, [], null, Ct);
        }

        Assert.False(lease.IsLeader);
        await stop.CancelAsync();
        await run;
        Assert.Equal("other", (await HeldAsync()).HolderIdentity);
    }

    [Fact]
    public async Task A_leader_renews_for_as_long_as_it_leads()
    {
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = lease.RunAsync(UntilCancelled, stop.Token);
        await Waiting.UntilAsync(() => lease.IsLeader);
        var taken = (await HeldAsync()).RenewTime;

        await _time.RunUntilAsync(() => _api.Requests.Count(request => request.Verb == "patch") >= 20);

        Assert.True(lease.IsLeader);
        var held = await HeldAsync();
        Assert.True(held.RenewTime > taken);
        Assert.Equal((taken, 0), (held.AcquireTime, held.LeaseTransitions));
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task A_leader_whose_lease_another_has_taken_learns_it_at_the_next_renewal_and_does_not_wait_for_its_work()
    {
        using var never = new CancellationTokenSource();
        CancellationToken[] tokens = [];
        var lease = Contender("one");
        var run = lease.RunAsync(
            (leading, lost) =>
            {
                tokens = [leading, lost];
                return Task.Delay(Timeout.InfiniteTimeSpan, _time, never.Token);
            },
            CancellationToken.None);
        await Waiting.UntilAsync(() => tokens.Length > 0);

        await ForeignAsync("other");
        await _time.RunUntilAsync(() => run.IsCompleted);

        Assert.Contains("other", (await Assert.ThrowsAsync<LeaseLostException>(() => run)).Message, StringComparison.Ordinal);
        Assert.All(tokens, token => Assert.True(token.IsCancellationRequested));
        Assert.False(lease.IsLeader);
        Assert.Equal("other", (await HeldAsync()).HolderIdentity);
        await never.CancelAsync();
    }

    [Fact]
    public async Task A_leader_that_cannot_renew_gives_up_before_anyone_else_may_take_the_lease()
    {
        var lease = Contender("one");
        var run = lease.RunAsync(UntilCancelled, CancellationToken.None);
        await Waiting.UntilAsync(() => lease.IsLeader);
        var cutOff = _time.GetUtcNow();
        _api.Before = (_, _) => throw new HttpRequestException("cut off");

        await _time.RunUntilAsync(() => run.IsCompleted);

        await Assert.ThrowsAsync<LeaseLostException>(() => run);
        Assert.InRange((_time.GetUtcNow() - cutOff).TotalSeconds, 8, 15);
    }

    [Theory]
    [InlineData(4, "the attempt ends with the deadline of 10 s; 6 s more would be past the lease's 15 s")]
    [InlineData(60, "the process stood still")]
    public async Task A_leader_that_gets_no_answer_gives_up_at_the_deadline_and_not_a_retry_period_later(int seconds, string why)
    {
        var renewing = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var lease = Contender("one", new() { RetryPeriod = TimeSpan.FromSeconds(6) });
        var run = lease.RunAsync(
            (leading, lost) =>
            {
                renewing.SetResult();
                return UntilCancelled(leading, lost);
            },
            CancellationToken.None);
        await renewing.Task;
        _api.IsSilent = true;
        _time.Advance(TimeSpan.FromSeconds(6));
        await Waiting.UntilAsync(() => _api.Unanswered == 1);

        _time.Advance(TimeSpan.FromSeconds(seconds));
        await Waiting.UntilAsync(() => run.IsCompleted);

        Assert.True(await Record.ExceptionAsync(() => run) is LeaseLostException, why);
    }

    [Fact]
    public async Task A_renewal_that_arrived_although_its_answer_was_lost_is_no_loss()
    {
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = lease.RunAsync(UntilCancelled, stop.Token);
        await Waiting.UntilAsync(() => lease.IsLeader);

        // As if our own write had changed the version.
        await _api.MergePatchAsync(BuiltInTypes.Leases, Key, [], null, Ct);
        var before = _api.Requests.Count;
        await _time.RunUntilAsync(() => _api.Requests.Count >= before + 8);

        Assert.True(lease.IsLeader);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task A_leader_that_is_told_to_stop_is_not_cut_off_and_keeps_the_lease_until_its_work_has_ended()
    {
        using var stop = new CancellationTokenSource();
        var finish = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationToken[] tokens = [];
        var run = Contender("one").RunAsync(
            (leading, lost) =>
            {
                tokens = [leading, lost];
                return finish.Task;
            },
            stop.Token);
        await Waiting.UntilAsync(() => tokens.Length > 0);

        await stop.CancelAsync();
        await _time.RunUntilAsync(AfterSeconds(3));

        Assert.Equal([true, false], tokens.Select(token => token.IsCancellationRequested));
        Assert.Equal("one", (await HeldAsync()).HolderIdentity);
        finish.SetResult();
        await run;
        Assert.Equal("", (await HeldAsync()).HolderIdentity);
    }

    [Fact]
    public async Task A_leader_that_loses_the_lease_while_it_finishes_its_work_is_cut_off()
    {
        using var stop = new CancellationTokenSource();
        using var never = new CancellationTokenSource();
        CancellationToken[] tokens = [];
        var run = Contender("one").RunAsync(
            (leading, lost) =>
            {
                tokens = [leading, lost];
                return Task.Delay(Timeout.InfiniteTimeSpan, _time, never.Token);
            },
            stop.Token);
        await Waiting.UntilAsync(() => tokens.Length > 0);

        await stop.CancelAsync();
        await ForeignAsync("other");
        await _time.RunUntilAsync(() => run.IsCompleted);

        await Assert.ThrowsAsync<LeaseLostException>(() => run);
        Assert.True(tokens[1].IsCancellationRequested);
        await never.CancelAsync();
    }

    [Fact]
    public async Task Work_that_fails_gives_the_lease_back_and_its_failure_on()
    {
        var lease = Contender("one");

        await Assert.ThrowsAsync<InvalidOperationException>(() => lease.RunAsync((_, _) => throw new InvalidOperationException("broken"), CancellationToken.None));

        Assert.Equal("", (await HeldAsync()).HolderIdentity);
    }

    [Fact]
    public async Task Of_two_who_create_the_lease_at_the_same_time_one_leads()
    {
        _api.Before = (verb, _) =>
        {
            if (verb != "create")
                return;
            _api.Before = null;
            ForeignAsync("other").GetAwaiter().GetResult();
        };
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");

        var run = lease.RunAsync(UntilCancelled, stop.Token);
        await _time.RunUntilAsync(() => _api.Requests.Count(request => request.Verb == "get") >= 3);

        Assert.False(lease.IsLeader);
        Assert.Equal("other", (await HeldAsync()).HolderIdentity);
        await stop.CancelAsync();
        await run;
    }

    [Fact]
    public async Task Without_the_right_to_read_leases_nobody_leads_and_a_stop_is_heard()
    {
        _api.Before = (_, _) => throw InMemoryApi.Failure(HttpStatusCode.Forbidden, "Forbidden");
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = lease.RunAsync(UntilCancelled, stop.Token);

        await stop.CancelAsync();
        await run;

        Assert.False(lease.IsLeader);
    }

    private LeaderLease Contender(string identity, LeaderLeaseOptions? options = null) =>
        new(_api, Key, identity, options ?? new(), _time, new Random(1), NullLogger.Instance);

    private async Task<LeaseSpec> HeldAsync() => (await _api.GetAsync(BuiltInTypes.Leases, Key, Ct))!.Spec;

    private async Task ForeignAsync(string holder, DateTimeOffset? renewTime = null)
    {
        await _api.DeleteAsync(BuiltInTypes.Leases, Key, null, null, Ct);
        var spec = new LeaseSpec { HolderIdentity = holder, LeaseDurationSeconds = 30, RenewTime = renewTime ?? _time.GetUtcNow() };
        await _api.CreateAsync(BuiltInTypes.Leases, new() { Metadata = new() { Namespace = Key.Namespace, Name = Key.Name }, Spec = spec }, Ct);
    }

    private Func<bool> AfterSeconds(int seconds)
    {
        var until = _time.GetUtcNow().AddSeconds(seconds);
        return () => _time.GetUtcNow() >= until;
    }

    private async Task UntilCancelled(CancellationToken cancellationToken, CancellationToken lost) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
