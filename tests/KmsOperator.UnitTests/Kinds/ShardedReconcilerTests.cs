using KmsOperator.Api;
using KmsOperator.Configuration;
using KmsOperator.Kinds;
using KmsOperator.Kinds.ServiceKeys;
using KmsOperator.Kubernetes;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Sharding;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Kinds;

/// <summary>What an instance does with resources of shards that it holds, holds no more, or does not hold.</summary>
public sealed class ShardedReconcilerTests : IDisposable
{
    private static readonly ShardMap Map = new(64);
    private static readonly NamespacedName Key = new("team", "one");
    private static readonly int Here = Map.OfPlace("111111111111", "us-east-1");
    private static readonly int There = Map.OfPlace("222222222222", "us-east-1");
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private readonly TestThread _thread = new();
    private readonly Caches _caches = new();
    private readonly List<ShardTenure> _tenures = [];
    private readonly List<Reconciler> _made = [];
    private readonly ShardTenures _shards;
    private readonly ReconcilerServices _services;
    private readonly IReconciler _reconciler;

    public ShardedReconcilerTests()
    {
        _shards = new ShardTenures(new ResourceShards(Map, _caches.Resources, _caches.Directory), Map.Count);
        _services = NewServices() with { Shards = _shards };
        _reconciler = _services.NewReconciler((shards, key) => shards.OfServiceKey(key), _ =>
        {
            _made.Add(new Reconciler());
            return _made[^1];
        });
        _caches.Set(new KeyClass { Metadata = new() { Name = "standard" }, Spec = new() { Region = "us-east-1" }, Status = new() { AccountId = "111111111111" } });
        _caches.Set(new ServiceKey { Metadata = new() { Namespace = "team", Name = "one" }, Spec = new() { ClassName = "standard" } });
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _tenures.ForEach(tenure => tenure.Dispose());

    [Fact]
    public void A_resource_of_a_shard_that_is_not_held_is_left_alone()
    {
        Begin(There);

        Assert.Equal(ReconcileResult.Done, _thread.Finish(_reconciler.ReconcileAsync(Key, Ct).AsTask()));

        Assert.Empty(_made);
    }

    [Fact]
    public void Each_tenure_of_a_shard_has_a_reconciler_of_its_own()
    {
        var first = Begin(Here);
        Reconcile();
        Reconcile();
        Assert.Equal(2, Assert.Single(_made).Count);
        _shards.End(first);
        Begin(Here);

        Reconcile();

        Assert.Equal([2, 1], _made.Select(one => one.Count));
    }

    [Fact]
    public void A_shard_that_is_given_back_waits_for_what_runs_and_begins_nothing_more()
    {
        var tenure = Begin(Here);
        var running = StartOne();

        var close = _thread.Start(() => tenure.CloseAsync(Grace, CancellationToken.None));
        Assert.False(close.IsCompleted);
        Assert.Equal(ReconcileResult.Done, _thread.Finish(_reconciler.ReconcileAsync(Key, Ct).AsTask()));
        _made[0].Release.SetResult();

        _thread.Finish(close);
        Assert.Equal(ReconcileResult.Retry, _thread.Finish(running));
        Assert.Equal(1, _made[0].Count);
    }

    [Fact]
    public void What_runs_too_long_when_a_shard_is_given_back_is_cancelled()
    {
        var tenure = Begin(Here);
        var running = StartOne();

        var close = _thread.Start(() => tenure.CloseAsync(Grace, CancellationToken.None));

        Assert.Equal(Grace, _thread.RunUntil(() => close.IsCompleted));
        Assert.Equal(ReconcileResult.Done, _thread.Finish(running));
    }

    [Fact]
    public void What_runs_when_a_shard_is_lost_is_cancelled_at_once_and_is_no_failure()
    {
        using var lost = new CancellationTokenSource();
        var tenure = Begin(Here);
        var running = StartOne();
        lost.Cancel();

        _thread.Finish(_thread.Start(() => tenure.CloseAsync(Grace, lost.Token)));

        Assert.Equal(ReconcileResult.Done, _thread.Finish(running));
    }

    [Fact]
    public void The_queue_takes_only_resources_of_shards_that_are_held_and_what_a_change_brings_into_one()
    {
        var elsewhere = new CreateAttempt("one", DateTimeOffset.UnixEpoch) { ClassName = "standard", AccountId = "222222222222", Region = "us-east-1" }.ToAnnotations();
        _caches.Change("one", (ServiceKey key) => key with { Metadata = key.Metadata with { Finalizers = [ApiGroup.Finalizer], Annotations = elsewhere.ToDictionary() } });
        Begin(Here);
        var kind = ServiceKeyRegistration.Create(_services);
        using var queue = kind.Queue;
        kind.Subscribe();
        Assert.Equal(0, queue.Depth);

        // The attempt is withdrawn by whoever has that shard. That alone reconciles nothing, but the resource is in another shard now.
        _caches.Change("one", (ServiceKey key) => key with { Metadata = key.Metadata with { Finalizers = null, Annotations = null } });

        Assert.Equal(1, queue.Depth);
    }

    private ReconcilerServices NewServices() => new(
        null!, null!, _thread.Clock, new Random(1), new OperatorSettings("test", TimeSpan.FromHours(10), TimeSpan.FromMinutes(5), TimeSpan.Zero), Workers: 4, _caches.Resources,
        _caches.Directory, null!, null!, null!, null!, null!, new AliasReservations(), new ReconcileCache(), null!);

    private ShardTenure Begin(int shard)
    {
        var tenure = new ShardTenure(shard, NewServices(), _thread.Clock);
        _tenures.Add(tenure);
        _shards.Begin(tenure);
        return tenure;
    }

    private void Reconcile()
    {
        var running = StartOne();
        _made[^1].Release.SetResult();
        Assert.Equal(ReconcileResult.Retry, _thread.Finish(running));
        _made[^1].Release = new();
    }

    private Task<ReconcileResult> StartOne() => _thread.Start(() => _reconciler.ReconcileAsync(Key, Ct).AsTask());

    private sealed class Reconciler : IReconciler
    {
        public int Count { get; private set; }

        public TaskCompletionSource Release { get; set; } = new();

        public async ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
        {
            Count++;
            await Release.Task.WaitAsync(cancellationToken);
            return ReconcileResult.Retry;
        }
    }
}
