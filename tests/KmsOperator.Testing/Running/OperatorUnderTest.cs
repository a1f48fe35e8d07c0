using KmsOperator.Testing.ApiServer;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace KmsOperator.Testing.Running;

/// <summary>
/// The real operator, as <c>kms-operator run</c> puts it together, with the API server and AWS in memory, all on the test's own thread and
/// one clock. Nothing happens but in <see cref="SettleAsync"/>, and there the same in every run.
/// </summary>
public sealed class OperatorUnderTest : IDisposable
{
    private readonly OperatorTestOptions _options;
    private readonly Random _random;
    private readonly ILoggerFactory _loggers;
    private SingleThread _thread = null!;
    private ComposedOperator _operator = null!;
    private Task _run = Task.CompletedTask;

    /// <summary>Starts an operator on an empty cluster and an empty AWS.</summary>
    /// <param name="options">Its settings; the defaults when null.</param>
    /// <param name="loggers">Where it logs; nowhere when null.</param>
    public OperatorUnderTest(OperatorTestOptions? options = null, ILoggerFactory? loggers = null)
    {
        _options = options ?? new OperatorTestOptions();
        _loggers = loggers ?? NullLoggerFactory.Instance;
        _random = new Random(_options.Seed);
        Server = new InMemoryApiServer(Clock);
        User = new ClusterUser(Server);
        Aws = new SimulatedAws(_options.Simulator, Clock, _options.AwsFront);
        Start();
    }

    /// <summary>The clock of everything.</summary>
    public TestClock Clock { get; } = new();

    /// <summary>The cluster.</summary>
    public InMemoryApiServer Server { get; }

    /// <summary>Somebody with all rights in the cluster.</summary>
    public ClusterUser User { get; }

    /// <summary>The operator's connection to the cluster, to disturb it.</summary>
    public ApiConnection Connection { get; private set; } = null!;

    /// <summary>AWS.</summary>
    public SimulatedAws Aws { get; }

    /// <summary>
    /// Lets the operator work until it only waits, then moves the clock to its next timer, and so on. Waits of the operator's own
    /// (backoff, requeue, watch bookmarks) end in that order.
    /// </summary>
    /// <param name="duration">How far the clock is moved in all; one minute when null, and nothing when zero.</param>
    /// <exception cref="InvalidOperationException">The operator has ended, or went on on another thread.</exception>
    public async Task SettleAsync(TimeSpan? duration = null)
    {
        var end = Clock.GetUtcNow() + (duration ?? TimeSpan.FromMinutes(1));
        _thread.RunUntilIdle();
        while (Clock.NextTimer is { } next && next <= end)
        {
            Advance(next);
            _thread.RunUntilIdle();
        }
        Advance(end);
        if (_run.IsCompleted)
        {
            await _run;
            throw new InvalidOperationException("The operator has ended.");
        }
    }

    /// <summary>The sum of the present values of a gauge of the operator's metrics; null when it has no such gauge.</summary>
    public long? Measure(string gauge) => _operator.Measure(gauge);

    /// <summary>Kills the operator as SIGKILL does, and starts another one.</summary>
    public void CrashAndRestart()
    {
        Kill();
        Start();
    }

    /// <summary>Kills the operator as SIGKILL does. The cluster and AWS stay.</summary>
    public void Kill()
    {
        _thread.Kill();
        Connection.IsUnavailable = true;
        Connection.DropWatches();
        _operator.Dispose();
    }

    /// <summary>Starts an operator, after <see cref="Kill"/>.</summary>
    public void Start()
    {
        Connection = Server.Connect();
        _thread = new SingleThread();
        _operator = new ComposedOperator(Connection, Aws.InProcess, _options, Clock, _random, _loggers);
        _run = Task.CompletedTask;
        _thread.Post(_ => _run = _operator.RunAsync(CancellationToken.None), null);
    }

    /// <summary>Kills the operator, and frees what it held.</summary>
    public void Dispose()
    {
        Kill();
        Aws.Dispose();
    }

    private void Advance(DateTimeOffset to)
    {
        if (to > Clock.GetUtcNow())
            SingleThread.WithoutContext(() => Clock.SetUtcNow(to));
    }
}
