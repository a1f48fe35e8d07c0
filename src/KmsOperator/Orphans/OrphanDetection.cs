using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Orphans;

/// <summary>Says of each key of a cluster whether a resource has it. It decides nothing about what happens to the key.</summary>
internal static class OrphanDetection
{
    /// <summary>Compares keys with resources.</summary>
    /// <param name="clusterId">Whose keys; those with another <c>servicekey.dev/cluster</c> tag are left out.</param>
    /// <param name="keys">The keys of any accounts and Regions.</param>
    /// <param name="resources">All ServiceKeys and KeyReplicas. A resource that was read twice may be there twice: the key is in use if either names it.</param>
    /// <returns>One finding for each key of the cluster, in the order of the keys.</returns>
    public static IReadOnlyList<KeyFinding> Judge(string clusterId, IReadOnlyList<TaggedKey> keys, IReadOnlyList<KnownResource> resources)
    {
        var holders = resources.Where(one => one.KeyId is not null).ToLookup(one => (one.AccountId, one.Region, one.KeyId));
        var attempts = resources.Where(one => one.AttemptId is not null).ToLookup(one => one.AttemptId!);
        var owners = resources.ToLookup(one => one.Path);
        var ours = keys.Where(key => key.Tags.GetValueOrDefault(TagNames.Cluster) == clusterId).ToArray();
        var keysByOwner = ours.ToLookup(key => (key.Tags.GetValueOrDefault(TagNames.Owner), key.Tags.GetValueOrDefault(TagNames.Uid), key.AccountId, key.Region));
        return [.. ours.Select(key =>
        {
            var (standing, why) = Judge(key);
            return new KeyFinding(key, standing, key.Tags.GetValueOrDefault(TagNames.Owner) ?? "", why);
        })];

        (KeyStanding Standing, string Why) Judge(TaggedKey key)
        {
            if (holders[(key.AccountId, key.Region, key.KeyId)].FirstOrDefault() is { } holder)
            {
                return (KeyStanding.InUse, $"{holder.Path} has it");
            }

            if (KeyStates.IsPendingDeletion(key.State))
            {
                return (KeyStanding.PendingDeletion, "its deletion is scheduled");
            }

            if (key.Tags.GetValueOrDefault(TagNames.Attempt) is { } attempt && attempts[attempt].FirstOrDefault() is { } maker)
            {
                return (KeyStanding.InUse, $"{maker.Path} is making it");
            }

            if (key.Tags.GetValueOrDefault(TagNames.Released) is { } released)
            {
                return (KeyStanding.Retained, $"its resource was deleted and left it, {released}");
            }

            if (key.Tags.GetValueOrDefault(TagNames.Owner) is not { } path)
            {
                return (KeyStanding.Orphan, $"it has no tag {TagNames.Owner}, and no resource has it");
            }

            var named = owners[path].ToArray();
            if (named.Any(one => !one.IsReadable))
            {
                return (KeyStanding.Undecided, "its owner's object cannot be read");
            }

            if (named.Length == 0)
            {
                return (KeyStanding.Orphan, "its owner does not exist");
            }

            var uid = key.Tags.GetValueOrDefault(TagNames.Uid);
            if (named.LastOrDefault(one => one.Uid == uid) is not { } owner)
            {
                return (KeyStanding.Orphan, $"its owner was made again: the key was made for uid {uid ?? "(no tag)"}");
            }

            if (owner.KeyId is null)
            {
                return (KeyStanding.Orphan, "its owner has no key in its status");
            }

            // A multi-Region key has one id in several Regions.
            var isBeside = (owner.AccountId, owner.Region) == (key.AccountId, key.Region)
                && keysByOwner[(path, uid, key.AccountId, key.Region)].Any(other => other.KeyId == owner.KeyId);
            return isBeside
                ? (KeyStanding.Doubled, $"its owner has key {owner.KeyId}, with the same tags")
                : (KeyStanding.Orphan, $"its owner has key {owner.KeyId} in {owner.AccountId}, {owner.Region}");
        }
    }
}
