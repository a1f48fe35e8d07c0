using System.Collections.Concurrent;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Ownership;

/// <summary>
/// Alias names that are reserved for keys about to be created, so that two new resources that want the same alias do not both create a key.
/// KMS has the last word: CreateAlias fails for the second one.
/// </summary>
internal sealed class AliasReservations
{
    private readonly ConcurrentDictionary<(KeyLocation Location, string AliasName), KeyOwner> _reservations = new();

    /// <summary>Reserves a name for a resource, and releases any other name that the same resource had reserved.</summary>
    /// <param name="location">Account and Region.</param>
    /// <param name="aliasName">The name.</param>
    /// <param name="owner">The resource that wants it.</param>
    /// <param name="exists">Whether a resource still exists: a name that a deleted resource had reserved is free.</param>
    /// <returns>The resource that holds the name: <paramref name="owner"/> if the name was free.</returns>
    public KeyOwner Reserve(KeyLocation location, string aliasName, KeyOwner owner, Func<KeyOwner, bool> exists)
    {
        ReleaseOthers(location, aliasName, owner.Uid);
        while (true)
        {
            var holder = _reservations.GetOrAdd((location, aliasName), owner);
            if (holder.Uid == owner.Uid || exists(holder))
            {
                return holder;
            }

            _reservations.TryRemove(KeyValuePair.Create((location, aliasName), holder));
        }
    }

    /// <summary>Releases what a resource had reserved but for one name.</summary>
    /// <param name="location">Account and Region.</param>
    /// <param name="aliasName">The name that stays reserved, if it is.</param>
    /// <param name="uid">The resource.</param>
    public void ReleaseOthers(KeyLocation location, string aliasName, string uid) => Release(uid, reserved => reserved != (location, aliasName));

    /// <summary>Releases what a resource had reserved: it has its alias now, or it no longer exists.</summary>
    public void Release(string uid) => Release(uid, _ => true);

    /// <summary>Releases names that a resource had reserved and is not to get any more.</summary>
    public void Release(string uid, AliasesLost lost) => Release(uid, reserved => reserved.Location.Region == lost.Region && lost.Names.Contains(reserved.AliasName));

    private void Release(string uid, Func<(KeyLocation Location, string AliasName), bool> isReleased)
    {
        foreach (var (name, holder) in _reservations)
        {
            if (holder.Uid == uid && isReleased(name))
            {
                _reservations.TryRemove(name, out _);
            }
        }
    }
}
