using System.Collections.Concurrent;
using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// Names reserved for keys that are about to be made, so that two new resources that want the same alias do not both make a
/// key. KMS itself has the last word: CreateAlias fails for the second one.
/// </summary>
internal sealed class AliasClaims
{
    private readonly ConcurrentDictionary<(KeyLocation Location, string AliasName), KeyOwner> _claims = new();

    /// <summary>Reserves a name and gives back any other that the same resource had reserved.</summary>
    /// <returns>Who holds the name: <paramref name="owner"/> if it was free.</returns>
    public KeyOwner Claim(KeyLocation location, string aliasName, KeyOwner owner)
    {
        foreach (var (name, holder) in _claims)
        {
            if (holder.Uid == owner.Uid && name != (location, aliasName))
            {
                _claims.TryRemove(name, out _);
            }
        }

        return _claims.GetOrAdd((location, aliasName), owner);
    }

    /// <summary>The finding for a name that another resource wants as well and gets.</summary>
    public static Finding Conflict(string aliasName, string holder) => Finding.Stalled(
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
