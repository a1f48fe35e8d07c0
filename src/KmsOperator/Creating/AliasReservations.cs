using System.Collections.Concurrent;
using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// Names reserved for keys that are about to be made, so that two new resources that want the same alias do not both make a
/// key. KMS itself has the last word: CreateAlias fails for the second one.
/// </summary>
internal sealed class AliasReservations
{
    private readonly ConcurrentDictionary<(KeyLocation Location, string AliasName), KeyOwner> _claims = new();

    /// <summary>Reserves a name and gives back any other that the same resource had reserved.</summary>
    /// <param name="location">Account and Region.</param>
    /// <param name="aliasName">The name.</param>
    /// <param name="owner">The resource that wants it.</param>
    /// <param name="isThere">Whether a resource still exists: what one that is gone had reserved is free.</param>
    /// <returns>Who holds the name: <paramref name="owner"/> if it was free.</returns>
    public KeyOwner Claim(KeyLocation location, string aliasName, KeyOwner owner, Func<KeyOwner, bool> isThere)
    {
        foreach (var (name, holder) in _claims)
        {
            if (holder.Uid == owner.Uid && name != (location, aliasName))
            {
                _claims.TryRemove(name, out _);
            }
        }

        while (true)
        {
            var claimant = _claims.GetOrAdd((location, aliasName), owner);
            if (claimant.Uid == owner.Uid || isThere(claimant))
            {
                return claimant;
            }

            _claims.TryRemove(KeyValuePair.Create((location, aliasName), claimant));
        }
    }

    /// <summary>The error for a name that another resource wants as well and gets.</summary>
    public static ReconcileError Conflict(string aliasName, string holder) => ReconcileError.Terminal(
        Reasons.AliasConflict, $"{aliasName} is wanted by {holder} as well, which came first. Set spec.alias to another name.");

    /// <summary>Gives back what a resource had reserved: it has its alias now, or is gone.</summary>
    public void Release(string uid)
    {
        foreach (var (name, holder) in _claims)
        {
            if (holder.Uid == uid)
            {
                _claims.TryRemove(name, out _);
            }
        }
    }
}
