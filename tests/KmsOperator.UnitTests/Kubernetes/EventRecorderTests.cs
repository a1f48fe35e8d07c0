using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class EventRecorderTests : IDisposable
{
    private readonly InMemoryApi _api = new();
    private readonly TestThread _thread = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly EventRecorder _recorder;
    private Task _run = Task.CompletedTask;

    public EventRecorderTests() => _recorder = new(_api, "kms.servicekey.dev/kms-operator", "pod-1", _thread.Clock, NullLogger.Instance);

    public void Dispose()
    {
        _stop.Cancel();
        _thread.RunUntil(() => _run.IsCompleted);
        _stop.Dispose();
    }

    [Fact]
    public void An_event_says_who_what_and_when()
    {
        Start();
        _recorder.Record(Subject(), EventType.Warning, "AliasConflict", "CreateAlias", "taken");
        _thread.RunUntilIdle();

        var sent = JsonNode.Parse(Assert.Single(_api.Requests).Body)!;
        Assert.Equal("2026-03-01T12:00:00.000000Z", (string?)sent["eventTime"]);
        Assert.Equal("ns", (string?)sent["metadata"]!["namespace"]);
        Assert.StartsWith("a.", (string?)sent["metadata"]!["name"], StringComparison.Ordinal);
        Assert.Equal("Warning", (string?)sent["type"]);
        Assert.Equal("uid-a", (string?)sent["regarding"]!["uid"]);
        Assert.Null(sent["series"]);
    }

    [Fact]
    public void Repeats_are_counted_at_once_the_first_time_then_once_a_minute_and_at_the_end()
    {
        Start();
        for (var i = 0; i < 5; i++)
            _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", "same");
        _thread.RunUntilIdle();
        Assert.Equal(["create", "patch"], _api.Requests.Select(request => request.Verb));
        Assert.Equal(2, Count(1));

        _thread.RunFor(TimeSpan.FromMinutes(1));
        _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", "same");
        _thread.RunUntilIdle();
        Assert.Equal(6, Count(2));

        _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", "same");
        _stop.Cancel();
        _thread.Finish(_run);
        Assert.Equal(7, Count(3));
    }

    [Theory]
    [InlineData("another note", 0, "it says something else")]
    [InlineData("same", 7, "the series is over")]
    public void What_is_no_repeat_is_an_event_of_its_own(string note, int minutesLater, string why)
    {
        Start();
        _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", "same");
        _thread.RunFor(TimeSpan.FromMinutes(minutesLater));

        _recorder.Record(Subject(), EventType.Normal, "Progressing", "Wait", note);
        _thread.RunUntilIdle();

        Assert.True(_api.Requests[1].Verb == "create", why);
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "the namespace is terminating")]
    [InlineData(HttpStatusCode.NotFound, "the namespace is gone")]
    public void A_refused_event_is_dropped_and_the_next_one_sent(HttpStatusCode status, string why)
    {
        _api.Before = (_, key) =>
        {
            if (key.Namespace == "gone")
                throw InMemoryApi.Failure(status, why);
        };
        Start();
        _recorder.Record(Subject("gone"), EventType.Normal, "Deleting", "Delete", "refused");
        _recorder.Record(Subject(), EventType.Normal, "Deleting", "Delete", "taken");
        _thread.RunUntilIdle();

        Assert.Contains("taken", Assert.Single(_api.Requests).Body, StringComparison.Ordinal);
    }

    [Fact]
    public void An_outage_is_waited_out()
    {
        var failures = 0;
        _api.Before = (_, _) =>
        {
            if (++failures <= 3)
                throw new HttpRequestException("refused");
        };
        Start();
        _recorder.Record(Subject(), EventType.Normal, "Available", "Create", "done");

        var waited = _thread.RunUntil(() => _api.Requests.Count == 1);

        // 1 + 2 + 4
        Assert.Equal(TimeSpan.FromSeconds(7), waited);
    }

    [Fact]
    public void Recording_never_blocks_and_a_stop_ends_in_bounded_time_also_during_an_outage()
    {
        _api.Before = (_, _) => throw new HttpRequestException("refused");
        Start();
        for (var i = 0; i < 5000; i++)
            _recorder.Record(Subject(), EventType.Normal, "Available", "Create", $"number {i}");

        _stop.Cancel();
        var lasted = _thread.RunUntil(() => _run.IsCompleted);

        Assert.Equal(TimeSpan.FromSeconds(5), lasted);
    }

    [Fact]
    public void Events_of_several_objects_are_sent_at_the_same_time_and_those_of_one_object_one_after_the_other()
    {
        _api.IsSilent = true;
        Start();
        for (var i = 0; i < 100; i++)
            _recorder.Record(Subject(name: $"key-{i}"), EventType.Normal, "Available", "Create", "done");
        for (var i = 0; i < 100; i++)
            _recorder.Record(Subject(), EventType.Normal, "Available", "Create", $"number {i}");
        _thread.RunUntilIdle();

        // As many as there are senders: the 100 of one object have one of them.
        Assert.Equal(8, _api.Unanswered);
    }

    [Fact]
    public void Where_too_many_events_wait_warnings_are_the_last_to_be_dropped()
    {
        for (var i = 0; i < 5000; i++)
            _recorder.Record(Subject(name: $"key-{i}"), EventType.Normal, "Available", "Create", "done");
        _recorder.Record(Subject(), EventType.Warning, "AccessDenied", "CreateKey", "one that matters");
        Start();
        _thread.RunUntilIdle();

        Assert.InRange(_api.Requests.Count, 700, 1000);
        Assert.Contains(_api.Requests, request => request.Body.Contains("one that matters", StringComparison.Ordinal));
    }

    [Fact]
    public void Events_that_are_dropped_are_counted_in_the_log()
    {
        var log = new CapturingLogger();
        var recorder = new EventRecorder(_api, "kms.servicekey.dev/kms-operator", "pod-1", _thread.Clock, log);
        for (var i = 0; i < 200; i++)
            recorder.Record(Subject(), EventType.Warning, "AccessDenied", "CreateKey", $"number {i}");
        _run = _thread.Start(() => recorder.RunAsync(_stop.Token));
        _thread.RunUntilIdle();

        Assert.Equal(["75 events were dropped, since 125 others waited to be sent"], log.Messages);
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

    private static ConfigMap Subject(string @namespace = "ns", string name = "a") => new() { Metadata = new() { Namespace = @namespace, Name = name, Uid = $"uid-{name}" } };

    private int Count(int request) => (int)JsonNode.Parse(_api.Requests[request].Body)!["series"]!["count"]!;

    private void Start() => _run = _thread.Start(() => _recorder.RunAsync(_stop.Token));

    private sealed class CapturingLogger : ILogger
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Information)
                Messages.Add(formatter(state, exception));
        }
    }
}
