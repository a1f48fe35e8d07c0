using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The tags of a key.</summary>
public static class KeyTags
{
    /// <summary>KMS's limit, creation attempt included.</summary>
    /// <remarks>Source: AWS KMS API reference, TagResource.</remarks>
    public const int MaxTags = 50;

    /// <summary>Most characters in a tag's value.</summary>
    /// <remarks>Source: AWS KMS API reference, Tag.</remarks>
    public const int MaxValueLength = 256;

    /// <summary>The tags that mark a key as a resource's, as far as the key does not have them. A tag with another value is not missing.</summary>
    /// <param name="owner">The resource that owns the key.</param>
    /// <param name="tags">The key's tags.</param>
    public static Dictionary<string, string> FindMissing(KeyOwner owner, IReadOnlyDictionary<string, string> tags) =>
        Merge(owner, null).Where(tag => !tags.ContainsKey(tag.Key)).ToDictionary();

    /// <summary>The resource that owns a key by its tags.</summary>
    /// <returns>Null where one of the three tags is missing or no owner's.</returns>
    public static KeyOwner? OwnerIn(IReadOnlyDictionary<string, string> tags) =>
        tags.GetValueOrDefault(TagNames.Owner)?.Split('/') is [{ Length: > 0 } kind, { Length: > 0 } @namespace, { Length: > 0 } name]
        && tags.GetValueOrDefault(TagNames.Uid) is { } uid && tags.GetValueOrDefault(TagNames.Cluster) is { } cluster
            ? new KeyOwner(kind, @namespace, name, uid, cluster)
            : null;

    /// <summary>The operator's tags on top of the given layers; later layers win over earlier ones.</summary>
    /// <param name="owner">The resource that owns the key.</param>
    /// <param name="defaultName">The <c>Name</c> tag, unless a layer sets one; null where it is not known yet.</param>
    /// <param name="layers">Tags of the class, then those of the resource.</param>
    public static Dictionary<string, string> Merge(
        KeyOwner owner, string? defaultName, params ReadOnlySpan<IReadOnlyDictionary<string, string>?> layers)
    {
        var tags = new Dictionary<string, string>();
        if (defaultName is not null)
        {
            tags[TagNames.Name] = defaultName;
        }

        foreach (var layer in layers)
        {
            foreach (var (key, value) in layer ?? new Dictionary<string, string>())
            {
                tags[key] = value;
            }
        }

        tags[TagNames.Cluster] = owner.ClusterId;
        tags[TagNames.Owner] = owner.Path;
        tags[TagNames.Uid] = owner.Uid;
        return tags;
    }
}
