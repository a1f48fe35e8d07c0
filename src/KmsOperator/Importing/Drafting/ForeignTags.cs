using KmsOperator.Api;

namespace KmsOperator.Importing.Drafting;

/// <summary>Which tags of a key its manifest names. Tags that no manifest names stay on the key: the operator removes only what it put.</summary>
internal static class ForeignTags
{
    /// <summary>KMS's limit for a key.</summary>
    public const int MaxOnKey = 50;

    // As in the CRDs: the rest is for the operator's own.
    private const int MaxInManifest = 45;

    /// <summary>The tags that a manifest may name: none of AWS's own and of the operator's, and not more than fit.</summary>
    public static IReadOnlyDictionary<string, string> Of(ForeignKey key) => new SortedDictionary<string, string>(
        key.Tags
            .Where(tag => !tag.Key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) && !tag.Key.StartsWith(TagNames.Prefix, StringComparison.Ordinal))
            .OrderBy(tag => tag.Key != TagNames.Name).ThenBy(tag => tag.Key, StringComparer.Ordinal)
            .Take(MaxInManifest).ToDictionary(),
        StringComparer.Ordinal);
}
