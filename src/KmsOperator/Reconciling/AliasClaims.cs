using System.Collections.Concurrent;
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
