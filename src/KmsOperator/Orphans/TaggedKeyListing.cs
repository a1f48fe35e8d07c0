using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Aws;

namespace KmsOperator.Orphans;

/// <summary>Reads the keys of one account and Region that carry a cluster's tag: ListKeys, ListResourceTags for each key, DescribeKey for the cluster's.</summary>
internal static class TaggedKeyListing
{
    /// <summary>The keys of the cluster.</summary>
    /// <param name="kms">Reading client of the Region.</param>
    /// <param name="accountId">The account that its credentials belong to.</param>
    /// <param name="region">Its Region.</param>
    /// <param name="clusterId">Whose keys.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The keys, and the ids of those whose tags may not be read.</returns>
    public static async Task<(List<TaggedKey> Keys, List<string> Unreadable)> ReadAsync(
        IAmazonKeyManagementService kms, string accountId, string region, string clusterId, CancellationToken cancellationToken)
    {
        var keys = new List<TaggedKey>();
        var unreadable = new List<string>();
        string? marker = null;
        do
        {
            var page = await kms.ListKeysAsync(new ListKeysRequest { Limit = 1000, Marker = marker }, cancellationToken);
            foreach (var entry in page.Keys ?? [])
            {
                try
                {
                    var tags = await KeyObserver.ListTagsAsync(kms, entry.KeyId, cancellationToken);
                    if (tags.GetValueOrDefault(TagNames.Cluster) == clusterId && await KeyObserver.DescribeAsync(kms, entry.KeyId, cancellationToken) is { } key)
                    {
                        keys.Add(new TaggedKey(accountId, region, key.KeyId, key.Arn, key.KeyState, key.CreationDate, tags));
                    }
                }
                catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.AccessDenied)
                {
                    unreadable.Add(entry.KeyId);
                }
                catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.NotFound)
                {
                    // Deleted meanwhile.
                }
            }

            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        return (keys, unreadable);
    }
}
