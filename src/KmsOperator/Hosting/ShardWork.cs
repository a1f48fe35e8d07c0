using KmsOperator.Aws;
using KmsOperator.Kinds;
using KmsOperator.Orphans;
using KmsOperator.Sharding;

namespace KmsOperator.Hosting;

/// <summary>The work on the shards that this instance holds. For each of them there is a tenure, with clients whose writes pass by the lease of that shard.</summary>
/// <param name="election">Shares the shards out.</param>
/// <param name="tenures">The shards that this instance holds.</param>
/// <param name="clients">The clients whose connections all shards share.</param>
/// <param name="newServices">What the kinds share, with clients and a fence.</param>
/// <param name="newOrphanWatch">Looks for orphaned keys in some accounts and Regions; null where nobody looks.</param>
/// <param name="kinds">The kinds, with their queues.</param>
/// <param name="time">The clock.</param>
internal sealed class ShardWork(
    ShardElection election,
    ShardTenures tenures,
    AwsClients clients,
    Func<AwsClients, IWriteFence, ReconcilerServices> newServices,
    Func<ReconcilerServices, Func<string, string, bool>, OrphanWatch?> newOrphanWatch,
    IReadOnlyList<KindRegistration> kinds,
    TimeProvider time)
{
    // As long as the controllers have when the operator stops.
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(30);

    /// <summary>Works until cancelled; then ends what is in hand and gives the shards back.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => election.RunAsync(WorkAsync, cancellationToken);

    /// <summary>Works on one shard.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="stop">Ends it; the reconciles in progress are finished.</param>
    /// <param name="lost">Cancels the reconciles in progress as well, at once.</param>
    private async Task WorkAsync(int shard, CancellationToken stop, CancellationToken lost)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(lost);
        RegionalClientFactory? regions = null;
        var fence = election.FenceOf(shard, access => regions?.FindAccountId(access), ended.Token);
        using var own = clients.Under(fence);
        using var tenure = new ShardTenure(shard, newServices(own, fence), time);
        regions = tenure.Services.Regions;
        var orphans = newOrphanWatch(tenure.Services, (accountId, region) => election.Map.OfPlace(accountId, region) == shard)?.RunAsync(stop) ?? Task.CompletedTask;
        tenures.Begin(tenure);
        foreach (var kind in kinds)
        {
            // The queue takes only those of the shards that are held.
            foreach (var key in kind.List())
            {
                kind.Queue.Add(key);
            }
        }

        await WaitAsync(stop);
        tenures.End(tenure);
        await tenure.CloseAsync(GracePeriod, lost);
        await orphans;
        ended.Cancel();
    }

    private async Task WaitAsync(CancellationToken stop) =>
        await Task.Delay(Timeout.InfiniteTimeSpan, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
