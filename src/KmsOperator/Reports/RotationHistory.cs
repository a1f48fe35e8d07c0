using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace KmsOperator.Reports;

/// <summary>Reads how often a key was rotated, by itself and on demand.</summary>
internal static class RotationHistory
{
    /// <summary>The number of rotations, and when the last one was.</summary>
    /// <param name="kms">Reading client of the key's Region.</param>
    /// <param name="keyId">A key that can rotate.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    public static async Task<(int Count, DateTimeOffset? Last)> ReadAsync(IAmazonKeyManagementService kms, string keyId, CancellationToken cancellationToken)
    {
        var dates = new List<DateTimeOffset>();
        string? marker = null;
        do
        {
            var page = await kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = keyId, Marker = marker }, cancellationToken);
            dates.AddRange((page.Rotations ?? []).Select(rotation => rotation.RotationDate).OfType<DateTime>().Select(date => new DateTimeOffset(date.ToUniversalTime())));
            marker = page.Truncated == true ? page.NextMarker : null;
        }
        while (marker is not null);

        return (dates.Count, dates.Count == 0 ? null : dates.Max());
    }
}
