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
    private readonly List<OperatorInstance> _instances = [];
    private readonly List<OperatorInstance> _stopping = [];
    private int _started;

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

    /// <summary>The connection of the operator that was started last to the cluster, to disturb it.</summary>
    public ApiConnection Connection => _instances[^1].Connection;

    /// <summary>AWS.</summary>
    public SimulatedAws Aws { get; }

    /// <summary>Whether an operator was ended from one of its own calls, and <see cref="KillHalted"/> was not called since.</summary>
    public bool IsHalted => _instances.Any(instance => instance.IsHalted);

    /// <summary>
    /// Lets the operators work until they only wait, then moves the clock to the next timer, and so on. Waits of an operator's own
    /// (backoff, requeue, watch bookmarks) end in that order. Ends early when an operator is halted.
    /// </summary>
    /// <param name="duration">How far the clock is moved in all; one minute when null, and nothing when zero.</param>
    /// <exception cref="InvalidOperationException">An operator has ended, or went on on another thread.</exception>
    public async Task SettleAsync(TimeSpan? duration = null)
    {
        var end = Clock.GetUtcNow() + (duration ?? TimeSpan.FromMinutes(1));
        RunUntilIdle();
        while (!IsHalted && Clock.NextTimer is { } next && next <= end)
        {
            Clock.AdvanceTo(next);
            RunUntilIdle();
        }
        if (IsHalted)
            return;
        Clock.AdvanceTo(end);
        foreach (var instance in _instances.Where(instance => instance.Run.IsCompleted))
        {
            await instance.Run;
            throw new InvalidOperationException("The operator has ended.");
        }
    }

    /// <summary>Kills the operators, and starts another one after a time, as after an outage of the cluster's nodes. What it does at its start is done when this returns.</summary>
    /// <param name="duration">How long no operator runs. Unlike <see cref="SettleAsync"/>, a time of many days costs the test nothing.</param>
    public async Task PauseAsync(TimeSpan duration)
    {
        Kill();
        await SettleAsync(duration);
        Start();
        await SettleAsync();
    }

    /// <summary>The sum of the present values of a gauge of the metrics of the operator that was started last; null when it has no such gauge.</summary>
    public long? Measure(string gauge) => _instances[^1].Measure(gauge);

    /// <summary>Kills the operators as SIGKILL does, and starts another one.</summary>
    public void CrashAndRestart()
    {
        Kill();
        Start();
    }

    /// <summary>Kills the operators as SIGKILL does. The cluster and AWS stay.</summary>
    public void Kill()
    {
        foreach (var instance in _instances.Concat(_stopping))
            instance.Dispose();
        _instances.Clear();
        _stopping.Clear();
    }

    /// <summary>Kills one of several operators as SIGKILL does.</summary>
    /// <param name="identity">Its name in the leases: <c>operator</c> for the first one, <c>operator-2</c> for the next one.</param>
    public void KillOne(string identity)
    {
        var instance = Find(identity);
        instance.Dispose();
        _instances.Remove(instance);
    }

    /// <summary>Asks one of several operators to end, as SIGTERM does, and lets all work for a minute.</summary>
    public async Task StopAsync(string identity)
    {
        var instance = Find(identity);
        instance.Stop();
        _instances.Remove(instance);
        _stopping.Add(instance);
        await SettleAsync();
        await instance.Run;
    }

    /// <summary>Stops one of several operators as SIGSTOP does.</summary>
    public void StandStill(string identity) => Find(identity).IsPaused = true;

    /// <summary>Lets it go on as SIGCONT does.</summary>
    public void GoOn(string identity) => Find(identity).IsPaused = false;

    /// <summary>The shards that one of several operators holds now.</summary>
    public IReadOnlyList<int> ShardsOf(string identity) => Find(identity).Shards;

    /// <summary>Frees what the halted operators held. The others go on.</summary>
    public void KillHalted()
    {
        foreach (var instance in _instances.Where(instance => instance.IsHalted))
            instance.Dispose();
        _instances.RemoveAll(instance => instance.IsHalted);
    }

    /// <summary>Starts an operator, after <see cref="Kill"/> or beside those that run.</summary>
    /// <param name="wiring">What is between it and the world; nothing when null.</param>
    /// <returns>Ends it in the middle of its work, from one of its own calls.</returns>
    public Action Start(OperatorWiring? wiring = null)
    {
        OperatorInstance? instance = null;
        var identity = ++_started == 1 ? "operator" : $"operator-{_started}";
        _instances.Add(instance = new OperatorInstance(Server, Aws.InProcess, wiring ?? new OperatorWiring(), _options, identity, Clock, _random, _loggers));
        return instance.Halt;
    }

    /// <summary>Kills the operators, and frees what they held.</summary>
    public void Dispose()
    {
        Kill();
        Aws.Dispose();
    }

    private OperatorInstance Find(string identity) => _instances.Single(instance => instance.Identity == identity);

    private void RunUntilIdle()
    {
        // What one operator does may wake another.
        var any = true;
        while (any && !IsHalted)
        {
            any = false;
            foreach (var instance in _instances.Concat(_stopping))
                any |= instance.RunUntilIdle();
        }
    }
}
