using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using KmsOperator.Testing.ApiServer;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

public sealed class ReflectorTests(ControlPlaneFixture controlPlane) : RuntimeTest(controlPlane)
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _changes = new();
    private readonly ResourceStore<Widget> _store = new(NullLogger.Instance);
    private Task _run = Task.CompletedTask;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _store.Subscribe(change => _changes.Enqueue($"{change.Kind} {change.Key.Name} {change.Resource.Spec?.Size}"));
    }

    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task What_is_there_and_what_comes_is_seen()
    {
        foreach (var name in (string[])["a", "b", "c"])
            await Api.CreateAsync(Widget.Type, Widget.Named(Home, name), Ct);
        Start(Api, pageSize: 2);
        await _store.WhenSynced.WaitAsync(Ct);
        Assert.Equal(3, _store.Count);

        await Api.CreateAsync(Widget.Type, Widget.Named(Home, "d"), Ct);
        await ResizeAsync("a", 5);
        await Api.DeleteAsync(Widget.Type, new(Home, "b"), null, null, Ct);

        await SeenAsync("Added d 1", "Updated a 5", "Deleted b 1");
        Assert.True(_store.TryGet(new(Home, "a"), out var seen));
        Assert.Equal(5, seen.Spec!.Size);
        Assert.Equal(["a", "c", "d"], _store.List(Home).Select(widget => widget.Metadata.Name).Order());
    }

    [Fact]
    public async Task A_watch_that_broke_goes_on_where_it_was()
    {
        await Api.CreateAsync(Widget.Type, Widget.Named(Home, "a"), Ct);
        var breakable = new BreakableApi(Api, expired: false);
        Start(breakable);
        await _store.WhenSynced.WaitAsync(Ct);
        await ResizeAsync("a", 2);
        await SeenAsync("Updated a 2");

        await breakable.BreakAsync(async () =>
        {
            await ResizeAsync("a", 3);
            await ResizeAsync("a", 4);
        });

        // Both versions: a new list would have shown the last one only.
        await SeenAsync("Updated a 3", "Updated a 4");
        Assert.Equal(1, breakable.Lists);
    }

    [Fact]
    public async Task What_was_deleted_or_made_anew_while_the_watch_was_expired_is_seen_by_the_new_list()
    {
        foreach (var name in (string[])["deleted", "remade", "kept"])
            await Api.CreateAsync(Widget.Type, Widget.Named(Home, name), Ct);
        var breakable = new BreakableApi(Api, expired: true);
        Start(breakable);
        await _store.WhenSynced.WaitAsync(Ct);
        await ResizeAsync("kept", 2);
        await SeenAsync("Updated kept 2");
        _changes.Clear();

        await breakable.BreakAsync(async () =>
        {
            await Api.DeleteAsync(Widget.Type, new(Home, "deleted"), null, null, Ct);
            await Api.DeleteAsync(Widget.Type, new(Home, "remade"), null, null, Ct);
            await Api.CreateAsync(Widget.Type, Widget.Named(Home, "remade"), Ct);
        });

        await SeenAsync("Deleted deleted 1", "Deleted remade 1", "Added remade 1");
        Assert.Equal(3, _changes.Count);
        Assert.Equal(2, breakable.Lists);
    }

    private void Start(IKubernetesApi api, int pageSize = 500)
    {
        var options = new ReflectorOptions<Widget> { Namespaces = [Home], PageSize = pageSize };
        var reflector = new Reflector<Widget>(api, Widget.Type, _store, options, TimeProvider.System, new Random(1), NullLogger.Instance);
        _run = reflector.RunAsync(_stop.Token);
    }

    private Task<Widget> ResizeAsync(string name, int size) => Api.MergePatchAsync(
        Widget.Type, new(Home, name), new() { ["spec"] = new JsonObject { ["size"] = size } }, null, Ct);

    private Task SeenAsync(params string[] changes) => Eventually.TrueAsync(
        () => changes.All(_changes.Contains), () => $"Expected {string.Join(", ", changes)} among {string.Join(", ", _changes)}");

    /// <summary>Breaks the watch, lets the test act, and resumes; as from the first version ever if it is to have expired.</summary>
    private sealed class BreakableApi(IKubernetesApi inner, bool expired) : ForwardingApi(inner)
    {
        private readonly TaskCompletionSource _break = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _resume = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private bool _resumed;

        public int Lists { get; private set; }

        public async Task BreakAsync(Func<Task> meanwhile)
        {
            _break.SetResult();
            await meanwhile();
            _resume.SetResult();
        }

        public override Task<ResourceList<T>> ListPageAsync<T>(
            ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        {
            // One object is asked for only to learn the version.
            if (limit > 1)
                Lists++;
            return base.ListPageAsync(type, @namespace, limit, continueToken, cancellationToken);
        }

        public override async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
            ResourceType<T> type,
            string? @namespace,
            string resourceVersion,
            WatchTiming timing,
            [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (_break.Task.IsCompleted && !_resumed)
            {
                await _resume.Task.WaitAsync(cancellationToken);
                _resumed = true;
                resourceVersion = expired ? "1" : resourceVersion;
            }
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (!_resumed)
                _ = _break.Task.ContinueWith(_ => either.Cancel(), cancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
            await foreach (var line in base.WatchAsync(type, @namespace, resourceVersion, timing, either.Token))
                yield return line;
        }
    }
}
