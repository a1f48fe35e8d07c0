using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Sharding;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Sharding;

/// <summary>What may be written for a shard, and when.</summary>
public sealed class ShardFenceTests : IDisposable
{
    private const int Shard = 4;
    private const string Account = "123456789012";
    private static readonly ShardMap Map = new(8);

    private readonly InMemoryApi _api = new();
    private readonly TestThread _thread = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly LeaderLease _common;
    private readonly LeaderLease _lease;
    private readonly ShardFence _fence;
    private readonly List<Task> _runs = [];

    public ShardFenceTests()
    {
        _common = new(_api, new("system", "op"), "shards-of-8", new() { IsShared = true }, _thread.Clock, new Random(1), NullLogger.Instance);
        _lease = new(_api, new("system", "op-shard-4"), "one", new(), _thread.Clock, new Random(1), NullLogger.Instance);
        _fence = new(Map, Shard, _common, _lease, access => access.RoleArn?.Split(':')[4], _ended.Token);
    }

    public static TheoryData<string, string?, string, bool, string> Writes => new()
    {
        { "CreateKey", Account, "us-east-1", true, "the account and Region are in the shard" },
        { "PutKeyPolicy", Account, "us-east-1", true, "so is this write there" },
        { "CreateKey", Account, "eu-west-1", false, "the Region is in another shard" },
        { "CreateKey", "111111111111", "us-east-1", false, "the account is in another shard" },
        { "TagResource", null, "us-east-1", false, "nobody has said yet which account it is" },
        { "ReplicateKey", Account, "eu-west-1", true, "the call goes to the primary's Region, and its effect is in the replica's" },
        { "RotateKeyOnDemand", Account, "eu-west-1", true, "the primary of the resource's key has moved there" },
        { "UpdatePrimaryRegion", Account, "eu-west-1", false, "it is sent by the resource whose key is the primary, in that key's Region" },
    };

    public void Dispose()
    {
        _stop.Cancel();
        _thread.RunUntil(() => _runs.All(run => run.IsCompleted));
        _stop.Dispose();
        _ended.Dispose();
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public void A_write_is_permitted_only_in_the_accounts_and_Regions_of_the_shard(string operation, string? account, string region, bool permitted, string why) =>
        Assert.True(_fence.Permits(new AwsAccess(account is null ? null : $"arn:aws:iam::{account}:role/kms", null, region), operation) == permitted, why);

    [Fact]
    public void The_fence_is_open_only_while_both_leases_are_held_and_never_again_once_the_shard_was_given_back()
    {
        Assert.False(_fence.IsOpen || _fence.IsFresh);
        Hold(_lease);
        Assert.False(_fence.IsOpen || _fence.IsFresh, "the instances of this number of shards do not work yet");
        Hold(_common);
        Assert.True(_fence.IsOpen && _fence.IsFresh);

        _ended.Cancel();

        Assert.False(_fence.IsOpen || _fence.IsFresh, "the same lease may be held again, by another fence");
    }

    [Fact]
    public void After_a_pause_the_fence_is_closed_before_any_timer_has_run()
    {
        Hold(_lease);
        Hold(_common);

        _thread.Clock.Advance(TimeSpan.FromSeconds(10));

        Assert.False(_fence.IsOpen || _fence.IsFresh);
    }

    private void Hold(LeaderLease lease)
    {
        _runs.Add(_thread.Start(() => lease.RunAsync(
            async (leading, _) => await Task.Delay(Timeout.InfiniteTimeSpan, _thread.Clock, leading)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext),
            _stop.Token)));
        _thread.RunUntilIdle();
        Assert.True(lease.IsLeader);
    }
}
