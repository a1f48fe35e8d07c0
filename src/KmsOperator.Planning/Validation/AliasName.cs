namespace KmsOperator.Planning;

/// <summary>KMS's rules for the names of aliases.</summary>
/// <remarks>Source: AWS KMS API reference, CreateAlias.</remarks>
public static class AliasName
{
    /// <summary>What every alias name begins with.</summary>
    public const string Prefix = "alias/";

    /// <summary>Longest name in characters, <see cref="Prefix"/> included.</summary>
    public const int MaxLength = 256;

    /// <summary>How many <c>spec.additionalAliases</c> a resource may have.</summary>
    /// <remarks>KMS permits 50 aliases for a key, and an alias that is replaced stays until the new one is there.</remarks>
    public const int MaxAdditional = 20;

    internal const string Field = "spec.alias";
    internal const string AdditionalField = "spec.additionalAliases";
    internal const string ReservedPrefix = "alias/aws/";
    internal const string ReservedMessage = "alias/aws/ is reserved for the keys that AWS manages";

    /// <summary>Holds a whole alias name, given by a person or rendered from a template, against KMS's rules.</summary>
    /// <returns>What is wrong, for a person; null if the name is fine.</returns>
    public static string? Check(string name)
    {
        var errors = new FieldErrors();
        Check(errors, "", name);
        return errors.All is [var first, ..] ? first.Message : null;
    }

    internal static void CheckAdditional(FieldErrors errors, IReadOnlyList<string>? names) =>
        errors.Set(AdditionalField, names, MaxAdditional, (field, name) => Check(errors, field, name));

    internal static void Check(FieldErrors errors, string field, string? name)
    {
        if (errors.Text(field, name, MaxLength, Patterns.Alias, "an alias name: alias/ followed by letters, digits, '/', '_' and '-'"))
            errors.Require(!name!.StartsWith(ReservedPrefix, StringComparison.Ordinal), field, $"{ReservedMessage}, choose another name");
    }
}
