using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace KmsOperator.Orphans;

/// <summary>The metric <c>kmsoperator_orphaned_keys</c>: how many there were when each account and Region was searched last.</summary>
internal sealed class OrphanCount
{
    private ImmutableDictionary<(string AccountId, string Region), int> _places = ImmutableDictionary<(string AccountId, string Region), int>.Empty;

    /// <param name="meter">Where the metric is.</param>
    public OrphanCount(Meter meter) => meter.CreateObservableGauge(
        "kmsoperator_orphaned_keys", () => Volatile.Read(ref _places).Values.Sum(), null, "Keys of this cluster that no resource has, as last looked for.");

    /// <summary>Takes up what a search found.</summary>
    /// <param name="searched">The accounts and Regions that were searched.</param>
    /// <param name="orphans">The orphaned keys there.</param>
    /// <param name="keepOthers">Whether the figures of places that were not searched stay.</param>
    /// <param name="isConcerned">The places that the search was about; null for all. The figures of others stay in any case.</param>
    public void Set(
        IReadOnlyList<(string AccountId, string Region)> searched, IReadOnlyList<KeyFinding> orphans, bool keepOthers,
        Func<string, string, bool>? isConcerned = null) => ImmutableInterlocked.Update(
            ref _places,
            places => (keepOthers ? places : places.RemoveRange(places.Keys.Where(place => isConcerned?.Invoke(place.AccountId, place.Region) != false)))
                .SetItems(searched.Select(place => KeyValuePair.Create(place, orphans.Count(one => (one.Key.AccountId, one.Key.Region) == place)))));
}
