using KmsOperator.Planning;

namespace KmsOperator.Importing.Drafting;

/// <summary>The aliases of a key that a manifest names beside the first one.</summary>
internal static class ForeignAliases
{
    /// <summary>The further aliases, as many as a manifest may name; null if there are none.</summary>
    /// <param name="key">The key.</param>
    /// <param name="aliasName">The alias that the resource has already.</param>
    public static string[]? Additional(ForeignKey key, string aliasName) =>
        key.Aliases.Where(alias => alias != aliasName).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(AliasName.MaxAdditional).ToArray() is { Length: > 0 } names ? names : null;
}
