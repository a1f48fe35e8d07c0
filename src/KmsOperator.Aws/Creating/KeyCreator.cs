using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Aws;

/// <summary>
/// The two calls that make a key. Each is sent exactly once; the caller has recorded the attempt before and settles it if the
/// answer is lost.
/// </summary>
public static class KeyCreator
{
    /// <summary>Makes a key, with policy, description and tags in the one call.</summary>
    /// <param name="kms">Writing client of the key's Region.</param>
    /// <param name="desired">The key.</param>
    /// <param name="attemptId">Goes into the key's attempt tag.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, not the call's effect.</param>
    /// <returns>The key as KMS made it, with what was sent along.</returns>
    public static async Task<ObservedKey> CreateAsync(
        IAmazonKeyManagementService kms, DesiredKey desired, string attemptId, CancellationToken cancellationToken)
    {
        var tags = WithAttempt(desired.Tags, attemptId);
        var response = await kms.CreateKeyAsync(
            new CreateKeyRequest
            {
                Description = desired.Description,
                KeySpec = desired.KeySpec,
                KeyUsage = desired.KeyUsage,

                // KMS's default is not sent.
                Origin = desired.Origin == KeyOrigins.Kms ? null : desired.Origin,
                CustomKeyStoreId = desired.CustomKeyStoreId,
                XksKeyId = desired.XksKeyId,
                MultiRegion = desired.MultiRegion,
                Policy = desired.Policy.Text,
                Tags = ToTags(tags),
            },
            cancellationToken);
        var created = Complete(response.KeyMetadata, desired, tags);
        return created with
        {
            Materials = created.Origin == KeyOrigins.External && created.KeySpec == KeySpecs.Default ? [] : null,
            Rotation = desired.Rotation is null ? null : new ObservedRotation(false, null, null),
        };
    }

    /// <summary>Makes a replica of <see cref="DesiredKey.Primary"/>, with policy, description and tags in the one call.</summary>
    /// <param name="kms">Writing client of the <em>primary's</em> Region.</param>
    /// <param name="desired">The replica.</param>
    /// <param name="attemptId">Goes into the replica's attempt tag.</param>
    /// <param name="cancellationToken">Ends the wait for the answer, not the call's effect.</param>
    /// <returns>The replica, in state Creating most of the time.</returns>
    public static async Task<ObservedKey> ReplicateAsync(
        IAmazonKeyManagementService kms, DesiredKey desired, string attemptId, CancellationToken cancellationToken)
    {
        var tags = WithAttempt(desired.Tags, attemptId);
        var response = await kms.ReplicateKeyAsync(
            new ReplicateKeyRequest
            {
                KeyId = desired.Primary!.KeyId,
                ReplicaRegion = desired.Location.Region,
                Description = desired.Description,
                Policy = desired.Policy.Text,
                Tags = ToTags(tags),
            },
            cancellationToken);
        return Complete(response.ReplicaKeyMetadata, desired, tags);
    }

    /// <summary>Tags as the SDK takes them.</summary>
    internal static List<Tag> ToTags(IReadOnlyDictionary<string, string> tags) =>
        [.. tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => new Tag { TagKey = tag.Key, TagValue = tag.Value })];

    private static Dictionary<string, string> WithAttempt(IReadOnlyDictionary<string, string> tags, string attemptId) =>
        new(tags) { [TagNames.Attempt] = attemptId };

    private static ObservedKey Complete(KeyMetadata metadata, DesiredKey desired, IReadOnlyDictionary<string, string> tags) =>
        KeyObserver.FromMetadata(metadata) with { Policy = desired.Policy.Text, Description = desired.Description, Tags = tags };
}
