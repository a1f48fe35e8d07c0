using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Ownership;

/// <summary>Finds and chooses keys by their owner tags.</summary>
internal static class OwnedKeys
{
    /// <summary>Whether a key carries a resource's owner tag and no other's.</summary>
    public static bool Carries(ObservedKey key, KeyOwner owner) =>
        key.Tags.GetValueOrDefault(TagNames.Owner) == owner.Path && KeyCompatibility.FindForeignOwner(key, owner) is null;

    /// <summary>The key that was made for exactly this resource, its uid included. Of several it is the oldest usable one.</summary>
    /// <param name="region">Where to look.</param>
    /// <param name="owner">The resource.</param>
    /// <param name="notBefore">How old the scan of the tags may be. Each key's tags are read again, since a scan may be older than they are.</param>
    /// <param name="exceptKeyId">A key that is not meant; null for none.</param>
    /// <param name="orPendingDeletion">Whether one that KMS is going to delete is meant, where there is no usable one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when there is none.</returns>
    public static async Task<ObservedKey?> FindAsync(
        RegionalClients region, KeyOwner owner, DateTimeOffset notBefore, string? exceptKeyId, bool orPendingDeletion, CancellationToken cancellationToken)
    {
        var scan = await region.Tags.GetAsync(notBefore, cancellationToken);
        var found = new List<ObservedKey>();
        foreach (var keyId in (scan.KeyIdsByOwner.GetValueOrDefault((owner.ClusterId, owner.Path)) ?? []).Union(region.Tags.RecordedFor(owner.ClusterId, owner.Path)))
        {
            if (keyId != exceptKeyId
                && await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken) is { } key
                && Carries(key, owner) && key.Tags.GetValueOrDefault(TagNames.Uid) == owner.Uid)
            {
                found.Add(key);
            }
        }

        var usable = Usable(found);
        return (usable.Count == 0 && orPendingDeletion ? found : usable).MinBy(key => (key.CreationDate, key.KeyId));
    }

    /// <summary>The keys that KMS is not going to delete.</summary>
    public static IReadOnlyList<ObservedKey> Usable(IReadOnlyList<ObservedKey> keys) => [.. keys.Where(key => !KeyStates.IsPendingDeletion(key.KeyState))];
}
