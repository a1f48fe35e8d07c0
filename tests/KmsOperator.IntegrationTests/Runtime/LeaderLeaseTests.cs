using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using KmsOperator.Testing.ApiServer;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

public sealed class LeaderLeaseTests(ControlPlaneFixture controlPlane) : RuntimeTest(controlPlane)
{
    // Short, since a test waits for it; long enough to be renewed on a busy machine.
    private static readonly LeaderLeaseOptions Quick = new()
    {
        LeaseDuration = TimeSpan.FromSeconds(8),
        RenewDeadline = TimeSpan.FromSeconds(6),
        RetryPeriod = TimeSpan.FromMilliseconds(200),
    };

    private NamespacedName Key => new(Home, "kms-operator");

    [Fact]
    public async Task A_leader_that_stops_hands_over_to_the_one_who_waits()
    {
        using var stopFirst = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using var stopSecond = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var first = Contender(Api, "first");
        var second = Contender(Api, "second");

        var firstRun = first.RunAsync(UntilCancelled, stopFirst.Token);
        await Eventually.TrueAsync(() => first.IsLeader, () => "The first never led.");
        var secondRun = second.RunAsync(UntilCancelled, stopSecond.Token);
        var held = (await Api.GetAsync(BuiltInTypes.Leases, Key, Ct))!;
        Assert.Equal(("first", 8, 0), (held.Spec.HolderIdentity, held.Spec.LeaseDurationSeconds, held.Spec.LeaseTransitions));
        Assert.False(second.IsLeader);

        await stopFirst.CancelAsync();
        await firstRun;
        await Eventually.TrueAsync(() => second.IsLeader, () => "The second never led.");
        held = (await Api.GetAsync(BuiltInTypes.Leases, Key, Ct))!;
        Assert.Equal(("second", 1), (held.Spec.HolderIdentity, held.Spec.LeaseTransitions));

        await stopSecond.CancelAsync();
        await secondRun;
        held = (await Api.GetAsync(BuiltInTypes.Leases, Key, Ct))!;
        Assert.True(string.IsNullOrEmpty(held.Spec.HolderIdentity));
    }

    [Fact]
    public async Task A_leader_that_cannot_renew_says_so_and_another_takes_the_expired_lease()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var cutOff = new CutOffApi(Api);
        var first = Contender(cutOff, "first");
        var second = Contender(Api, "second");
        var firstRun = first.RunAsync(UntilCancelled, stop.Token);
        await Eventually.TrueAsync(() => first.IsLeader, () => "The first never led.");
        var secondRun = second.RunAsync(UntilCancelled, stop.Token);

        cutOff.IsCutOff = true;

        await Assert.ThrowsAsync<LeaseLostException>(() => firstRun);
        Assert.False(first.IsLeader);
        await Eventually.TrueAsync(() => second.IsLeader, () => "The second never led.");
        await stop.CancelAsync();
        await secondRun;
    }

    private LeaderLease Contender(IKubernetesApi api, string identity) =>
        new(api, Key, identity, Quick, TimeProvider.System, new Random(1), NullLogger.Instance);

    private static async Task UntilCancelled(CancellationToken cancellationToken, CancellationToken lost) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private sealed class CutOffApi(IKubernetesApi inner) : ForwardingApi(inner)
    {
        public volatile bool IsCutOff;

        public override Task<T?> GetAsync<T>(ResourceType<T> type, NamespacedName key, CancellationToken cancellationToken)
            where T : class => IsCutOff ? throw new HttpRequestException("cut off") : base.GetAsync(type, key, cancellationToken);

        public override Task<T> MergePatchAsync<T>(
            ResourceType<T> type, NamespacedName key, JsonObject patch, string? subresource, CancellationToken cancellationToken) =>
            IsCutOff ? throw new HttpRequestException("cut off") : base.MergePatchAsync(type, key, patch, subresource, cancellationToken);
    }
}
