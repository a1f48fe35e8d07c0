using KmsOperator.Aws;
using KmsOperator.Testing.ApiServer;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Testing.Running;

/// <summary>One life of an operator: a process that starts, works and is killed.</summary>
internal sealed class OperatorInstance : IDisposable
{
    private readonly SingleThread _thread = new();
    private readonly ComposedOperator _operator;
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    /// <param name="server">Its cluster.</param>
    /// <param name="aws">Its AWS.</param>
    /// <param name="wiring">What is between it and both.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="identity">Its name in the lease.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="random">Its randomness.</param>
    /// <param name="loggers">Where it logs.</param>
    public OperatorInstance(
        InMemoryApiServer server, InProcessAws aws, OperatorWiring wiring, OperatorTestOptions options, string identity, TimeProvider time, Random random, ILoggerFactory loggers)
    {
        Identity = identity;
        Connection = server.Connect(identity);
        _operator = new ComposedOperator(
            wiring.Api?.Invoke(Connection) ?? Connection,
            wiring.Aws is null ? aws : aws with { Transport = wiring.Aws(aws.Transport) },
            wiring.Lease, wiring.Shards, options, identity, time, random, loggers);
        _thread.Post(_ => _run = _operator.RunAsync(_stop.Token), null);
    }

    /// <summary>Its name in the leases.</summary>
    public string Identity { get; }

    /// <summary>The shards that it holds now.</summary>
    public IReadOnlyList<int> Shards => _operator.Shards;

    /// <summary>Whether it stands still, as after SIGSTOP. Of its timers only the callbacks run meanwhile.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Its connection to the cluster, to disturb it.</summary>
    public ApiConnection Connection { get; }

    /// <summary>Whether it was stopped in the middle of its work by <see cref="Halt"/>.</summary>
    public bool IsHalted { get; private set; }

    /// <summary>What it runs; ended only when it came to its end.</summary>
    public Task Run => _run;

    /// <summary>Lets it work until it only waits.</summary>
    /// <returns>Whether there was anything to do.</returns>
    public bool RunUntilIdle() => !IsPaused && _thread.RunUntilIdle();

    /// <inheritdoc cref="ComposedOperator.Measure" />
    public long? Measure(string gauge) => _operator.Measure(gauge);

    /// <summary>Asks it to end, as SIGTERM does.</summary>
    public void Stop() => _thread.Post(_ => _stop.Cancel(), null);

    /// <summary>Ends it where it is, as SIGKILL does; it may be asked for by the operator's own call. What was sent is sent.</summary>
    public void Halt()
    {
        IsHalted = true;
        _thread.Kill();
        Connection.IsUnavailable = true;
    }

    /// <summary>Ends it, and frees what it held. Not from one of its own calls.</summary>
    public void Dispose()
    {
        Halt();
        Connection.DropWatches();
        _operator.Dispose();
        _stop.Dispose();
    }
}
