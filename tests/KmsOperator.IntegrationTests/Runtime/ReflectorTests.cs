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

    [Theory]
    [InlineData(Interruption.End, 1, new[] { "Updated a 3", "Updated a 4" }, "the server ends each watch after some minutes")]
    [InlineData(Interruption.Failure, 2, new[] { "Updated a 4" }, "the server may have been restored from a backup, and a list shows the last version only")]
    public async Task After_a_watch_what_was_written_meanwhile_is_seen(Interruption interruption, int lists, string[] seen, string why)
    {
        await Api.CreateAsync(Widget.Type, Widget.Named(Home, "a"), Ct);
        var interruptible = new InterruptibleApi(Api, interruption);
        Start(interruptible);
        await _store.WhenSynced.WaitAsync(Ct);
        await ResizeAsync("a", 2);
        await SeenAsync("Updated a 2");

        await interruptible.InterruptAsync(async () =>
        {
            await ResizeAsync("a", 3);
            await ResizeAsync("a", 4);
        });

        await SeenAsync(seen);
        Assert.True(interruptible.Lists == lists, why);
    }

    [Fact]
    public async Task What_was_deleted_or_made_anew_while_the_watch_was_expired_is_seen_by_the_new_list()
    {
        foreach (var name in (string[])["deleted", "remade", "kept"])
            await Api.CreateAsync(Widget.Type, Widget.Named(Home, name), Ct);
        var interruptible = new InterruptibleApi(Api, Interruption.Expiry);
        Start(interruptible);
        await _store.WhenSynced.WaitAsync(Ct);
        await ResizeAsync("kept", 2);
        await SeenAsync("Updated kept 2");
        _changes.Clear();

        await interruptible.InterruptAsync(async () =>
        {
            await Api.DeleteAsync(Widget.Type, new(Home, "deleted"), null, null, Ct);
            await Api.DeleteAsync(Widget.Type, new(Home, "remade"), null, null, Ct);
            await Api.CreateAsync(Widget.Type, Widget.Named(Home, "remade"), Ct);
        });

        await SeenAsync("Deleted deleted 1", "Deleted remade 1", "Added remade 1");
        Assert.Equal(3, _changes.Count);
        Assert.Equal(2, interruptible.Lists);
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

    /// <summary>How a watch ends before its time.</summary>
    public enum Interruption
    {
        /// <summary>The server ends it.</summary>
        End,

        /// <summary>The server ends it, and its version has expired by then.</summary>
        Expiry,

        /// <summary>The connection breaks.</summary>
        Failure,
    }

    /// <summary>Interrupts the watch, lets the test act, and lets the reflector go on.</summary>
    private sealed class InterruptibleApi(IKubernetesApi inner, Interruption interruption) : ForwardingApi(inner)
    {
        private readonly TaskCompletionSource _interrupt = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _resume = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Lists { get; private set; }

        public async Task InterruptAsync(Func<Task> meanwhile)
        {
            _interrupt.SetResult();
            await meanwhile();
            _resume.SetResult();
        }

        public override async Task<ResourceList<T>> ListPageAsync<T>(
            ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
        {
            Lists++;
            if (_interrupt.Task.IsCompleted)
                await _resume.Task.WaitAsync(cancellationToken);
            return await base.ListPageAsync(type, @namespace, limit, continueToken, cancellationToken);
        }

        public override async IAsyncEnumerable<WatchEvent<T>> WatchAsync<T>(
            ResourceType<T> type,
            string? @namespace,
            string resourceVersion,
            WatchTiming timing,
            [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            var isFirst = !_interrupt.Task.IsCompleted;
            if (!isFirst)
                await _resume.Task.WaitAsync(cancellationToken);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            if (isFirst)
                _ = _interrupt.Task.ContinueWith(_ => either.Cancel(), cancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
            var version = !isFirst && interruption == Interruption.Expiry && Lists == 1 ? "1" : resourceVersion;
            await using var lines = base.WatchAsync(type, @namespace, version, timing, either.Token).GetAsyncEnumerator(either.Token);
            while (await MoveNextAsync())
                yield return lines.Current;

            async ValueTask<bool> MoveNextAsync()
            {
                try
                {
                    return await lines.MoveNextAsync();
                }
                catch (OperationCanceledException) when (isFirst && _interrupt.Task.IsCompleted && interruption != Interruption.Failure)
                {
                    return false;
                }
            }
        }
    }
}
