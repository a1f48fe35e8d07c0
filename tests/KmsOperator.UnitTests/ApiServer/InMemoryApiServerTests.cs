using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.ApiServer;

/// <summary>What the model does that no real server can be made to do: faults, lags, restored backups, and controllers on demand.</summary>
public sealed class InMemoryApiServerTests
{
    private static readonly NamespacedName One = new("default", "one");
    private static readonly WatchTiming Timing = new(TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(3));

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch);
    private readonly InMemoryApiServer _server;
    private readonly ApiConnection _api;
    private readonly ClusterUser _user;

    public InMemoryApiServerTests()
    {
        _server = new(_time);
        _api = _server.Connect();
        _user = new(_server);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, false, "a request that fails before it arrives has no effect")]
    [InlineData(false, true, "a request whose answer is lost has its effect")]
    public async Task A_hook_can_lose_a_request_or_its_answer(bool before, bool effect, string why)
    {
        RequestHook lose = (_, _) => throw new IOException("lost");
        _api.Before = before ? lose : null;
        _api.After = before ? null : lose;

        await Assert.ThrowsAsync<IOException>(() => _api.CreateAsync(BuiltInTypes.ConfigMaps, ConfigMap("one"), Ct));

        Assert.True(_user.Find("ConfigMap", One) is not null == effect, why);
    }

    [Fact]
    public async Task A_delayed_request_waits_on_the_clock_and_is_given_up_after_the_clients_timeout()
    {
        _api.Before = (_, token) => Task.Delay(TimeSpan.FromSeconds(10), _time, token);
        var slow = _api.GetAsync(BuiltInTypes.ConfigMaps, One, Ct);
        Assert.False(slow.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(await slow);

        _api.Before = (_, token) => Task.Delay(TimeSpan.FromMinutes(10), _time, token);
        var tooSlow = _api.GetAsync(BuiltInTypes.ConfigMaps, One, Ct);
        _time.Advance(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<TimeoutException>(() => tooSlow);
    }

    [Fact]
    public async Task An_unavailable_server_cannot_be_reached_until_it_is_back()
    {
        _api.IsUnavailable = true;
        await Assert.ThrowsAsync<HttpRequestException>(() => _api.GetAsync(BuiltInTypes.ConfigMaps, One, Ct));

        _api.IsUnavailable = false;
        Assert.Null(await _api.GetAsync(BuiltInTypes.ConfigMaps, One, Ct));
    }

    [Fact]
    public async Task A_lagging_watch_tells_of_a_write_later_and_of_nothing_else_before()
    {
        _api.WatchLag = TimeSpan.FromSeconds(5);
        await using var watch = Watch();
        _user.Create(Yaml("one"));

        // On this thread up to the timer: woken by the write it would run on another one, and the clock might move before it waits.
        var next = watch.MoveNextAsync();
        Assert.False(next.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(5));

        Assert.True(await next);
        Assert.Equal("one", watch.Current.Resource!.Metadata.Name);
    }

    [Fact]
    public async Task A_held_watch_sends_no_bookmark_and_later_tells_everything()
    {
        await using var watch = Watch();
        _api.HoldsWatches = true;
        var next = watch.MoveNextAsync();
        _user.Create(Yaml("one"));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.False(next.IsCompleted);

        _api.HoldsWatches = false;

        Assert.True(await next);
        Assert.Equal(WatchEventKind.Added, watch.Current.Kind);
    }

    [Fact]
    public async Task A_quiet_watch_sends_bookmarks_and_ends_in_time()
    {
        await using var watch = Watch();
        var first = watch.MoveNextAsync();
        _user.Apply("{apiVersion: v1, kind: Namespace, metadata: {name: other}}");
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.True(await first);
        Assert.Equal(WatchEventKind.Bookmark, watch.Current.Kind);
        Assert.Equal($"{_server.Revision}", watch.Current.Resource!.Metadata.ResourceVersion);

        var second = watch.MoveNextAsync();
        _time.Advance(TimeSpan.FromMinutes(4));
        var more = await second;
        Assert.False(more && await watch.MoveNextAsync());
    }

    [Fact]
    public async Task A_dropped_watch_fails_and_only_that_clients()
    {
        var other = _server.Connect("other");
        await using var watch = Watch();
        await using var theirs = Watch(other);
        var (mine, their) = (watch.MoveNextAsync().AsTask(), theirs.MoveNextAsync().AsTask());

        _api.DropWatches();

        await Assert.ThrowsAsync<IOException>(async () => await mine);
        Assert.False(their.IsCompleted);
        _user.Create(Yaml("one"));
        Assert.True(await their);
    }

    [Fact]
    public async Task A_silent_watch_is_given_up_after_the_idle_time()
    {
        _api.HoldsWatches = true;
        await using var watch = Watch();
        var next = watch.MoveNextAsync();
        _time.Advance(TimeSpan.FromMinutes(3));
        await Assert.ThrowsAsync<TimeoutException>(async () => await next);
    }

    [Theory]
    [InlineData(true, "the test compacts")]
    [InlineData(false, "the server does by itself, for what is more than ten minutes old")]
    public async Task A_version_that_was_compacted_is_gone_for_watches_and_pages(bool byTest, string why)
    {
        foreach (var name in (string[])["one", "two", "three"])
            _user.Create(Yaml(name));
        var page = await _api.ListPageAsync(BuiltInTypes.ConfigMaps, "default", 1, null, Ct);
        _user.Create(Yaml("four"));
        if (byTest)
            _server.Compact();
        else
            _time.Advance(TimeSpan.FromMinutes(11));

        var next = await Assert.ThrowsAsync<KubernetesApiException>(() => _api.ListPageAsync(BuiltInTypes.ConfigMaps, "default", 1, page.Metadata.Continue, Ct));
        await using var watch = _api.WatchAsync(BuiltInTypes.ConfigMaps, null, page.Metadata.ResourceVersion!, Timing, Ct).GetAsyncEnumerator(Ct);
        var stream = await Assert.ThrowsAsync<KubernetesApiException>(async () => await watch.MoveNextAsync());

        Assert.True(next.IsGone && stream.IsGone, why);
    }

    [Fact]
    public async Task All_pages_of_a_list_show_the_same_moment()
    {
        foreach (var name in (string[])["a", "b", "c"])
            _user.Create(Yaml(name));
        var first = await _api.ListPageAsync(BuiltInTypes.ConfigMaps, null, 2, null, Ct);
        _user.Delete("ConfigMap", new("default", "c"));
        _user.Create(Yaml("d"));

        var second = await _api.ListPageAsync(BuiltInTypes.ConfigMaps, null, 2, first.Metadata.Continue, Ct);

        Assert.Equal(["c"], second.Items.Select(item => item.Metadata.Name));
        Assert.Equal(first.Metadata.ResourceVersion, second.Metadata.ResourceVersion);
        Assert.Equal("", second.Metadata.Continue);
    }

    [Fact]
    public async Task A_restored_backup_loses_what_came_after_and_breaks_watches()
    {
        _user.Create(Yaml("one"));
        var backup = _server.TakeSnapshot();
        _user.Create(Yaml("two"));
        await using var watch = Watch();
        var next = watch.MoveNextAsync();

        _server.RestoreTo(backup);

        await Assert.ThrowsAsync<IOException>(async () => await next);
        Assert.NotNull(_user.Find("ConfigMap", One));
        Assert.Null(_user.Find("ConfigMap", new("default", "two")));
        Assert.Equal(backup.Revision, _server.Revision);
        var uid = (string?)_user.Get("ConfigMap", One)["metadata"]!["uid"];
        _user.Create(Yaml("two"));
        Assert.NotEqual(uid, (string?)_user.Get("ConfigMap", new("default", "two"))["metadata"]!["uid"]);
    }

    [Fact]
    public void Garbage_is_what_only_deleted_objects_own()
    {
        _user.Create(Yaml("owner"));
        var uid = (string)_user.Get("ConfigMap", new("default", "owner"))["metadata"]!["uid"]!;
        _user.Create(Owned("owned", "owner", uid));
        _user.Create(Owned("other", "owner", "not-the-uid"));

        Assert.Equal(1, _server.CollectGarbage());
        Assert.Null(_user.Find("ConfigMap", new("default", "other")));

        _user.Delete("ConfigMap", new("default", "owner"));
        Assert.Equal(1, _server.CollectGarbage());
        Assert.Null(_user.Find("ConfigMap", new("default", "owned")));
    }

    [Fact]
    public void A_terminating_namespace_takes_nothing_new_in_but_lets_what_is_there_be_finished()
    {
        _user.Apply("{apiVersion: v1, kind: Namespace, metadata: {name: going}}");
        _user.Create("{apiVersion: v1, kind: ConfigMap, metadata: {name: one, namespace: going, finalizers: [test/x]}}");
        _user.Delete("Namespace", new("", "going"));

        var failure = Assert.Throws<KubernetesApiException>(() => _user.Create("{apiVersion: v1, kind: ConfigMap, metadata: {name: two, namespace: going}}"));
        Assert.True(failure.IsForbidden);
        Assert.False(_server.FinalizeNamespaces());
        _user.Patch("ConfigMap", new("going", "one"), "metadata: {finalizers: []}");
        Assert.True(_server.FinalizeNamespaces());
        Assert.Null(_user.Find("Namespace", new("", "going")));
    }

    [Fact]
    public void What_is_too_large_for_the_server_or_for_etcd_is_refused()
    {
        var text = (int length) => $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: one}}, data: {{text: {new string('x', length)}}}}}";

        Assert.Equal(500, (int)Assert.Throws<KubernetesApiException>(() => _user.Create(text(1600 * 1024))).StatusCode);
        Assert.Equal(413, (int)Assert.Throws<KubernetesApiException>(() => _user.Create(text(3100 * 1024))).StatusCode);
        _user.Create(text(1400 * 1024));
    }

    [Fact]
    public void A_name_in_a_namespace_that_is_not_there_is_not_found()
    {
        var failure = Assert.Throws<KubernetesApiException>(() => _user.Create(Yaml("one"), "nowhere"));

        Assert.True(failure.IsNotFound);
        Assert.Contains("nowhere", failure.Message, StringComparison.Ordinal);
    }

    private static ConfigMap ConfigMap(string name) => new() { Metadata = new() { Namespace = "default", Name = name } };

    private static string Yaml(string name) => $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}";

    private static string Owned(string name, string owner, string uid) =>
        $"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, ownerReferences: [{{apiVersion: v1, kind: ConfigMap, name: {owner}, uid: {uid}}}]}}}}";

    private IAsyncEnumerator<WatchEvent<ConfigMap>> Watch(ApiConnection? api = null) =>
        (api ?? _api).WatchAsync(BuiltInTypes.ConfigMaps, null, $"{_server.Revision}", Timing, Ct).GetAsyncEnumerator(Ct);
}
