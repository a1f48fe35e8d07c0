using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>The AWS principals that statements allow something.</summary>
public static class DocumentPrincipals
{
    /// <summary>The principals of the statements of a document that allow: ARNs, account ids, or <c>*</c>, which is also what <c>NotPrincipal</c> comes to.</summary>
    public static IEnumerable<string> OfDocument(JsonElement document) => PolicyDocument.StatementsOf(document).SelectMany(OfStatement);

    /// <summary>The same of one statement.</summary>
    public static IEnumerable<string> OfStatement(JsonElement statement)
    {
        if (statement.ValueKind != JsonValueKind.Object || (statement.TryGetProperty("Effect", out var effect) && effect.ValueKind == JsonValueKind.String && effect.GetString() == "Deny"))
        {
            return [];
        }

        if (!statement.TryGetProperty("Principal", out var principal))
        {
            return ["*"];
        }

        return principal.ValueKind != JsonValueKind.Object ? PolicyDocument.StringsOf(principal)
            : principal.EnumerateObject().Where(entry => !entry.Name.Equals("Service", StringComparison.OrdinalIgnoreCase)).SelectMany(entry => PolicyDocument.StringsOf(entry.Value));
    }
}
