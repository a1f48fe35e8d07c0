using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Simulation.Worlds;

/// <summary>
/// Knows, wherever the operator's code has come to, which resource it works for: the controller opens a logging scope for each
/// reconciliation, and that flows with its awaits.
/// </summary>
internal sealed class CurrentWork
{
    private readonly AsyncLocal<string?> _resource = new();
    private readonly AsyncLocal<long?> _reconciliation = new();
    private long _reconciliations;

    /// <summary><c>{kind}/{namespace}/{name}</c>; null outside of a reconciliation.</summary>
    public string? Resource => _resource.Value;

    /// <summary>Which reconciliation it is, counted from 1; null outside of one.</summary>
    public long? Reconciliation => _reconciliation.Value;

    /// <summary>Loggers for one operator.</summary>
    /// <param name="write">Gets the messages; null drops them.</param>
    public ILoggerFactory Loggers(Action<string>? write) => new Factory(this, write);

    private static string? ResourceOf<TState>(TState state) =>
        state is IReadOnlyDictionary<string, object?> scope && scope.TryGetValue("object", out var key) && key is NamespacedName name
            && scope.TryGetValue("controller", out var controller)
            ? $"{KindOf((string)controller!)}/{name.Namespace}/{name.Name}"
            : null;

    private static string KindOf(string controller) => controller switch
    {
        "servicekey" => "ServiceKey",
        "keyreplica" => "KeyReplica",
        _ => "KeyClass",
    };

    private sealed class Factory(CurrentWork work, Action<string>? write) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => new Logger(work, write);

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public void Dispose()
        {
        }
    }

    private sealed class Logger(CurrentWork work, Action<string>? write) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            if (ResourceOf(state) is not { } resource)
                return null;
            work._resource.Value = resource;
            work._reconciliation.Value = ++work._reconciliations;
            return new Scope(work);
        }

        public bool IsEnabled(LogLevel logLevel) => write is not null && logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                write!($"{formatter(state, exception)}{(exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})")}");
        }
    }

    private sealed class Scope(CurrentWork work) : IDisposable
    {
        public void Dispose()
        {
            work._resource.Value = null;
            work._reconciliation.Value = null;
        }
    }
}
