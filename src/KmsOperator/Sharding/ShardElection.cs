using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Sharding;

/// <summary>
/// Shares the shards out among several instances, by a Lease for each shard. An instance takes free and expired leases up to its share, and gives back what
/// it holds beyond its share. To lose one lease ends the work of that shard only.
/// </summary>
/// <remarks>
/// Instances that disagree about the number of shards disagree about what is in each of them. So all instances of one number hold one more Lease together, under
/// an identity that says the number, and nobody releases it: instances of another number work only once none of these has renewed it for its duration. It is
/// the Lease of an instance that works alone, so that such a one is excluded as well.
/// </remarks>
/// <param name="api">The API server.</param>
/// <param name="key">The common Lease. The others' names begin with its name: <c>{name}-shard-0</c> and so on, and <c>{name}-members</c>.</param>
/// <param name="identity">Identifies this instance. It must be unique, and another one after a restart.</param>
/// <param name="map">How many shards there are.</param>
/// <param name="options">The leases' durations.</param>
/// <param name="time">Its monotonic clock decides.</param>
/// <param name="random">Spreads the attempts of the instances.</param>
/// <param name="logger">Gets what is taken, lost and given back.</param>
/// <param name="fenceClock">See <see cref="LeaderLease"/>.</param>
/// <param name="wrapFence">Wraps the fence of each shard; for tests.</param>
internal sealed class ShardElection(
    IKubernetesApi api, NamespacedName key, string identity, ShardMap map, LeaderLeaseOptions options, TimeProvider time, Random random, ILogger logger,
    TimeProvider? fenceClock = null, Func<IWriteFence, IWriteFence>? wrapFence = null)
{
    private const ConfigureAwaitOptions Quietly = ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext;

    private readonly ShardMembers _members = new(api, key with { Name = $"{key.Name}-members" }, identity, options.LeaseDuration, time, logger);
    private readonly Held?[] _held = new Held?[map.Count];

    /// <summary>The lease of each shard.</summary>
    public IReadOnlyList<LeaderLease> Leases { get; } =
        [.. Enumerable.Range(0, map.Count).Select(shard => new LeaderLease(api, key with { Name = NameOf(key.Name, shard) }, identity, options, time, random, logger, fenceClock))];

    /// <summary>The lease of all instances of this number of shards.</summary>
    public LeaderLease Common { get; } = new(api, key, $"shards-of-{map.Count}", options with { IsShared = true }, time, random, logger, fenceClock);

    /// <summary>How many shards there are.</summary>
    public ShardMap Map => map;

    /// <summary>The fence of a shard that this instance holds.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="accountOf">The account of credentials; null where it is not known.</param>
    /// <param name="ended">Cancelled when the shard is lost or given back.</param>
    public IWriteFence FenceOf(int shard, Func<AwsAccess, string?> accountOf, CancellationToken ended)
    {
        var fence = new ShardFence(map, shard, Common, Leases[shard], accountOf, ended);
        return wrapFence?.Invoke(fence) ?? fence;
    }

    /// <summary>Name of the lease of a shard.</summary>
    public static string NameOf(string prefix, int shard) => $"{prefix}-shard-{shard}";

    /// <summary>Takes and gives back shards until cancelled, and works on those that it holds.</summary>
    /// <param name="whileHeld">The work on a shard; see <see cref="LeaderLease.RunAsync"/> for the two tokens.</param>
    /// <param name="cancellationToken">Ends it. The leases are kept until the work has ended, and then released.</param>
    public async Task RunAsync(Func<int, CancellationToken, CancellationToken, Task> whileHeld, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var share = Task.CompletedTask;
            try
            {
                await Common.RunAsync((stop, lost) => share = ShareAsync(whileHeld, stop, lost), cancellationToken);
            }
            catch (LeaseLostException e)
            {
                logger.LogWarning("{Reason} This instance stops working on all shards, and asks for them anew.", e.Message);
                await share.ConfigureAwait(Quietly);
            }
        }
    }

    /// <summary>Takes, gives back and works while the instances of this number of shards hold the common lease.</summary>
    private async Task ShareAsync(Func<int, CancellationToken, CancellationToken, Task> whileHeld, CancellationToken stop, CancellationToken lost)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            // Instances that start together see each other before one of them takes everything.
            if (await BeatAsync(ending.Token))
                await LookAsync(ending.Token);
            await WaitAsync(ending.Token);
            while (!ending.IsCancellationRequested)
            {
                await EndedAsync();
                if (await BeatAsync(ending.Token) && await LookAsync(ending.Token))
                    await BalanceAsync(whileHeld, ending.Token, lost);
                await WaitAsync(ending.Token);
            }
        }
        finally
        {
            ending.Cancel();
            using var limit = new CancellationTokenSource(options.RenewDeadline / 2, time);
            await _members.LeaveAsync(limit.Token);
            var held = _held.OfType<Held>().ToList();
            await Task.WhenAll(held.Select(one => one.Task)).ConfigureAwait(Quietly);
            held.ForEach(one => one.Dispose());
            Array.Clear(_held);
        }
    }

    private async Task<bool> BeatAsync(CancellationToken cancellationToken)
    {
        // An API server that does not answer must not keep this instance from looking at it again.
        using var deadline = new CancellationTokenSource(options.RenewDeadline / 2, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        return await _members.BeatAsync(either.Token);
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        double jitter;
        lock (random)
            jitter = 0.2 * random.NextDouble();
        await Task.Delay(options.RetryPeriod * (1 + jitter), time, cancellationToken).ConfigureAwait(Quietly);
    }

    /// <summary>Forgets the shards whose work has ended; work that has failed ends this instance.</summary>
    private async Task EndedAsync()
    {
        for (var shard = 0; shard < _held.Length; shard++)
        {
            if (_held[shard] is not { Task.IsCompleted: true } ended)
                continue;
            _held[shard] = null;
            ended.Dispose();
            await ended.Task;
        }
    }

    /// <summary>Sees who holds the other shards.</summary>
    /// <returns>False if the API server could not be asked.</returns>
    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        for (var shard = 0; shard < _held.Length; shard++)
        {
            if (_held[shard] is null && !await Leases[shard].LookAsync(cancellationToken))
                return false;
        }
        return true;
    }

    private async Task BalanceAsync(Func<int, CancellationToken, CancellationToken, Task> whileHeld, CancellationToken cancellationToken, CancellationToken lost)
    {
        // Who lets a lease expire is not waited for as a member as well.
        var others = Leases.Where((_, shard) => _held[shard] is null);
        var dead = others.Where(lease => lease.IsSeenExpired).Select(lease => ShardMembers.NameOf(lease.SeenHolder!)).ToHashSet(StringComparer.Ordinal);
        var self = ShardMembers.NameOf(identity);
        var target = ShardBalance.TargetOf(self, _members.Live.Where(member => !dead.Contains(member)), map.Count);
        var kept = Enumerable.Range(0, map.Count).Where(shard => _held[shard] is { IsGivenBack: false }).ToList();
        foreach (var shard in ShardBalance.Surplus(kept, target))
        {
            logger.LogInformation("{Identity} gives back {Lease}: its share is {Target} of {Count}", identity, Leases[shard].Name, target, map.Count);
            _held[shard]!.GiveBack();
        }

        var count = kept.Count;
        for (var shard = 0; shard < map.Count && count < target && !cancellationToken.IsCancellationRequested; shard++)
        {
            var lease = Leases[shard];
            if (_held[shard] is not null || (lease.SeenHolder is { } holder && holder != identity && !lease.IsSeenExpired))
                continue;
            if (!await lease.TryTakeAsync(cancellationToken))
                continue;
            var release = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _held[shard] = new(HoldAsync(shard, whileHeld, release.Token, lost), release);
            count++;
        }
    }

    /// <summary>Works on a shard until its lease is given back or lost, or the common lease is lost.</summary>
    private async Task HoldAsync(int shard, Func<int, CancellationToken, CancellationToken, Task> whileHeld, CancellationToken cancellationToken, CancellationToken allLost)
    {
        var work = Task.CompletedTask;
        try
        {
            await Leases[shard].HoldAsync((stop, lost) => work = WorkAsync(stop, lost), cancellationToken);
        }
        catch (LeaseLostException e)
        {
            logger.LogWarning("{Reason} This instance stops working on that shard, and goes on with the others.", e.Message);

            // The lease may be taken again only after that.
            await work.ConfigureAwait(Quietly);
        }

        async Task WorkAsync(CancellationToken stop, CancellationToken lost)
        {
            using var anyLost = CancellationTokenSource.CreateLinkedTokenSource(lost, allLost);
            await whileHeld(shard, stop, anyLost.Token);
        }
    }

    /// <summary>A shard that this instance works on.</summary>
    private sealed record Held(Task Task, CancellationTokenSource Release) : IDisposable
    {
        public bool IsGivenBack => Release.IsCancellationRequested;

        public void GiveBack() => Release.Cancel();

        public void Dispose() => Release.Dispose();
    }
}
