using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using KmsSimulator.State;

namespace KmsSimulator.Policies;

/// <summary>
/// Writes policies as KMS gives them back: elements in IAM's order, account ids as root ARNs, lists of principals sorted, without repetition and
/// unwrapped, no empty Condition, in the layout of <see cref="PolicyText"/>.
/// </summary>
internal static class CanonicalPolicy
{
    private static readonly JsonWriterOptions Format = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document's canonical text.</summary>
    /// <param name="policy">A well-formed policy.</param>
    /// <param name="partition">The key's.</param>
    /// <param name="rename">What to write for an AWS principal.</param>
    public static string Write(JsonElement policy, string partition, Func<string, string>? rename = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Format))
        {
            json.WriteStartObject();
            foreach (var member in Ordered(policy, PolicyReader.DocumentElements))
            {
                json.WritePropertyName(member.Name);
                if (member.NameEquals("Statement"))
                {
                    json.WriteStartArray();
                    foreach (var statement in PolicyReader.Items(member.Value))
                        WriteStatement(json, statement, name => Canonical((rename ?? Same)(name), partition));
                    json.WriteEndArray();
                }
                else
                {
                    member.Value.WriteTo(json);
                }
            }

            json.WriteEndObject();
        }

        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return PolicyText.Of(document.RootElement);
    }

    private static IEnumerable<JsonProperty> Ordered(JsonElement element, string[] order) =>
        element.EnumerateObject().OrderBy(member => Array.IndexOf(order, member.Name));

    private static void WriteStatement(Utf8JsonWriter json, JsonElement statement, Func<string, string> rename)
    {
        json.WriteStartObject();
        foreach (var member in Ordered(statement, PolicyReader.StatementElements))
        {
            if (member.NameEquals("Condition") && !member.Value.EnumerateObject().Any())
                continue;
            json.WritePropertyName(member.Name);
            if ((member.NameEquals("Principal") || member.NameEquals("NotPrincipal")) && member.Value.ValueKind == JsonValueKind.Object)
                WritePrincipal(json, member.Value, rename);
            else
                member.Value.WriteTo(json);
        }

        json.WriteEndObject();
    }

    private static void WritePrincipal(Utf8JsonWriter json, JsonElement principal, Func<string, string> rename)
    {
        json.WriteStartObject();
        foreach (var kind in principal.EnumerateObject())
        {
            json.WritePropertyName(kind.Name);
            var names = PolicyReader.Strings(kind.Value).Select(kind.NameEquals("AWS") ? rename : Same).Distinct(StringComparer.Ordinal).ToArray();
            Array.Sort(names, StringComparer.Ordinal);
            if (names is [var only])
            {
                json.WriteStringValue(only);
                continue;
            }

            json.WriteStartArray();
            foreach (var name in names)
                json.WriteStringValue(name);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static string Canonical(string name, string partition) => PolicyPrincipal.IsAccountId(name) ? Arn.Root(partition, name) : name;

    private static string Same(string name) => name;
}
