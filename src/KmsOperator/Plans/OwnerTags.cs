using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Planning;

namespace KmsOperator.Plans;

/// <summary>
/// Finds in the tags of keys what only a cluster knows: the cluster's id, and the uids of resources. Without it, a plan without a cluster would show a change
/// of those tags on each key.
/// </summary>
/// <param name="regions">Clients of accounts and Regions.</param>
/// <param name="now">The moment of the plan.</param>
internal sealed class OwnerTags(RegionalClientFactory regions, DateTimeOffset now)
{
    /// <summary>The cluster ids that the keys of resources carry, each once.</summary>
    /// <param name="resources">ServiceKeys and their classes.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    public async Task<IReadOnlyList<string>> FindClusterIdsAsync(IEnumerable<(ServiceKey Key, KeyClass KeyClass)> resources, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, keyClass) in resources)
        {
            foreach (var tags in await TagsOfAsync(key, keyClass, cancellationToken))
            {
                if (tags.GetValueOrDefault(TagNames.Owner) == PathOf(ServiceKey.KindName, key) && tags.GetValueOrDefault(TagNames.Cluster) is { } cluster)
                {
                    found.Add(cluster);
                }
            }
        }

        return [.. found.Order(StringComparer.Ordinal)];
    }

    /// <summary>The uid of a ServiceKey, by the tags of the key that it has.</summary>
    /// <returns>Null when no key carries it.</returns>
    public async Task<string?> FindUidAsync(ServiceKey key, KeyClass keyClass, string clusterId, CancellationToken cancellationToken) =>
        UidIn(await TagsOfAsync(key, keyClass, cancellationToken), PathOf(ServiceKey.KindName, key), clusterId);

    /// <summary>The uid of a KeyReplica, by the tags of the key that it has.</summary>
    /// <param name="replica">The KeyReplica.</param>
    /// <param name="primaryKeyId">Its primary's key.</param>
    /// <param name="keyClass">Its class.</param>
    /// <param name="clusterId">The cluster id.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>Null when no key carries it.</returns>
    public async Task<string?> FindUidAsync(KeyReplica replica, string primaryKeyId, KeyClass keyClass, string clusterId, CancellationToken cancellationToken)
    {
        var region = regions.For(ResolvedKey.AccessOf(keyClass, replica.Spec.Region));
        return UidIn(await TagsOfAsync(region, [primaryKeyId], cancellationToken), PathOf(KeyReplica.KindName, replica), clusterId);
    }

    private async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> TagsOfAsync(ServiceKey key, KeyClass keyClass, CancellationToken cancellationToken)
    {
        var region = regions.For(ResolvedKey.AccessOf(keyClass, keyClass.Spec.Region));
        try
        {
            var keyIds = new HashSet<string>(StringComparer.Ordinal);
            if (key.Spec.Adopt is { } adopt && await KeyObserver.DescribeAsync(region.Clients.Reading, adopt.KeyId, cancellationToken) is { } adopted)
            {
                keyIds.Add(adopted.KeyId);
            }

            if ((await region.Aliases.GetAsync(now, cancellationToken)).GetValueOrDefault(ServiceKeyResolver.AliasOf(key, keyClass)) is { } named)
            {
                keyIds.Add(named);
            }

            var path = PathOf(ServiceKey.KindName, key);
            keyIds.UnionWith((await region.Tags.GetAsync(now, cancellationToken)).KeyIdsByOwner.Where(entry => entry.Key.Owner == path).SelectMany(entry => entry.Value));
            return await TagsOfAsync(region, keyIds, cancellationToken);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is not null)
        {
            // The reconciler asks for the same, and says why there is no answer.
            return [];
        }
    }

    private static async Task<IReadOnlyList<IReadOnlyDictionary<string, string>>> TagsOfAsync(RegionalClients region, IEnumerable<string> keyIds, CancellationToken cancellationToken)
    {
        var found = new List<IReadOnlyDictionary<string, string>>();
        foreach (var keyId in keyIds)
        {
            try
            {
                found.Add(await KeyObserver.ListTagsAsync(region.Clients.Reading, keyId, cancellationToken));
            }
            catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is not null)
            {
                // As above: a key that does not exist or may not be read.
            }
        }

        return found;
    }

    private static string? UidIn(IEnumerable<IReadOnlyDictionary<string, string>> keys, string path, string clusterId) => keys
        .Where(tags => tags.GetValueOrDefault(TagNames.Owner) == path && tags.GetValueOrDefault(TagNames.Cluster) == clusterId)
        .Select(tags => tags.GetValueOrDefault(TagNames.Uid))
        .FirstOrDefault(uid => uid is not null);

    private static string PathOf(string kind, IResource resource) => KeyOwner.PathOf(kind, resource.Metadata.Namespace, resource.Metadata.Name);
}
