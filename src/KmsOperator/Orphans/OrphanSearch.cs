using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;

namespace KmsOperator.Orphans;

/// <summary>Looks in every account and Region that the cluster's KeyClasses reach for keys that no resource has. It only reads.</summary>
/// <param name="resources">The cluster's resources.</param>
/// <param name="regions">Clients of accounts and Regions.</param>
/// <param name="time">The clock.</param>
/// <param name="pause">How long to wait before each key, so that others get their turn; zero for not at all.</param>
/// <param name="isConcerned">Says of an account and Region whether to look there; null for everywhere.</param>
internal sealed class OrphanSearch(
    IClusterResources resources, RegionalClientFactory regions, TimeProvider time, TimeSpan pause = default, Func<string, string, bool>? isConcerned = null)
{
    /// <summary>Searches once.</summary>
    /// <param name="clusterId">Whose keys.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <exception cref="Kubernetes.KubernetesApiException">The API server refused a list.</exception>
    public async Task<OrphanReport> RunAsync(string clusterId, CancellationToken cancellationToken)
    {
        var (classes, unreadableClasses) = await resources.ReadClassesAsync(cancellationToken);
        var before = await resources.ReadOwnersAsync(cancellationToken);
        var listing = new TaggedKeyListing(time, pause);
        var keys = new List<TaggedKey>();
        var notes = new List<string>();
        var errors = unreadableClasses.Select(one => $"KeyClass {one.Metadata.Name}: {one.Message}").ToList();
        var searched = new HashSet<(string AccountId, string Region)>();
        var places = new List<(string AccountId, string Region)>();
        foreach (var access in AccessesOf(classes, before))
        {
            var place = $"{access.RoleArn ?? "the ambient credentials"}, {access.Region}";
            try
            {
                var accountId = await regions.GetAccountIdAsync(access, time.GetUtcNow(), cancellationToken);
                if (isConcerned?.Invoke(accountId, access.Region) == false || !searched.Add((accountId, access.Region)))
                {
                    continue;
                }

                var (found, unreadable) = await listing.ReadAsync(regions.For(access).Clients.Reading, accountId, access.Region, clusterId, cancellationToken);
                keys.AddRange(found);
                places.Add((accountId, access.Region));
                if (unreadable.Count > 0)
                {
                    notes.Add($"{accountId}, {access.Region}: {unreadable.Count} keys may not be read and are left out, for example {unreadable[0]}.");
                }
            }
            catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
            {
                errors.Add($"{place}: {AwsFailureAdvice.Explain(failure)}");
            }
        }

        // Resources are read before and after the keys. So a key that is made or let go meanwhile is not taken for an orphan.
        var after = await resources.ReadOwnersAsync(cancellationToken);
        return new OrphanReport(OrphanDetection.Judge(clusterId, keys, [.. before, .. after]), notes, errors) { Places = places };
    }

    /// <summary>The classes' own Regions, and those where their resources have keys: replicas are in other Regions than their class.</summary>
    private static IEnumerable<AwsAccess> AccessesOf(IReadOnlyList<KeyClass> classes, IReadOnlyList<KnownResource> resources)
    {
        var used = resources.Where(one => one is { ClassName: not null, Region: not null }).ToLookup(one => one.ClassName, one => one.Region!);
        return classes
            .SelectMany(one => used[one.Metadata.Name].Prepend(one.Spec.Region).Where(region => region.Length > 0).Select(region => ResolvedKey.AccessOf(one, region)))
            .Distinct()
            .OrderBy(access => access.RoleArn, StringComparer.Ordinal).ThenBy(access => access.Region, StringComparer.Ordinal);
    }
}
