using System.Text.Json;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies;

/// <summary>
/// Writes policies so that documents with the same meaning have the same text: no insignificant space, object keys, statements
/// and lists sorted, a single value as a list of one, duplicates in lists once, account ids as root ARNs, <c>"*"</c> as <c>{"AWS": "*"}</c>, condition
/// operators and keys in small letters, numbers and booleans in conditions as strings, the default version, and nothing for Sids, an Id or an empty Condition.
/// </summary>
/// <remarks>
/// KMS gives policies back in another form than they were put. Nothing is folded that could carry meaning: actions and values that differ only in case
/// stay different. Source: IAM user guide, "IAM JSON policy elements": Principal, Condition, Version.
/// </remarks>
internal static partial class CanonicalPolicy
{
    private const string DefaultVersion = "2008-10-17";

    /// <summary>The canonical text of a document.</summary>
    /// <exception cref="JsonException">Not JSON.</exception>
    public static string Write(string policy)
    {
        using var document = JsonDocument.Parse(policy);
        return Write(document.RootElement);
    }

    private static string Write(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object)
        {
            return document.GetRawText();
        }

        var members = document.EnumerateObject().Where(member => member.Name != "Statement" && !IsAbsent(member)).Select(member => (member.Name, Text: Literal(member.Value))).ToList();
        if (!document.TryGetProperty("Version", out _))
        {
            members.Add(("Version", PolicyText.Quote(DefaultVersion)));
        }

        var statements = PolicyDocument.StatementsOf(document).Select(Statement).Order(StringComparer.Ordinal);
        members.Add(("Statement", "[" + string.Join(',', statements) + "]"));
        return Object(members);
    }

    private static string Statement(JsonElement statement) => Object(statement.EnumerateObject().Where(member => !IsAbsent(member)).Select(member => (member.Name, Text: member.Name switch
    {
        "Action" or "NotAction" or "Resource" or "NotResource" => List(member.Value, value => value),
        "Principal" or "NotPrincipal" => Principal(member.Value),
        "Condition" => Condition(member.Value),
        _ => Literal(member.Value),
    })));

    private static bool IsAbsent(JsonProperty member) => member.Name switch
    {
        // Names for people, which decide nothing.
        "Sid" or "Id" => true,
        "Condition" => member.Value.ValueKind == JsonValueKind.Object && !member.Value.EnumerateObject().Any(),
        _ => false,
    };

    private static string Principal(JsonElement principal) => principal.ValueKind != JsonValueKind.Object
        ? principal.ValueKind == JsonValueKind.String && principal.GetString() == "*" ? Object([("AWS", "[" + PolicyText.Quote("*") + "]")]) : Literal(principal)
        : Object(principal.EnumerateObject().Select(member => (member.Name, Text: List(member.Value, member.Name == "AWS" ? RootOf : value => value))));

    private static string Condition(JsonElement condition) => condition.ValueKind != JsonValueKind.Object
        ? Literal(condition)
        : Object(condition.EnumerateObject().Select(member => (Lower(member.Name), Text: member.Value.ValueKind != JsonValueKind.Object
            ? Literal(member.Value)
            : Object(member.Value.EnumerateObject().Select(key => (Lower(key.Name), Text: List(key.Value, value => value)))))));

    private static string List(JsonElement value, Func<string, string> normalize)
    {
        var items = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : (IEnumerable<JsonElement>)[value];
        return "[" + string.Join(',', items.Select(item => Item(item, normalize)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)) + "]";
    }

    private static string Item(JsonElement item, Func<string, string> normalize) => item.ValueKind switch
    {
        JsonValueKind.String => PolicyText.Quote(normalize(item.GetString()!)),
        JsonValueKind.True => PolicyText.Quote("true"),
        JsonValueKind.False => PolicyText.Quote("false"),
        JsonValueKind.Number => PolicyText.Quote(item.GetRawText()),
        _ => Literal(item),
    };

    /// <summary>An account id and the ARN of that account's root name the same principal, whatever the partition.</summary>
    private static string RootOf(string principal) => RootArn().Match(principal) is { Success: true } match ? match.Groups["account"].Value : principal;

    private static string Object(IEnumerable<(string Name, string Text)> members) =>
        "{" + string.Join(',', members.OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => $"{PolicyText.Quote(member.Name)}:{member.Text}")) + "}";

    private static string Literal(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => PolicyText.Quote(value.GetString()!),
        JsonValueKind.Object => Object(value.EnumerateObject().Select(member => (member.Name, Text: Literal(member.Value)))),
        JsonValueKind.Array => "[" + string.Join(',', value.EnumerateArray().Select(Literal)) + "]",
        _ => value.GetRawText(),
    };

    private static string Lower(string name) => name.ToLowerInvariant();

    [GeneratedRegex("^arn:aws[a-z-]*:iam::(?<account>[0-9]{12}):root$", RegexOptions.ExplicitCapture)]
    private static partial Regex RootArn();
}
