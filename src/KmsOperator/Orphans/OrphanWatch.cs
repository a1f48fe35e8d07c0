using KmsOperator.Api;
using KmsOperator.Configuration;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Orphans;

/// <summary>
/// Looks for orphaned keys once after the start and then once a day, and reports them by log, event and metric. It only reads, one call at a time
/// and with pauses, so that reconciling never waits for it.
/// </summary>
internal sealed class OrphanWatch(
    OrphanSearch search, ResourceCaches caches, OrphanCount count, IEventRecorder events, OperatorSettings settings, TimeProvider time, ILogger<OrphanWatch> logger,
    Func<string, string, bool>? isConcerned = null)
{
    private static readonly TimeSpan Period = TimeSpan.FromDays(1);
    private static readonly TimeSpan PeriodAfterFailure = TimeSpan.FromHours(1);

    /// <summary>Looks until cancelled. To be run only while this instance is the leader, or holds the shard of the accounts and Regions that it looks at.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Creations that an earlier process began are settled within a consistency window.
        var wait = settings.ConsistencyWindow;
        try
        {
            while (true)
            {
                await Task.Delay(wait, time, cancellationToken);
                wait = await LookAsync(cancellationToken) ? Period : PeriodAfterFailure;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop. Where another instance looks now, that one has the figures.
            if (isConcerned is not null)
            {
                count.Set([], [], keepOthers: false, isConcerned);
            }
        }
    }

    /// <returns>Whether every account and Region could be searched.</returns>
    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        // What was made since then may be a key whose resource the caches do not show yet.
        var newest = time.GetUtcNow() - settings.ConsistencyWindow;
        var report = await search.RunAsync(settings.ClusterId, cancellationToken);
        var orphans = report.Orphans.Where(one => !(one.Key.Created > newest)).ToArray();
        foreach (var one in orphans)
        {
            logger.LogWarning("{Arn} has no resource: {Why}", one.Key.Arn, one.Why);
            if (FindOwner(one.Owner) is { } owner)
            {
                events.Record(owner, EventType.Warning, Reasons.KeyConflict, "FindOrphans", $"{one.Key.Arn} carries this resource's owner tag, but {one.Why}. Nothing is done to it; see docs/orphans.md.");
            }
        }

        foreach (var error in report.Errors)
        {
            logger.LogWarning("Orphaned keys could not be looked for: {Error}", error);
        }

        count.Set(report.Places, orphans, keepOthers: report.Errors.Count > 0, isConcerned);
        return report.Errors.Count == 0;
    }

    private IResource? FindOwner(string path)
    {
        if (path.Split('/') is not [var kind, var @namespace, var name])
        {
            return null;
        }

        var key = new NamespacedName(@namespace, name);
        return kind == ServiceKey.KindName && caches.ServiceKeys.TryGet(key, out var serviceKey) ? serviceKey
            : kind == KeyReplica.KindName && caches.KeyReplicas.TryGet(key, out var replica) ? replica
            : null;
    }
}
