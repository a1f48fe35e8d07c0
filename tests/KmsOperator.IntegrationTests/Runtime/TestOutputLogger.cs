using Microsoft.Extensions.Logging;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

/// <summary>Logs into the running test's output.</summary>
internal sealed class TestOutputLogger : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        TestContext.Current.TestOutputHelper?.WriteLine($"{logLevel}: {formatter(state, exception)} {exception}");
}
