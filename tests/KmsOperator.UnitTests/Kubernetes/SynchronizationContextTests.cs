using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

/// <summary>The runtime never leaves the SynchronizationContext that it was started on, so a simulation can decide what runs when.</summary>
public sealed class SynchronizationContextTests : IDisposable
{
    private readonly TestThread _thread = new();
    private readonly InMemoryApi _api = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly List<SynchronizationContext?> _seen = [];
    private SynchronizationContext? _context;

    public SynchronizationContextTests() => _thread.Start(() =>
    {
        _context = SynchronizationContext.Current;
        return Task.CompletedTask;
    });

    public void Dispose() => _stop.Dispose();

    [Fact]
    public void A_controller_reconciles_only_when_the_context_runs_it()
    {
        using var queue = new WorkQueue<NamespacedName>(_thread.Clock, new Random(1));
        var controller = new Controller(
            "test", queue, new Reconciler(_seen), new ControllerOptions { Workers = 3, NewReconcileId = () => "id" }, _thread.Clock, NullLogger.Instance);
        queue.Add(new("ns", "a"));
        var run = _thread.Start(() => controller.RunAsync(_stop.Token, CancellationToken.None));
        Assert.Empty(_seen);

        _thread.RunUntilIdle();
        Assert.Single(_seen);

        // Requeued after 60 s by the reconciler.
        _thread.RunFor(TimeSpan.FromSeconds(60));
        _stop.Cancel();
        _thread.Finish(run);

        Assert.Equal([_context, _context], _seen);
    }

    [Fact]
    public void A_leader_takes_renews_and_releases_its_lease_only_when_the_context_runs_it()
    {
        _api.Before = (_, _) => _seen.Add(SynchronizationContext.Current);
        var lease = new LeaderLease(_api, new("system", "lease"), "one", new(), _thread.Clock, new Random(1), NullLogger.Instance);
        var run = _thread.Start(() => lease.RunAsync(
            async (leading, _) => await Task.Delay(Timeout.InfiniteTimeSpan, _thread.Clock, leading)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext),
            _stop.Token));
        _thread.RunUntilIdle();
        Assert.True(lease.IsLeader);

        _thread.RunFor(TimeSpan.FromSeconds(20));
        Assert.True(lease.IsLeader);
        _stop.Cancel();
        _thread.Finish(run);

        Assert.All(_seen, context => Assert.Same(_context, context));
        Assert.True(_seen.Count >= 10);
    }

    [Fact]
    public void A_reflector_lists_and_watches_only_when_the_context_runs_it()
    {
        _api.Before = (_, _) => _seen.Add(SynchronizationContext.Current);
        var store = new ResourceStore<ConfigMap>(NullLogger.Instance);
        var reflector = new Reflector<ConfigMap>(_api, BuiltInTypes.ConfigMaps, store, new(), _thread.Clock, new Random(1), NullLogger.Instance);
        var run = _thread.Start(() => reflector.RunAsync(_stop.Token));

        _thread.RunFor(TimeSpan.FromSeconds(20));
        _stop.Cancel();
        _thread.Finish(run);

        Assert.True(store.WhenSynced.IsCompletedSuccessfully);
        Assert.All(_seen, context => Assert.Same(_context, context));
        Assert.True(_seen.Count >= 4);
    }

    private sealed class Reconciler(List<SynchronizationContext?> seen) : IReconciler
    {
        public ValueTask<ReconcileResult> ReconcileAsync(NamespacedName key, CancellationToken cancellationToken)
        {
            seen.Add(SynchronizationContext.Current);
            return ValueTask.FromResult(ReconcileResult.RequeueAfter(TimeSpan.FromSeconds(60)));
        }
    }
}
