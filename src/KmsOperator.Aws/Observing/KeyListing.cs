using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace KmsOperator.Aws;

/// <summary>Lists the keys of an account and Region.</summary>
public static class KeyListing
{
    /// <summary>The ids of all keys, AWS's own included, by ListKeys.</summary>
    /// <param name="kms">Client of the Region.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    public static async Task<List<string>> ListIdsAsync(IAmazonKeyManagementService kms, CancellationToken cancellationToken)
    {
        var keyIds = new List<string>();
        string? marker = null;
        do
        {
            var page = await kms.ListKeysAsync(new ListKeysRequest { Limit = 1000, Marker = marker }, cancellationToken);
            keyIds.AddRange((page.Keys ?? []).Select(key => key.KeyId));
            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        return keyIds;
    }
}
