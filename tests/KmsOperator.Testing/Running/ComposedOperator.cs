using System.Diagnostics.Metrics;
using System.Globalization;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Kubernetes;
using KmsOperator.Observability.Metrics;
using KmsOperator.Sharding;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Testing.Running;

/// <summary>Puts the real operator together for a test. All that tests know of its composition is here.</summary>
internal sealed class ComposedOperator : IDisposable
{
    private readonly AwsClients _clients;
    private readonly Meter _meter;
    private readonly OperatorComposition _operator;
    private readonly LeaderLease? _lease;
    private readonly ShardElection? _election;

    /// <param name="api">Its API server.</param>
    /// <param name="aws">Its AWS.</param>
    /// <param name="lease">How it is elected; null to lead at once and always.</param>
    /// <param name="shards">Into how many shards the work is divided.</param>
    /// <param name="options">Its settings.</param>
    /// <param name="identity">Its name in the lease.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="random">Its randomness.</param>
    /// <param name="loggers">Where it logs.</param>
    public ComposedOperator(
        IKubernetesApi api, InProcessAws aws, LeaderLeaseOptions? lease, int shards, OperatorTestOptions options, string identity, TimeProvider time, Random random, ILoggerFactory loggers)
    {
        var attempts = 0;
        _meter = new Meter("kms-operator");
        var leaseKey = new NamespacedName("kms-operator-system", "kms-operator");
        _election = shards == 1 ? null : new ShardElection(
            api, leaseKey, identity, new ShardMap(shards), lease!, time, random, loggers.CreateLogger(nameof(ShardElection)));
        _lease = lease is null || _election is not null ? null : new LeaderLease(api, leaseKey, identity, lease, time, random, loggers.CreateLogger(nameof(LeaderLease)));
        IWriteFence? fence = _election is not null ? new ClosedFence() : _lease is not null ? new LeaseFence(_lease) : null;
        _clients = new AwsClients(
            RoleSessionName.ForCluster(options.ClusterId), new RequestRateLimiter(options.QuotaShare, time), metrics: new RequestMetrics(_meter), time: time, inProcess: aws,
            fence: _election is null ? null : fence);
        _operator = new OperatorComposition(
            api,
            _clients,
            new OperatorSettings(options.ClusterId, options.DriftPeriod, options.ConsistencyWindow, options.DeletionGuard),
            new OperatorOptions { Workers = options.Workers, WatchNamespaces = options.WatchNamespaces, HealthAddress = ListenAddress.Nowhere, EventQueues = [.. options.EventQueues.Select(url => QueueUrl.Parse(url, null))] },
            time,
            random,
            () => string.Create(CultureInfo.InvariantCulture, $"{random.Next():x8}{++attempts:x24}"),
            identity,
            new OperatorMetrics(_meter, "test"),
            loggers,
            fence: fence,
            election: _election);
    }

    /// <summary>Runs the operator until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => _operator.RunAsync(
        stop => _election is not null ? _operator.RunShardsAsync(stop) : _lease is null ? _operator.RunControllersAsync(stop, CancellationToken.None) : _lease.RunAsync(_operator.RunControllersAsync, stop), cancellationToken);

    /// <summary>The shards that it holds now.</summary>
    public IReadOnlyList<int> Shards => [.. (_election?.Leases ?? []).Select((lease, shard) => (lease, shard)).Where(one => one.lease.IsLeader).Select(one => one.shard)];

    /// <summary>The sum of a gauge's present values; null when the operator has no such gauge.</summary>
    public long? Measure(string gauge)
    {
        long? sum = null;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == _meter && instrument.Name == gauge)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((_, value, _, _) => sum = (sum ?? 0) + value);
        listener.Start();
        listener.RecordObservableInstruments();
        return sum;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _clients.Dispose();
        _meter.Dispose();
    }
}
