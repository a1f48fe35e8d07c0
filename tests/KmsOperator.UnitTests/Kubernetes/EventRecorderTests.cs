using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class EventRecorderTests : IAsyncDisposable
{
    private readonly InMemoryApi _api = new();
    private readonly FakeTimeProvider _time = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly EventRecorder _recorder;
    private Task _run = Task.CompletedTask;

    public EventRecorderTests() => _recorder = new(_api, "kms.servicekey.dev/kms-operator", "pod-1", _time, NullLogger.Instance);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    [Fact]
    public async Task An_event_says_who_what_and_when()
    {
        Start();
        _recorder.Record(Subject(), EventType.Warning, "AliasConflict", "CreateAlias", "taken");
        await SentAsync(1);

        var sent = JsonNode.Parse(_api.Requests[0].Body)!;
        Assert.Equal("2000-01-01T00:00:00.000000Z", (string?)sent["eventTime"]);
        Assert.Equal("ns", (string?)sent["metadata"]!["namespace"]);
        Assert.StartsWith("a.", (string?)sent["metadata"]!["name"], StringComparison.Ordinal);
        Assert.Equal("Warning", (string?)sent["type"]);
        Assert.Equal("uid-a", (string?)sent["regarding"]!["uid"]);
        Assert.Null(sent["series"]);
    }

    [Fact]
    public async Task Repeats_are_counted_at_once_the_first_time_then_once_a_minute_and_at_the_end()
    {
        Start();
        for (var i = 0; i < 5; i++)
            _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", "same");
        await SentAsync(2);
        Assert.Equal(["create", "patch"], _api.Requests.Select(request => request.Verb));
        Assert.Equal(2, Count(1));

        _time.Advance(TimeSpan.FromMinutes(1));
        _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", "same");
        await SentAsync(3);
        Assert.Equal(6, Count(2));

        _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", "same");
        await _stop.CancelAsync();
        await _run;
        Assert.Equal(7, Count(3));
    }

    [Theory]
    [InlineData("another note", 0, "it says something else")]
    [InlineData("same", 7, "the series is over")]
    public async Task What_is_no_repeat_is_an_event_of_its_own(string note, int minutesLater, string why)
    {
        Start();
        _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", "same");
        await SentAsync(1);
        _time.Advance(TimeSpan.FromMinutes(minutesLater));

        _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", note);
        await SentAsync(2);

        Assert.True(_api.Requests[1].Verb == "create", why);
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "the namespace is terminating")]
    [InlineData(HttpStatusCode.NotFound, "the namespace is gone")]
    public async Task A_refused_event_is_dropped_and_the_next_one_sent(HttpStatusCode status, string why)
    {
        _api.Before = (_, key) =>
        {
            if (key.Namespace == "gone")
                throw InMemoryApi.Failure(status, why);
        };
        Start();
        _recorder.Record(Subject("gone"), EventType.Normal, "Deleting", "Delete", "refused");
        _recorder.Record(Subject(), EventType.Normal, "Deleting", "Delete", "taken");
        await SentAsync(1);

        Assert.Contains("taken", _api.Requests[0].Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_outage_is_waited_out()
    {
        var failures = 0;
        _api.Before = (_, _) =>
        {
            if (++failures <= 3)
                throw new HttpRequestException("refused");
        };
        Start();
        _recorder.Record(Subject(), EventType.Normal, "Available", "Create", "done");

        await _time.RunUntilAsync(() => _api.Requests.Count == 1);
    }

    [Fact]
    public async Task Recording_never_blocks_and_a_stop_ends_in_bounded_time_also_during_an_outage()
    {
        _api.Before = (_, _) => throw new HttpRequestException("refused");
        Start();
        for (var i = 0; i < 5000; i++)
            _recorder.Record(Subject(), EventType.Normal, "Available", "Create", $"number {i}");

        var began = _time.GetUtcNow();
        await _stop.CancelAsync();

        // In small steps: the clock must not run away from threads that are slow.
        await _time.RunUntilAsync(() => _run.IsCompleted, TimeSpan.FromMilliseconds(5));

        Assert.InRange((_time.GetUtcNow() - began).TotalSeconds, 0, 6);
    }

    [Theory]
    [InlineData("short", 10, "short")]
    [InlineData("exactly-10", 10, "exactly-10")]
    [InlineData("eleven char", 10, "eleven …")]
    [InlineData("ääääää", 10, "äää…")]
    [InlineData("🔑🔑🔑", 10, "🔑…")]
    public void Text_is_cut_between_characters(string text, int bytes, string expected)
    {
        var cut = Utf8Text.Truncate(text, bytes);

        Assert.Equal(expected, cut);
        Assert.True(Encoding.UTF8.GetByteCount(cut) <= bytes);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_replaced_where_text_is_cut() =>
        Assert.Equal("ab\ufffdcd…", Utf8Text.Truncate("ab" + '\ud83d' + "cdefghijk", 10));

    private static ConfigMap Subject(string @namespace = "ns") => new() { Metadata = new() { Namespace = @namespace, Name = "a", Uid = "uid-a" } };

    private int Count(int request) => (int)JsonNode.Parse(_api.Requests[request].Body)!["series"]!["count"]!;

    private Task SentAsync(int count) => Waiting.UntilAsync(() => _api.Requests.Count >= count);

    private void Start() => _run = _recorder.RunAsync(_stop.Token);
}
