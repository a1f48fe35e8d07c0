using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Reads policy documents, which permit a single value wherever they permit a list.</summary>
public static class PolicyDocument
{
    /// <summary>The statements of a document, whose <c>Statement</c> may be a list or one object.</summary>
    public static IEnumerable<JsonElement> StatementsOf(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object || !document.TryGetProperty("Statement", out var statements))
        {
            return [];
        }

        return statements.ValueKind switch
        {
            JsonValueKind.Array => statements.EnumerateArray().Where(statement => statement.ValueKind == JsonValueKind.Object),
            JsonValueKind.Object => [statements],
            _ => [],
        };
    }

    /// <summary>The document without the statements that have one of some Sids.</summary>
    internal static JsonElement WithoutStatements(JsonElement document, IReadOnlyCollection<string> sids)
    {
        if (!PolicyDocumentCheck.SidsOf(document).Any(sids.Contains))
        {
            return document;
        }

        using var changed = JsonDocument.Parse(PolicyText.Write(json =>
        {
            json.WriteStartObject();
            foreach (var element in document.EnumerateObject().Where(element => element.Name != "Statement"))
            {
                element.WriteTo(json);
            }

            json.WriteStartArray("Statement");
            foreach (var statement in StatementsOf(document).Where(statement => !(statement.TryGetProperty("Sid", out var sid) && sids.Contains(sid.GetString() ?? ""))))
            {
                statement.WriteTo(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }));
        return changed.RootElement.Clone();
    }

    /// <summary>The strings of a value that is a string or a list of them.</summary>
    internal static IEnumerable<string> StringsOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => [value.GetString()!],
        JsonValueKind.Array => value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!),
        _ => [],
    };
}
