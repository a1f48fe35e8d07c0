using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Importing.Drafting;

/// <summary>
/// The statement of <c>guards.onlyOrganization</c> in policies of keys. A class puts it into the policy of every one of its keys, so a class may have the guard only where all its keys have the
/// statement; then no manifest says it again.
/// </summary>
internal static class OrganizationGuard
{
    /// <summary>The organization that all policies are bound to; null where one is not.</summary>
    /// <param name="policies">The policies of the keys of a class, one at least.</param>
    public static string? FindCommon(IEnumerable<JsonElement> policies) =>
        policies.Select(policy => Organizations(policy).ToArray()).Aggregate((left, right) => [.. left.Intersect(right)]).FirstOrDefault();

    /// <summary>A policy without the statement.</summary>
    public static JsonElement Remove(JsonElement policy, string organization)
    {
        var guard = Guard(organization);
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var member in policy.EnumerateObject().Where(member => member.Name != "Statement"))
            {
                member.WriteTo(json);
            }

            json.WriteStartArray("Statement");
            foreach (var statement in ComparedStatement.Of(policy).Where(statement => statement.Text != guard))
            {
                statement.Element.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        using var changed = JsonDocument.Parse(buffer.ToArray());
        return changed.RootElement.Clone();
    }

    private static IEnumerable<string> Organizations(JsonElement policy) =>
        from statement in ComparedStatement.Of(policy)
        where statement.Element.TryGetProperty("Condition", out var condition) && condition.ValueKind == JsonValueKind.Object
        from test in statement.Element.GetProperty("Condition").EnumerateObject()
        where test.Value.ValueKind == JsonValueKind.Object
        from key in test.Value.EnumerateObject()
        where key.Value.ValueKind == JsonValueKind.String
        let organization = key.Value.GetString()!
        where IsId(organization) && statement.Text == Guard(organization)
        select organization;

    private static string Guard(string organization)
    {
        using var document = JsonDocument.Parse($$"""{"Statement":[{{GuardStatements.Of(new GuardsSpec { OnlyOrganization = organization }).Single().GetRawText()}}]}""");
        return ComparedStatement.Of(document.RootElement.Clone()).Single().Text;
    }

    private static bool IsId(string text) =>
        SpecValidation.Validate(new KeyClass { Spec = new KeyClassSpec { Guards = new GuardsSpec { OnlyOrganization = text } } }).All(error => !error.Field.StartsWith("spec.guards", StringComparison.Ordinal));
}
