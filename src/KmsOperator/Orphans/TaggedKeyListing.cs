using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;

namespace KmsOperator.Orphans;

/// <summary>Reads the keys of one account and Region that carry a cluster's tag: ListKeys, ListResourceTags for each key, DescribeKey for the cluster's.</summary>
/// <param name="time">The clock.</param>
/// <param name="pause">How long to wait before each key, so that others get their turn; zero for not at all.</param>
internal sealed class TaggedKeyListing(TimeProvider time, TimeSpan pause)
{
    /// <summary>The keys of the cluster.</summary>
    /// <param name="kms">Reading client of the Region.</param>
    /// <param name="accountId">The account that its credentials belong to.</param>
    /// <param name="region">Its Region.</param>
    /// <param name="clusterId">Whose keys.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The keys, and the ids of those whose tags may not be read.</returns>
    public async Task<(List<TaggedKey> Keys, List<string> Unreadable)> ReadAsync(
        IAmazonKeyManagementService kms, string accountId, string region, string clusterId, CancellationToken cancellationToken)
    {
        var keys = new List<TaggedKey>();
        var unreadable = new List<string>();
        foreach (var keyId in await KeyListing.ListIdsAsync(kms, cancellationToken))
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time, cancellationToken);
            }

            try
            {
                var tags = await KeyObserver.ListTagsAsync(kms, keyId, cancellationToken);
                if (tags.GetValueOrDefault(TagNames.Cluster) == clusterId && await KeyObserver.DescribeAsync(kms, keyId, cancellationToken) is { } key)
                {
                    var marks = tags.Where(tag => tag.Key.StartsWith(TagNames.Prefix, StringComparison.Ordinal)).ToDictionary();
                    keys.Add(new TaggedKey(accountId, region, key.KeyId, key.Arn, key.KeyState, key.CreationDate, marks));
                }
            }
            catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.AccessDenied)
            {
                unreadable.Add(keyId);
            }
            catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.NotFound)
            {
                // Deleted meanwhile.
            }
        }

        return (keys, unreadable);
    }
}
