using System.Collections.Concurrent;
using System.Net;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class ReflectorTests : IAsyncDisposable
{
    private readonly ScriptedServer _server = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ResourceStore<ConfigMap> _store = new(NullLogger.Instance);
    private readonly ConcurrentQueue<string> _changes = new();
    private readonly SemaphoreSlim _changed = new(0);
    private Task _run = Task.CompletedTask;

    public ReflectorTests() => _store.Subscribe(change =>
    {
        _changes.Enqueue($"{change.Kind} {change.Key.Name} {change.Resource.Metadata.ResourceVersion}");
        _changed.Release();
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
        _changed.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task A_list_of_several_pages_is_one_list_and_the_watch_starts_at_its_version()
    {
        Start(new());

        var first = await _server.NextAsync();
        Assert.Equal("/prefix/api/v1/configmaps?limit=500", first.Target);
        first.Reply($$"""{"metadata":{"resourceVersion":"10","continue":"more/&"},"items":[{{Json.ConfigMap("a", 1)}}]}""");
        var second = await _server.NextAsync();
        Assert.Equal("/prefix/api/v1/configmaps?limit=500&continue=more%2F%26", second.Target);
        Assert.Equal(0, _store.Count);
        second.ReplyList("10", Json.ConfigMap("b", 2));

        var watch = await _server.NextAsync();
        Assert.Contains("resourceVersion=10&", watch.Target, StringComparison.Ordinal);
        Assert.Contains("allowWatchBookmarks=true", watch.Target, StringComparison.Ordinal);
        Assert.True(_store.WhenSynced.IsCompletedSuccessfully);
        Assert.Equal(["Added a 1", "Added b 2"], _changes);
    }

    [Fact]
    public async Task Changes_are_stored_before_they_are_told()
    {
        var watch = await WatchingAsync("10", Json.ConfigMap("a", 1));

        await watch.LineAsync("ADDED", Json.ConfigMap("b", 11));
        await watch.LineAsync("MODIFIED", Json.ConfigMap("a", 12));
        await watch.LineAsync("DELETED", Json.ConfigMap("b", 13));
        await ChangesAsync(3);

        Assert.Equal(["Added a 1", "Added b 11", "Updated a 12", "Deleted b 13"], _changes);
        Assert.Equal("12", Assert.Single(_store.List()).Metadata.ResourceVersion);
    }

    [Fact]
    public async Task A_watch_that_ends_goes_on_after_the_last_bookmark()
    {
        var watch = await WatchingAsync("10");
        await watch.LineAsync("ADDED", Json.ConfigMap("a", 11));
        await watch.LineAsync("BOOKMARK", Json.Bookmark(25));
        watch.End();

        var next = await _server.NextAfterWaitingAsync();

        Assert.True(next.IsWatch);
        Assert.Contains("resourceVersion=25&", next.Target, StringComparison.Ordinal);
        Assert.Equal(1, _store.Count);
    }

    [Fact]
    public async Task Bytes_that_break_off_in_the_middle_of_a_line_are_no_event_and_the_watch_goes_on_before_them()
    {
        var watch = await WatchingAsync("10");
        await watch.LineAsync("ADDED", Json.ConfigMap("a", 11));
        var half = $$"""{"type":"DELETED","object":{{Json.ConfigMap("a", 12)}}}"""[..60];
        await watch.BytesAsync(half);
        watch.End();

        var next = await _server.NextAfterWaitingAsync();

        Assert.Contains("resourceVersion=11&", next.Target, StringComparison.Ordinal);
        Assert.Equal(["Added a 11"], _changes);
    }

    [Fact]
    public async Task A_line_may_come_in_pieces_and_be_longer_than_the_buffer()
    {
        var watch = await WatchingAsync("10");
        var data = new string('x', 100_000);
        var line = $$$"""{"object":{"metadata":{"name":"big","namespace":"ns","uid":"u","resourceVersion":"11"},"data":{"v":"{{{data}}}"}},"type":"ADDED"}""" + "\n";

        foreach (var piece in line.Chunk(33_333))
            await watch.BytesAsync(new string(piece));
        await ChangesAsync(1);

        Assert.Equal(data, Assert.Single(_store.List()).Data!["v"]);
    }

    [Theory]
    [InlineData(true, "the usual form: an error in the stream of a 200")]
    [InlineData(false, "the other form: the watch itself is refused")]
    public async Task An_expired_watch_is_listed_again_and_the_difference_told(bool inStream, string why)
    {
        var watch = await WatchingAsync("10", Json.ConfigMap("deleted", 1), Json.ConfigMap("changed", 2), Json.ConfigMap("remade", 3), Json.ConfigMap("same", 4));
        if (inStream)
        {
            await watch.BytesAsync($$"""{"type":"ERROR","object":{{Json.Status(410, "Expired")}}}""" + "\n");
        }
        else
        {
            watch.End();
            (await _server.NextAfterWaitingAsync()).Reply(Json.Status(410, "Expired"), HttpStatusCode.Gone);
        }

        var list = await _server.NextAfterWaitingAsync();
        Assert.False(list.IsWatch, why);
        _changes.Clear();
        list.ReplyList("90", Json.ConfigMap("changed", 80), Json.ConfigMap("remade", 81, "another"), Json.ConfigMap("same", 4), Json.ConfigMap("new", 82));
        var next = await _server.NextAsync();

        Assert.Contains("resourceVersion=90&", next.Target, StringComparison.Ordinal);
        Assert.Equal(["Deleted deleted 1", "Updated changed 80", "Deleted remade 3", "Added remade 81", "Added new 82"], _changes);
        Assert.Equal(4, _store.Count);
    }

    [Fact]
    public async Task A_watch_that_goes_quiet_is_given_up_and_resumed()
    {
        var watch = await WatchingAsync("10");
        await watch.LineAsync("BOOKMARK", Json.Bookmark(15));

        var next = await _server.NextAfterWaitingAsync();

        Assert.True(next.IsWatch);
        Assert.Contains("resourceVersion=15&", next.Target, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_asked_again_until_it_can()
    {
        Start(new());
        (await _server.NextAsync()).Fail(new HttpRequestException("refused"));
        (await _server.NextAfterWaitingAsync()).Reply("<html>bad gateway</html>", HttpStatusCode.BadGateway);
        (await _server.NextAfterWaitingAsync()).Reply("not json");
        Assert.False(_store.WhenSynced.IsCompleted);

        (await _server.NextAfterWaitingAsync()).ReplyList("10", Json.ConfigMap("a", 1));

        Assert.True((await _server.NextAsync()).IsWatch);
        Assert.True(_store.WhenSynced.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_server_that_ends_every_watch_at_once_is_not_asked_without_a_pause()
    {
        var api = new InMemoryApi();
        var began = _server.Time.GetUtcNow();
        _run = Reflector(api, new()).RunAsync(_stop.Token);

        await _server.Time.RunUntilAsync(() => api.Requests.Count(request => request.Verb == "watch") == 6);

        Assert.True(_server.Time.GetUtcNow() - began >= TimeSpan.FromSeconds(1 + 2 + 4 + 8 + 16));
        Assert.Single(api.Requests, request => request.Verb == "list");
    }

    [Fact]
    public async Task Several_namespaces_share_a_store_which_is_synced_when_all_of_them_are_listed()
    {
        Start(new() { Namespaces = ["one", "two", "one"] });
        var first = await _server.NextAsync();
        var second = await _server.NextAsync();
        var requests = new[] { first, second }.OrderBy(request => request.Target, StringComparer.Ordinal).ToArray();
        Assert.Equal("/prefix/api/v1/namespaces/one/configmaps?limit=500", requests[0].Target);
        Assert.Equal("/prefix/api/v1/namespaces/two/configmaps?limit=500", requests[1].Target);

        requests[0].ReplyList("10", Json.ConfigMap("a", 1, @namespace: "one"));
        var watch = (await _server.NextAsync()).ReplyWatch();
        Assert.False(_store.WhenSynced.IsCompleted);
        requests[1].ReplyList("11", Json.ConfigMap("a", 2, "other", "two"));
        await _server.NextAsync();
        Assert.True(_store.WhenSynced.IsCompletedSuccessfully);

        // The new list of one namespace says nothing of the other.
        await watch.BytesAsync($$"""{"type":"ERROR","object":{{Json.Status(410, "Expired")}}}""" + "\n");
        (await _server.NextAfterWaitingAsync()).ReplyList("20");
        await _server.NextAsync();
        Assert.Equal("two", Assert.Single(_store.List()).Metadata.Namespace);
    }

    private async Task<ScriptedWatch> WatchingAsync(string version, params string[] items)
    {
        Start(new());
        (await _server.NextAsync()).ReplyList(version, items);
        var watch = (await _server.NextAsync()).ReplyWatch();
        for (var i = 0; i < items.Length; i++)
            await _changed.WaitAsync();
        return watch;
    }

    private async Task ChangesAsync(int count)
    {
        for (var i = 0; i < count; i++)
            Assert.True(await _changed.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    private void Start(ReflectorOptions<ConfigMap> options) => _run = Reflector(_server.Api(), options).RunAsync(_stop.Token);

    private Reflector<ConfigMap> Reflector(IKubernetesApi api, ReflectorOptions<ConfigMap> options) =>
        new(api, BuiltInTypes.ConfigMaps, _store, options, _server.Time, new Random(1), NullLogger.Instance);
}
