using System.Net;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class LeaderLeaseTests
{
    private static readonly NamespacedName Key = new("system", "kms-operator");
    private readonly InMemoryApi _api = new();
    private readonly TestThread _thread = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public void A_missing_lease_is_created_and_given_back_at_the_end()
    {
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, stop.Token));
        _thread.RunUntilIdle();
        Assert.True(lease.IsLeader);
        var held = Held();
        Assert.Equal(("one", 15, 0), (held.HolderIdentity, held.LeaseDurationSeconds, held.LeaseTransitions));
        Assert.Equal(_thread.Clock.GetUtcNow(), held.AcquireTime);

        stop.Cancel();
        _thread.Finish(run);

        Assert.False(lease.IsLeader);
        held = Held();
        Assert.Equal(("", 1), (held.HolderIdentity, held.LeaseDurationSeconds));
    }

    [Fact]
    public void A_lease_without_a_holder_is_taken_at_once_by_a_patch_of_that_version()
    {
        Foreign("");
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");

        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, stop.Token));
        _thread.RunUntilIdle();
        Assert.True(lease.IsLeader);

        Assert.Equal(1, Held().LeaseTransitions);
        Assert.Contains("\"resourceVersion\":\"1\"", _api.Requests.Single(request => request.Verb == "patch").Body, StringComparison.Ordinal);
        stop.Cancel();
        _thread.Finish(run);
    }

    [Fact]
    public void Anothers_lease_is_taken_only_after_its_whole_duration_without_a_change_whatever_its_times_say()
    {
        // Renewed in the last century, by a clock that is wrong; only watching it tells.
        Foreign("other", new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero));

        AssertTakenWithin(30, 32.4);
    }

    [Fact]
    public void A_lease_that_a_restored_backup_gives_back_to_an_earlier_holder_is_taken_only_after_its_duration()
    {
        Foreign("one");

        AssertTakenWithin(30, 32.4);
    }

    [Fact]
    public void A_lease_whose_taking_got_no_answer_is_taken_with_the_next_try()
    {
        Foreign("");
        _api.Before = (verb, _) =>
        {
            if (verb != "patch")
                return;
            _api.Before = null;
            _api.MergePatchAsync(BuiltInTypes.Leases, Key, new() { ["spec"] = new JsonObject { ["holderIdentity"] = "one", ["leaseDurationSeconds"] = 30 } }, null, Ct).Wait(Ct);
            throw new HttpRequestException("The connection broke.");
        };

        AssertTakenWithin(2, 2.4);
    }

    [Fact]
    public void Anothers_lease_that_keeps_changing_is_left_alone()
    {
        Foreign("other");
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, stop.Token));

        for (var second = 0; second < 120; second += 10)
        {
            _thread.RunFor(TimeSpan.FromSeconds(10));
            ChangeVersion();
        }

        Assert.False(lease.IsLeader);
        stop.Cancel();
        _thread.Finish(run);
        Assert.Equal("other", Held().HolderIdentity);
    }

    [Fact]
    public void A_leader_renews_for_as_long_as_it_leads()
    {
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, stop.Token));
        _thread.RunUntilIdle();
        Assert.True(lease.IsLeader);
        var taken = Held().RenewTime;

        var lasted = _thread.RunUntil(() => _api.Requests.Count(request => request.Verb == "patch") == 20);

        Assert.True(lease.IsLeader);
        var held = Held();
        Assert.Equal(TimeSpan.FromSeconds(40), lasted);
        Assert.Equal(taken + lasted, held.RenewTime);
        Assert.Equal((taken, 0), (held.AcquireTime, held.LeaseTransitions));
        stop.Cancel();
        _thread.Finish(run);
    }

    [Fact]
    public void A_leader_whose_lease_another_has_taken_learns_it_at_the_next_renewal_and_does_not_wait_for_its_work()
    {
        using var never = new CancellationTokenSource();
        CancellationToken[] tokens = [];
        var lease = Contender("one");
        var run = _thread.Start(() => lease.RunAsync(
            (leading, lost) =>
            {
                tokens = [leading, lost];
                return Task.Delay(Timeout.InfiniteTimeSpan, _thread.Clock, never.Token);
            },
            CancellationToken.None));
        _thread.RunUntilIdle();
        Assert.NotEmpty(tokens);

        Foreign("other");
        var waited = _thread.RunUntil(() => run.IsCompleted);

        Assert.Equal(TimeSpan.FromSeconds(2), waited);
        Assert.Contains("other", Assert.Throws<LeaseLostException>(() => _thread.Finish(run)).Message, StringComparison.Ordinal);
        Assert.All(tokens, token => Assert.True(token.IsCancellationRequested));
        Assert.False(lease.IsLeader);
        Assert.Equal("other", Held().HolderIdentity);
        never.Cancel();
    }

    [Theory]
    [InlineData(2, "an attempt would be due at the deadline")]
    [InlineData(3, "the next attempt would be due 2 s after the deadline")]
    public void A_leader_that_cannot_renew_gives_up_before_anyone_else_may_take_the_lease(int retryPeriod, string why)
    {
        var lease = Contender("one", new() { RetryPeriod = TimeSpan.FromSeconds(retryPeriod) });
        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, CancellationToken.None));
        _thread.RunUntilIdle();
        Assert.True(lease.IsLeader);
        _api.Before = (_, _) => throw new HttpRequestException("cut off");

        var lasted = _thread.RunUntil(() => run.IsCompleted);

        Assert.Throws<LeaseLostException>(() => _thread.Finish(run));
        Assert.True(lasted == TimeSpan.FromSeconds(10), $"{why}: {lasted}");
    }

    [Theory]
    [InlineData(4, "the attempt ends with the deadline of 10 s; 6 s more would be past the lease's 15 s")]
    [InlineData(60, "the process stood still")]
    public void A_leader_that_gets_no_answer_gives_up_at_the_deadline_and_not_a_retry_period_later(int seconds, string why)
    {
        var lease = Contender("one", new() { RetryPeriod = TimeSpan.FromSeconds(6) });
        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, CancellationToken.None));
        _thread.RunUntilIdle();
        _api.IsSilent = true;
        _thread.RunFor(TimeSpan.FromSeconds(6));
        Assert.Equal(1, _api.Unanswered);

        _thread.StandStill(TimeSpan.FromSeconds(seconds));

        Assert.True(run.Exception?.InnerException is LeaseLostException, why);
    }

    [Fact]
    public void A_renewal_that_arrived_although_its_answer_was_lost_is_no_loss()
    {
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, stop.Token));
        _thread.RunUntilIdle();
        Assert.True(lease.IsLeader);

        // As if our own write had changed the version.
        ChangeVersion();
        var before = _api.Requests.Count;
        _thread.RunUntil(() => _api.Requests.Count >= before + 8);

        Assert.True(lease.IsLeader);
        stop.Cancel();
        _thread.Finish(run);
    }

    [Fact]
    public void A_leader_that_is_told_to_stop_is_not_cut_off_and_keeps_the_lease_until_its_work_has_ended()
    {
        using var stop = new CancellationTokenSource();
        var finish = new TaskCompletionSource();
        CancellationToken[] tokens = [];
        var run = _thread.Start(() => Contender("one").RunAsync(
            (leading, lost) =>
            {
                tokens = [leading, lost];
                return finish.Task;
            },
            stop.Token));
        _thread.RunUntilIdle();

        stop.Cancel();
        _thread.RunFor(TimeSpan.FromSeconds(3));

        Assert.Equal([true, false], tokens.Select(token => token.IsCancellationRequested));
        Assert.Equal("one", Held().HolderIdentity);
        finish.SetResult();
        _thread.Finish(run);
        Assert.Equal("", Held().HolderIdentity);
    }

    [Fact]
    public void A_leader_that_loses_the_lease_while_it_finishes_its_work_is_cut_off()
    {
        using var stop = new CancellationTokenSource();
        using var never = new CancellationTokenSource();
        CancellationToken[] tokens = [];
        var run = _thread.Start(() => Contender("one").RunAsync(
            (leading, lost) =>
            {
                tokens = [leading, lost];
                return Task.Delay(Timeout.InfiniteTimeSpan, _thread.Clock, never.Token);
            },
            stop.Token));
        _thread.RunUntilIdle();

        stop.Cancel();
        Foreign("other");
        _thread.RunUntil(() => run.IsCompleted);

        Assert.Throws<LeaseLostException>(() => _thread.Finish(run));
        Assert.True(tokens[1].IsCancellationRequested);
        never.Cancel();
    }

    [Fact]
    public void Work_that_fails_gives_the_lease_back_and_its_failure_on()
    {
        var lease = Contender("one");

        var run = _thread.Start(() => lease.RunAsync((_, _) => throw new IOException("broken"), CancellationToken.None));

        Assert.Equal("broken", Assert.Throws<IOException>(() => _thread.Finish(run)).Message);
        Assert.Equal("", Held().HolderIdentity);
    }

    [Fact]
    public void Of_two_who_create_the_lease_at_the_same_time_one_leads()
    {
        _api.Before = (verb, _) =>
        {
            if (verb != "create")
                return;
            _api.Before = null;
            Foreign("other");
        };
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");

        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, stop.Token));
        _thread.RunUntil(() => _api.Requests.Count(request => request.Verb == "get") >= 3);

        Assert.False(lease.IsLeader);
        Assert.Equal("other", Held().HolderIdentity);
        stop.Cancel();
        _thread.Finish(run);
    }

    [Fact]
    public void Without_the_right_to_read_leases_nobody_leads_and_a_stop_is_heard()
    {
        _api.Before = (_, _) => throw InMemoryApi.Failure(HttpStatusCode.Forbidden, "Forbidden");
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");
        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, stop.Token));

        stop.Cancel();
        _thread.Finish(run);

        Assert.False(lease.IsLeader);
    }

    /// <summary>Lets a contender try until it leads. An attempt is made every two seconds and up to 20 % more.</summary>
    private void AssertTakenWithin(double least, double most)
    {
        using var stop = new CancellationTokenSource();
        var lease = Contender("one");

        var run = _thread.Start(() => lease.RunAsync(UntilCancelled, stop.Token));
        var waited = _thread.RunUntil(() => lease.IsLeader);

        Assert.InRange(waited.TotalSeconds, least, most);
        stop.Cancel();
        _thread.Finish(run);
    }

    private LeaderLease Contender(string identity, LeaderLeaseOptions? options = null) =>
        new(_api, Key, identity, options ?? new(), _thread.Clock, new Random(1), NullLogger.Instance);

    // The server in memory answers at once.
    private LeaseSpec Held() => _api.GetAsync(BuiltInTypes.Leases, Key, Ct).Result!.Spec;

    private void ChangeVersion() => _api.MergePatchAsync(BuiltInTypes.Leases, Key, [], null, Ct).Wait(Ct);

    private void Foreign(string holder, DateTimeOffset? renewTime = null)
    {
        _api.DeleteAsync(BuiltInTypes.Leases, Key, null, null, Ct).Wait(Ct);
        var spec = new LeaseSpec { HolderIdentity = holder, LeaseDurationSeconds = 30, RenewTime = renewTime ?? _thread.Clock.GetUtcNow() };
        _api.CreateAsync(BuiltInTypes.Leases, new() { Metadata = new() { Namespace = Key.Namespace, Name = Key.Name }, Spec = spec }, Ct).Wait(Ct);
    }

    private async Task UntilCancelled(CancellationToken cancellationToken, CancellationToken lost) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, _thread.Clock, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
