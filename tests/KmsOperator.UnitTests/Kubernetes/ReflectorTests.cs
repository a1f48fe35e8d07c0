using System.Net;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class ReflectorTests : IDisposable
{
    private readonly TestThread _thread = new();
    private readonly ScriptedServer _server;
    private readonly CancellationTokenSource _stop = new();
    private readonly ResourceStore<ConfigMap> _store = new(NullLogger.Instance);
    private readonly List<string> _changes = [];
    private Task _run = Task.CompletedTask;

    public ReflectorTests()
    {
        _server = new(_thread);
        _store.Subscribe(change => _changes.Add($"{change.Kind} {change.Key.Name} {change.Resource.Metadata.ResourceVersion}"));
    }

    public void Dispose()
    {
        _stop.Cancel();
        _thread.Finish(_run);
        _stop.Dispose();
        _server.Dispose();
    }

    [Fact]
    public void A_list_of_several_pages_is_one_list_and_the_watch_starts_at_its_version()
    {
        Start(new());

        var first = _server.Next();
        Assert.Equal("/prefix/api/v1/configmaps?limit=16", first.Target);
        first.Reply($$"""{"metadata":{"resourceVersion":"10","continue":"more/&"},"items":[{{Json.ConfigMap("a", 1)}}]}""");
        var second = _server.Next();
        Assert.Equal("/prefix/api/v1/configmaps?limit=64&continue=more%2F%26", second.Target);
        Assert.False(_store.WhenSynced.IsCompleted);
        second.ReplyList("10", Json.ConfigMap("b", 2));

        var watch = _server.Next();
        Assert.Contains("resourceVersion=10&", watch.Target, StringComparison.Ordinal);
        Assert.Contains("allowWatchBookmarks=true", watch.Target, StringComparison.Ordinal);
        Assert.True(_store.WhenSynced.IsCompletedSuccessfully);
        Assert.Equal(["Added a 1", "Added b 2"], _changes);
    }

    [Fact]
    public void Changes_are_stored_before_they_are_told()
    {
        var watch = Watching("10", Json.ConfigMap("a", 1));

        watch.Line("ADDED", Json.ConfigMap("b", 11));
        watch.Line("MODIFIED", Json.ConfigMap("a", 12));
        watch.Line("DELETED", Json.ConfigMap("b", 13));
        _thread.RunUntilIdle();

        Assert.Equal(["Added a 1", "Added b 11", "Updated a 12", "Deleted b 13"], _changes);
        Assert.Equal("12", Assert.Single(_store.List()).Metadata.ResourceVersion);
    }

    [Fact]
    public void A_watch_that_ends_goes_on_after_the_last_bookmark()
    {
        var watch = Watching("10");
        watch.Line("ADDED", Json.ConfigMap("a", 11));
        watch.Line("BOOKMARK", Json.Bookmark(25));
        watch.End();

        var next = _server.NextAfterWaiting();

        Assert.True(next.IsWatch);
        Assert.Contains("resourceVersion=25&", next.Target, StringComparison.Ordinal);
        Assert.Equal(1, _store.Count);
    }

    [Fact]
    public void Bytes_that_break_off_in_the_middle_of_a_line_are_no_event_and_the_watch_goes_on_before_them()
    {
        var watch = Watching("10");
        watch.Line("ADDED", Json.ConfigMap("a", 11));
        var half = $$"""{"type":"DELETED","object":{{Json.ConfigMap("a", 12)}}}"""[..60];
        watch.Bytes(half);
        watch.End();
        // After a failure all objects are listed.
        _server.NextAfterWaiting().ReplyList("12", Json.ConfigMap("a", 11));

        var next = _server.Next();

        Assert.Contains("resourceVersion=12&", next.Target, StringComparison.Ordinal);
        Assert.Equal(["Added a 11", "Updated a 11"], _changes);
    }

    [Fact]
    public void A_line_may_come_in_pieces_and_be_longer_than_the_buffer()
    {
        var watch = Watching("10");
        var data = new string('x', 100_000);
        var line = $$$"""{"object":{"metadata":{"name":"big","namespace":"ns","uid":"u","resourceVersion":"11"},"data":{"v":"{{{data}}}"}},"type":"ADDED"}""" + "\n";

        foreach (var piece in line.Chunk(33_333))
            watch.Bytes(new string(piece));
        _thread.RunUntilIdle();

        Assert.Equal(data, Assert.Single(_store.List()).Data!["v"]);
    }

    [Theory]
    [InlineData(true, "the usual form: an error in the stream of a 200")]
    [InlineData(false, "the other form: the watch itself is refused")]
    public void An_expired_watch_is_listed_again_and_the_difference_told(bool inStream, string why)
    {
        var watch = Watching("10", Json.ConfigMap("deleted", 1), Json.ConfigMap("changed", 2), Json.ConfigMap("remade", 3), Json.ConfigMap("same", 4));
        if (inStream)
        {
            watch.Bytes($$"""{"type":"ERROR","object":{{Json.Status(410, "Expired")}}}""" + "\n");
        }
        else
        {
            watch.End();
            _server.NextAfterWaiting().Reply(Json.Status(410, "Expired"), HttpStatusCode.Gone);
        }

        var list = _server.NextAfterWaiting();
        Assert.False(list.IsWatch, why);
        _changes.Clear();
        list.ReplyList("90", Json.ConfigMap("changed", 80), Json.ConfigMap("remade", 81, "another"), Json.ConfigMap("same", 4), Json.ConfigMap("new", 82));
        var next = _server.Next();

        Assert.Contains("resourceVersion=90&", next.Target, StringComparison.Ordinal);
        Assert.Equal(["Updated changed 80", "Deleted remade 3", "Added remade 81", "Added new 82", "Deleted deleted 1"], _changes);
        Assert.Equal(4, _store.Count);
    }

    [Fact]
    public void A_version_that_expired_while_the_server_was_away_is_listed_again_at_once()
    {
        Watching("10", Json.ConfigMap("a", 1)).Break();
        for (var i = 0; i < 5; i++)
        {
            _server.NextAfterWaiting().Fail(new HttpRequestException("refused"));
        }

        // The server's cache begins after the list that it has just answered from its store.
        _server.NextAfterWaiting().ReplyList("90");
        _server.Next().Reply(Json.Status(410, "Expired"), HttpStatusCode.Gone);
        var list = _server.Next();
        Assert.False(list.IsWatch);

        // A server for which its own fresh list is too old is asked less often.
        list.ReplyList("91");
        _server.Next().Reply(Json.Status(410, "Expired"), HttpStatusCode.Gone);
        Assert.Throws<InvalidOperationException>(() => _server.Next());
        Assert.False(_server.NextAfterWaiting().IsWatch);
    }

    [Fact]
    public void A_watch_that_goes_quiet_is_given_up_and_its_kind_listed_again()
    {
        var watch = Watching("10");
        watch.Line("BOOKMARK", Json.Bookmark(15));
        var list = _server.NextAfterWaiting();
        Assert.Equal("/prefix/api/v1/configmaps?limit=16", list.Target);
        list.ReplyList("16");

        var next = _server.Next();

        Assert.True(next.IsWatch);
        Assert.Contains("resourceVersion=16&", next.Target, StringComparison.Ordinal);
    }

    [Fact]
    public void A_watch_that_goes_quiet_again_and_again_is_not_resumed_later_and_later()
    {
        Watching("10");
        var began = _thread.Clock.GetUtcNow();
        for (var quiet = 1; quiet <= 6; quiet++)
        {
            _server.NextAfterWaiting().ReplyList("10");
            _server.Next().ReplyWatch();

            // Two minutes of silence, and the first wait after a failure.
            Assert.InRange((_thread.Clock.GetUtcNow() - began).TotalSeconds, quiet * 121, quiet * 121.2);
        }
    }

    [Fact]
    public void A_page_of_a_list_is_in_the_store_before_the_next_one_comes_and_what_is_gone_leaves_at_the_end()
    {
        var watch = Watching("10", Json.ConfigMap("a", 1), Json.ConfigMap("gone", 2));
        _changes.Clear();
        watch.Break();
        _server.NextAfterWaiting().Reply($$"""{"metadata":{"resourceVersion":"20","continue":"more"},"items":[{{Json.ConfigMap("a", 11)}}]}""");
        var second = _server.Next();
        Assert.Equal(["Updated a 11"], _changes);

        second.ReplyList("20", Json.ConfigMap("b", 12));
        _server.Next();

        Assert.Equal(["Updated a 11", "Added b 12", "Deleted gone 2"], _changes);
        Assert.Equal(2 + 2, _store.Listed);
    }

    [Fact]
    public void A_list_that_breaks_off_removes_nothing()
    {
        var watch = Watching("10", Json.ConfigMap("a", 1), Json.ConfigMap("z", 2));
        watch.Break();
        _server.NextAfterWaiting().Reply($$"""{"metadata":{"resourceVersion":"20","continue":"more"},"items":[{{Json.ConfigMap("a", 1)}}]}""");
        _server.Next().Fail(new HttpRequestException("reset"));
        var again = _server.NextAfterWaiting();

        Assert.Equal(2, _store.Count);
        Assert.Equal("/prefix/api/v1/configmaps?limit=16", again.Target);
    }

    [Theory]
    [InlineData("silence", "the watch waits for a version that the restored server will not reach for long")]
    [InlineData("failure", "the restored server closed the connection when it was stopped")]
    [InlineData("bookmark", "the restored server tells its own, older version")]
    [InlineData("event", "the restored server tells of a change at its own, older version")]
    public void After_the_server_was_restored_from_a_backup_the_store_becomes_what_the_backup_has(string how, string why)
    {
        var watch = Watching("100", Json.ConfigMap("old", 10), Json.ConfigMap("new", 90), Json.ConfigMap("same-version", 50));
        _changes.Clear();
        switch (how)
        {
            case "silence":
                break;
            case "failure":
                watch.Break();
                break;
            case "bookmark":
                watch.Line("BOOKMARK", Json.Bookmark(60));
                break;
            default:
                watch.Line("MODIFIED", Json.ConfigMap("old", 59));
                break;
        }

        var list = _server.NextAfterWaiting();
        Assert.False(list.IsWatch, why);
        list.ReplyList("61", Json.ConfigMap("old", 10), Json.ConfigMap("same-version", 50));
        var next = _server.Next();

        Assert.Contains("resourceVersion=61&", next.Target, StringComparison.Ordinal);
        // A version number of the old history may stand for other content in the new one, so all that is there counts as changed.
        Assert.Equal(["Updated old 10", "Updated same-version 50", "Deleted new 90"], _changes);
    }

    [Theory]
    [InlineData(false, "others wrote as much as was lost before the operator was connected again, so the server is not behind")]
    [InlineData(true, "a list that fails leaves the doubt")]
    public void After_a_lost_connection_a_server_whose_version_grew_may_have_been_restored_all_the_same(bool isListLost, string why)
    {
        var watch = Watching("100", Json.ConfigMap("same-version", 50), Json.ConfigMap("edited", 60));
        _changes.Clear();
        watch.Break();
        if (isListLost)
            _server.NextAfterWaiting().Fail(new HttpRequestException("refused"));

        var list = _server.NextAfterWaiting();
        Assert.False(list.IsWatch, why);
        list.ReplyList("120", Json.ConfigMap("same-version", 50), Json.ConfigMap("edited", 99));
        var next = _server.Next();

        Assert.Contains("resourceVersion=120&", next.Target, StringComparison.Ordinal);
        Assert.Equal(["Updated same-version 50", "Updated edited 99"], _changes);
    }

    [Fact]
    public void Large_objects_are_listed_in_small_pages()
    {
        Start(new() { PageBytes = 10_000 });
        var large = $$$"""{"metadata":{"name":"large","namespace":"ns","uid":"u","resourceVersion":"1"},"data":{"v":"{{{new string('x', 4_900)}}}"}}""";
        var limits = new List<string>();
        for (var page = 0; page < 3; page++)
        {
            var request = _server.Next();
            limits.Add(request.Target.Split(['=', '&'])[1]);
            request.Reply($$"""{"metadata":{"resourceVersion":"10","continue":"more"},"items":[{{string.Join(',', Enumerable.Repeat(large, page == 0 ? 4 : 1))}}]}""");
        }

        Assert.Equal(["16", "1", "1"], limits);
    }

    [Fact]
    public void An_object_that_cannot_be_read_is_set_aside_and_comes_back_when_it_is_corrected()
    {
        var heard = new List<string>();
        _store.SubscribeUnreadable(change => heard.Add($"{change.Key} {change.Unreadable?.Metadata.ResourceVersion}: {change.Unreadable?.Message}"));
        var watch = Watching("10", Json.ConfigMap("a", 1));

        watch.Line("ADDED", Broken("bad", 11));
        watch.Line("MODIFIED", Broken("a", 12));
        watch.Line("ADDED", Json.ConfigMap("b", 13));
        _thread.RunUntilIdle();
        Assert.Equal(["Added a 1", "Added b 13"], _changes);
        Assert.Equal(["a", "bad"], _store.Unreadable.Select(one => one.Metadata.Name).Order());
        Assert.True(_store.TryGet(new("ns", "a"), out var kept));
        Assert.Equal("1", kept.Metadata.ResourceVersion);

        watch.Line("MODIFIED", Json.ConfigMap("bad", 14));
        watch.Line("DELETED", Broken("a", 15));
        _thread.RunUntilIdle();

        Assert.Equal(["Added a 1", "Added b 13", "Added bad 14", "Deleted a 1"], _changes);
        Assert.Empty(_store.Unreadable);
        const string Message = "The value of data.v has the wrong type or format. Correct it.";
        Assert.Equal([$"ns/bad 11: {Message}", $"ns/a 12: {Message}", "ns/bad : ", "ns/a : "], heard);
    }

    [Fact]
    public void An_object_that_cannot_be_read_is_not_taken_for_deleted_by_a_new_list()
    {
        Start(new());
        _server.Next().ReplyList("10", Json.ConfigMap("a", 1), Broken("bad", 2), Json.ConfigMap("c", 3));
        var watch = _server.Next().ReplyWatch();
        _thread.RunUntilIdle();
        Assert.Single(_store.Unreadable);

        watch.Bytes($$"""{"type":"ERROR","object":{{Json.Status(410, "Expired")}}}""" + "\n");
        _server.NextAfterWaiting().ReplyList("20", Broken("a", 11), Json.ConfigMap("c", 3));
        _server.Next();

        Assert.Equal(["Added a 1", "Added c 3"], _changes);
        Assert.Equal(["a"], _store.Unreadable.Select(one => one.Metadata.Name));
        Assert.Equal(2, _store.Count);
    }

    [Fact]
    public void A_server_that_cannot_be_reached_is_asked_again_until_it_can()
    {
        Start(new());
        _server.Next().Fail(new HttpRequestException("refused"));
        _server.NextAfterWaiting().Reply("<html>bad gateway</html>", HttpStatusCode.BadGateway);
        _server.NextAfterWaiting().Reply("not json");
        Assert.False(_store.WhenSynced.IsCompleted);

        _server.NextAfterWaiting().ReplyList("10", Json.ConfigMap("a", 1));

        Assert.True(_server.Next().IsWatch);
        Assert.True(_store.WhenSynced.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_server_that_ends_every_watch_at_once_is_not_asked_without_a_pause()
    {
        var api = new InMemoryApi();
        _run = _thread.Start(() => Reflector(api, new()).RunAsync(_stop.Token));

        var waited = _thread.RunUntil(() => api.Requests.Count(request => request.Verb == "watch") >= 6);

        // And up to 20 % more.
        Assert.InRange(waited.TotalSeconds, 1 + 2 + 4 + 8 + 16, (1 + 2 + 4 + 8 + 16) * 1.2);
        Assert.Single(api.Requests, request => request.Verb == "list");
    }

    [Fact]
    public void Several_namespaces_share_a_store_which_is_synced_when_all_of_them_are_listed()
    {
        Start(new() { Namespaces = ["one", "two", "one"] });
        var first = _server.Next();
        var second = _server.Next();
        var requests = new[] { first, second }.OrderBy(request => request.Target, StringComparer.Ordinal).ToArray();
        Assert.Equal("/prefix/api/v1/namespaces/one/configmaps?limit=16", requests[0].Target);
        Assert.Equal("/prefix/api/v1/namespaces/two/configmaps?limit=16", requests[1].Target);

        requests[0].ReplyList("10", Json.ConfigMap("a", 1, @namespace: "one"));
        var watch = _server.Next().ReplyWatch();
        Assert.False(_store.WhenSynced.IsCompleted);
        requests[1].ReplyList("11", Json.ConfigMap("a", 2, "other", "two"));
        _server.Next();
        Assert.True(_store.WhenSynced.IsCompletedSuccessfully);

        // The new list of one namespace says nothing of the other.
        watch.Bytes($$"""{"type":"ERROR","object":{{Json.Status(410, "Expired")}}}""" + "\n");
        _server.NextAfterWaiting().ReplyList("20");
        _server.Next();
        Assert.Equal("two", Assert.Single(_store.List()).Metadata.Namespace);
    }

    private static string Broken(string name, int version) => Json.ConfigMap(name, version).Replace($$"""{"v":"{{version}}"}""", """{"v":[1]}""", StringComparison.Ordinal);

    private ScriptedWatch Watching(string version, params string[] items)
    {
        Start(new());
        _server.Next().ReplyList(version, items);
        return _server.Next().ReplyWatch();
    }

    private void Start(ReflectorOptions<ConfigMap> options) => _run = _thread.Start(() => Reflector(_server.Api(), options).RunAsync(_stop.Token));

    private Reflector<ConfigMap> Reflector(IKubernetesApi api, ReflectorOptions<ConfigMap> options) =>
        new(api, BuiltInTypes.ConfigMaps, _store, options, _thread.Clock, new Random(1), NullLogger.Instance);
}
