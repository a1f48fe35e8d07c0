using System.Text.Json;
using CsCheck;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Observability.Logging;

public sealed class JsonLogFormatterTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 6, 7, 8, 9, 10, TimeSpan.Zero));
    private readonly LoggerExternalScopeProvider _scopes = new();

    [Fact]
    public void A_line_has_controller_runtimes_keys_at_its_top()
    {
        using var scope = _scopes.Push(new Dictionary<string, object?>
        {
            ["controller"] = "servicekey",
            ["object"] = new NamespacedName("team", "one"),
            ["namespace"] = "team",
            ["name"] = "one",
            ["reconcileID"] = "00000000-0000-4000-8000-000000000000",
        });

        var line = Text(LogLevel.Information, null, "{Key}: {Count} steps in {Wait}", new NamespacedName("team", "one"), 3, TimeSpan.FromSeconds(90));

        Assert.Equal(
            """
            {"level":"info","ts":"2026-05-06T07:08:09.010Z","logger":"test","msg":"team/one: 3 steps in 00:01:30","controller":"servicekey",
            "object":{"name":"one","namespace":"team"},"namespace":"team","name":"one","reconcileID":"00000000-0000-4000-8000-000000000000",
            "Key":{"name":"one","namespace":"team"},"Count":3,"Wait":"00:01:30"}
            """.Replace("\n", "", StringComparison.Ordinal) + "\n",
            line);
    }

    [Theory]
    [InlineData(LogLevel.Trace, "debug")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warn")]
    [InlineData(LogLevel.Error, "error")]
    [InlineData(LogLevel.Critical, "error")]
    public void Levels_have_zaps_names(LogLevel level, string name) => Assert.Equal(name, Line(level, null, "text").GetProperty("level").GetString());

    [Fact]
    public void An_exception_is_told_in_error_and_its_place_in_stacktrace()
    {
        var exception = Record.Exception((Action)(() => throw new InvalidOperationException("outer", new IOException("inner"))))!;

        var line = Line(LogLevel.Error, exception, "It failed");

        Assert.Equal("It failed", line.GetProperty("msg").GetString());
        Assert.Equal("outer: inner", line.GetProperty("error").GetString());
        Assert.Contains(nameof(An_exception_is_told_in_error_and_its_place_in_stacktrace), line.GetProperty("stacktrace").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_inner_scope_and_then_the_message_have_the_last_word_and_no_key_stands_twice()
    {
        using var outer = _scopes.Push(new Dictionary<string, object?> { ["step"] = "outer", ["name"] = "outer" });
        using var inner = _scopes.Push(new Dictionary<string, object?> { ["name"] = "inner" });
        using var text = _scopes.Push("a scope that is only text has no key");

        var line = Line(LogLevel.Information, null, "{step}", "message");

        Assert.Equal("message", line.GetProperty("step").GetString());
        Assert.Equal("inner", line.GetProperty("name").GetString());
        Assert.Equal(["level", "ts", "logger", "msg", "step", "name"], line.EnumerateObject().Select(one => one.Name));
    }

    [Fact]
    public void An_argument_cannot_pass_itself_off_as_the_line_s_own_key()
    {
        var line = Line(LogLevel.Information, null, "{level} {error}", "error", "none");

        Assert.Equal("info", line.GetProperty("level").GetString());
        Assert.Equal("error", line.GetProperty("level_").GetString());
        Assert.Equal("none", line.GetProperty("error_").GetString());
    }

    [Fact]
    public void Any_text_becomes_one_line_that_is_JSON() =>
        Gen.Select(Gen.String, Gen.String, Gen.String).Sample((argument, scope, message) =>
        {
            using var pushed = _scopes.Push(new Dictionary<string, object?> { ["scope"] = scope, [scope + "!"] = argument });
            var line = Text(LogLevel.Error, new IOException(message), "{Argument}", argument);
            var read = JsonDocument.Parse(line).RootElement;
            return line.IndexOf('\n', StringComparison.Ordinal) == line.Length - 1 && !line.Contains('\r', StringComparison.Ordinal)
                && read.GetProperty("Argument").GetString()!.Length >= argument.Length;
        });

    [Theory]
    [InlineData("quote \" backslash \\ newline \n tab \t nul \0", "control characters are escaped")]
    [InlineData("äöü 鍵 🔑 <&>", "text is left as people read it")]
    public void Odd_characters_come_back_as_they_were(string text, string why) =>
        Assert.True(Line(LogLevel.Information, null, "{Text}", text).GetProperty("Text").GetString() == text, why);

    private JsonElement Line(LogLevel level, Exception? exception, string message, params object?[] arguments) =>
        JsonDocument.Parse(Text(level, exception, message, arguments)).RootElement;

    private string Text(LogLevel level, Exception? exception, string message, params object?[] arguments)
    {
        var text = "";
        var capture = new Capture((state, formatter) =>
        {
            using var writer = new StringWriter();
            var entry = new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(level, "test", default, state, exception, (_, _) => formatter());
            new JsonLogFormatter(_time).Write(entry, _scopes, writer);
            text = writer.ToString();
        });
#pragma warning disable CA2254 // The message is the test's.
        capture.Log(level, exception, message, arguments);
#pragma warning restore CA2254
        return text;
    }

    private sealed class Capture(Action<IReadOnlyList<KeyValuePair<string, object?>>, Func<string>> write) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            write((IReadOnlyList<KeyValuePair<string, object?>>)state!, () => formatter(state, exception));
    }
}
