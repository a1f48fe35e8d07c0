namespace KmsOperator.Planning;

/// <summary>Names of Kubernetes objects, for manifests that no API server has looked at.</summary>
/// <remarks>Source: Kubernetes documentation, "Object Names and IDs".</remarks>
public static class ResourceName
{
    private const int MaxLength = 253;
    private const int MaxNamespaceLength = 63;

    /// <summary>Holds a name against RFC 1123's rules for subdomains.</summary>
    /// <returns>What is wrong, for a person; null if the name is fine.</returns>
    public static string? Check(string name) => Check(name, MaxLength, Patterns.ExpectedResourceName);

    /// <summary>Holds a namespace's name against RFC 1123's rules for labels.</summary>
    /// <returns>What is wrong, for a person; null if the name is fine.</returns>
    public static string? CheckNamespace(string name)
    {
        const string expected = "the name of a namespace (lower-case letters, digits and '-')";
        return name.Contains('.', StringComparison.Ordinal) ? $"{FieldErrors.Quote(name)} is not {expected}" : Check(name, MaxNamespaceLength, expected);
    }

    private static string? Check(string name, int maxLength, string expected)
    {
        var errors = new FieldErrors();
        errors.Text("", name, maxLength, Patterns.ResourceName, expected, minLength: 1);
        return errors.All is [var first, ..] ? first.Message : null;
    }
}
