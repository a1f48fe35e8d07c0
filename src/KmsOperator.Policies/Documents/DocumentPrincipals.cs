using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>The AWS principals that statements allow something.</summary>
public static class DocumentPrincipals
{
    /// <summary>The principals of a statement that allows: ARNs, account ids, or <c>*</c>, which is also what <c>NotPrincipal</c> comes to. None for one that denies.</summary>
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
