namespace KmsOperator.Planning;

/// <summary>Alias names from a KeyClass's template.</summary>
public static class AliasTemplate
{
    /// <summary>The template of a class that gives none.</summary>
    public const string Default = "{prefix}/{service}";

    /// <summary>
    /// The full alias name. A key without a service takes its resource's name in the service's place, so that two such keys of
    /// one class do not ask for the same alias.
    /// </summary>
    /// <param name="template">The class's template; null for <see cref="Default"/>.</param>
    /// <param name="prefix">The class's alias prefix.</param>
    /// <param name="service">The key's service, if any.</param>
    /// <param name="namespace">Namespace of the resource.</param>
    /// <param name="name">Name of the resource.</param>
    public static string Expand(string? template, string prefix, string? service, string @namespace, string name) =>
        "alias/" + (template ?? Default)
            .Replace("{prefix}", prefix, StringComparison.Ordinal)
            .Replace("{service}", service ?? name, StringComparison.Ordinal)
            .Replace("{namespace}", @namespace, StringComparison.Ordinal)
            .Replace("{name}", name, StringComparison.Ordinal);
}
