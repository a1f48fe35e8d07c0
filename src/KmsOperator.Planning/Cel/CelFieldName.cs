namespace KmsOperator.Planning.Cel;

/// <summary>The escapes by which Kubernetes names fields that CEL could not name.</summary>
/// <remarks>Source: Kubernetes documentation, "Common Expression Language in Kubernetes", "Escaping".</remarks>
internal static class CelFieldName
{
    private static readonly HashSet<string> Keywords = new(StringComparer.Ordinal)
    {
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
        "namespace", "return", "var", "void", "while",
    };

    /// <summary>The field that a name stands for; null where the name is no escape.</summary>
    public static string? Unescape(string name)
    {
        if (!name.Contains("__", StringComparison.Ordinal))
        {
            return null;
        }

        return name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal) && name.Length > 4 && Keywords.Contains(name[2..^2])
            ? name[2..^2]
            : name.Replace("__dot__", ".", StringComparison.Ordinal)
                .Replace("__dash__", "-", StringComparison.Ordinal)
                .Replace("__slash__", "/", StringComparison.Ordinal)
                .Replace("__underscores__", "__", StringComparison.Ordinal);
    }
}
