using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Checks the <c>Principal</c> or <c>NotPrincipal</c> of a statement.</summary>
/// <remarks>Source: IAM user guide, "AWS JSON policy elements: Principal".</remarks>
internal static class PrincipalCheck
{
    private static readonly string[] Types = ["AWS", "Service", "Federated", "CanonicalUser"];

    /// <summary>The problems of a principal, each with its field.</summary>
    public static IEnumerable<PolicyProblem> Check(JsonElement principal, string path)
    {
        var unquoted = UnquotedValue.Find(principal, path).ToArray();
        if (unquoted.Length > 0 || (principal.ValueKind == JsonValueKind.String && principal.GetString() == "*"))
        {
            return unquoted;
        }

        return principal.ValueKind != JsonValueKind.Object || !principal.EnumerateObject().Any()
            ? [new PolicyProblem(path, "must be \"*\" or an object such as {AWS: [...]}")]
            : principal.EnumerateObject().SelectMany(entry => CheckType(entry, $"{path}.{entry.Name}"));
    }

    private static IEnumerable<PolicyProblem> CheckType(JsonProperty entry, string path)
    {
        if (!Types.Contains(entry.Name, StringComparer.OrdinalIgnoreCase))
        {
            return [new PolicyProblem(path, $"is not a type of principal ({string.Join(", ", Types)}){Suggestion.For(entry.Name, Types)}")];
        }

        var unquoted = UnquotedValue.Find(entry.Value, path).ToArray();
        if (unquoted.Length > 0)
        {
            return unquoted;
        }

        if (!StatementCheck.IsStrings(entry.Value))
        {
            return [new PolicyProblem(path, "must be a string or a list of strings")];
        }

        return PolicyDocument.StringsOf(entry.Value)
            .Where(name => name.StartsWith("arn:", StringComparison.Ordinal) && name.Contains('*', StringComparison.Ordinal))
            .Select(name => new PolicyProblem(path, $"\"{name}\" has a wildcard, and KMS takes none in a principal. {WildcardAdvice(name)}"));
    }

    /// <summary>The way that works where somebody wants principals by wildcard.</summary>
    public static string WildcardAdvice(string name) =>
        $"Write a statement with Principal {{\"AWS\": \"*\"}} or the account's root, and Condition {{\"ArnLike\": {{\"aws:PrincipalArn\": \"{name}\"}}}}";
}
