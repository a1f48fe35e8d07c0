using System.Text.Json;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies;

/// <summary>Carries a policy written for one Region over to another, for replicas that inherit it.</summary>
public static class PolicyRelocation
{
    /// <summary>
    /// Replaces a Region where it is an address: in service endpoints (<c>s3.eu-west-1.amazonaws.com</c>) and in the Region field of
    /// ARNs. It stays where it is part of a name: role and bucket names, Sids, tags, paths.
    /// </summary>
    /// <param name="policy">A document or a statement.</param>
    /// <param name="fromRegion">The Region that it was written for.</param>
    /// <param name="toRegion">The Region that it is put in.</param>
    public static JsonElement ToRegion(JsonElement policy, string fromRegion, string toRegion)
    {
        using var document = JsonDocument.Parse(PolicyText.Write(json => Copy(policy, json, text => Relocate(text, fromRegion, toRegion), isName: false)));
        return document.RootElement.Clone();
    }

    private static void Copy(JsonElement element, Utf8JsonWriter json, Func<string, string> relocate, bool isName)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in element.EnumerateObject())
                {
                    json.WritePropertyName(member.Name);
                    Copy(member.Value, json, relocate, member.Name is "Sid" or "Id" or "Version");
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Copy(item, json, relocate, isName);
                }

                json.WriteEndArray();
                break;
            case JsonValueKind.String when !isName:
                json.WriteStringValue(relocate(element.GetString()!));
                break;
            default:
                element.WriteTo(json);
                break;
        }
    }

    private static string Relocate(string text, string from, string to)
    {
        // A service's endpoint as a whole: services, the Region, the suffix of the partition.
        var endpoint = Regex.Match(text, $@"^(?<service>[a-z0-9*?.-]+)\.{Regex.Escape(from)}\.(?<suffix>amazonaws\.com(\.cn)?)$", RegexOptions.ExplicitCapture);
        if (endpoint.Success)
        {
            return $"{endpoint.Groups["service"].Value}.{to}.{endpoint.Groups["suffix"].Value}";
        }

        // arn:partition:service:region:account:resource
        var parts = text.Split(':', 6);
        if (parts.Length == 6 && parts[0] == "arn" && parts[3] == from)
        {
            parts[3] = to;
            return string.Join(':', parts);
        }

        return text;
    }
}
