using System.Text;
using System.Text.Json.Nodes;

namespace KmsOperator.UnitTests.Schema;

/// <summary>Writes <c>docs/api.md</c> from the CRDs: every field with its type, its limits, its default and its description.</summary>
internal static class ApiReference
{
    private static readonly (string Keyword, string Words)[] Limits =
    [
        ("minimum", "from {0}"), ("maximum", "to {0}"), ("minLength", "at least {0} characters"), ("maxLength", "at most {0} characters"),
        ("minItems", "at least {0} items"), ("maxItems", "at most {0} items"), ("maxProperties", "at most {0} entries"), ("pattern", "pattern `{0}`"),
    ];

    /// <summary>The whole page.</summary>
    public static string Write()
    {
        var page = new StringBuilder("""
            # API reference

            Written by `make api-reference` from the CRDs in [config/crds](../config/crds); a test compares them. Which fields belong together is said in [concepts](concepts.md), with examples in
            [examples/features](../examples/features). A server before 1.25 does not check the rules; the operator checks all of them and says `InvalidSpec`.

            """.ReplaceLineEndings("\n"));
        foreach (var kind in (string[])["KeyClass", "ServiceKey", "KeyReplica"])
        {
            Kind(page, kind, Crd.Of(kind));
        }

        return page.ToString();
    }

    private static void Kind(StringBuilder page, string kind, Crd crd)
    {
        var spec = crd.Json["spec"]!;
        page.Append($"\n## {kind}\n\n{Line(crd.Schema["description"])}\n\n");
        page.Append($"`{spec["group"]}/{crd.Version["name"]}`, {spec["scope"]!.ToString().ToLowerInvariant()}; short name `{spec["names"]!["shortNames"]![0]}`.\n");
        Table(page, "spec", crd.Schema["properties"]!["spec"]!);
        var rules = crd.Rules().ToArray();
        if (rules.Length > 0)
        {
            page.Append("\nRules:\n\n");
            foreach (var (path, rule) in rules)
            {
                page.Append($"- `{(path.Length == 0 ? kind : path[1..])}`: {Line(rule["message"])}\n");
            }
        }

        Table(page, "status", crd.Schema["properties"]!["status"]!);
    }

    private static void Table(StringBuilder page, string part, JsonNode schema)
    {
        page.Append($"\n| {part} | type | default | meaning |\n|---|---|---|---|\n");
        Rows(page, part, schema);
    }

    private static void Rows(StringBuilder page, string path, JsonNode schema)
    {
        var required = schema["required"]?.AsArray().Select(name => name!.GetValue<string>()).ToHashSet() ?? [];
        foreach (var (name, field) in schema["properties"]?.AsObject() ?? [])
        {
            var fallback = required.Contains(name) ? "required" : field!["default"] is { } value ? $"`{Cell(value.ToJsonString())}`" : "";
            page.Append($"| `{path}.{name}` | {Type(field!)} | {fallback} | {Line(field!["description"])} |\n");
            Rows(page, $"{path}.{name}", field);
            if (field["items"] is { } item)
            {
                Rows(page, $"{path}.{name}[]", item);
            }
        }
    }

    private static string Type(JsonNode schema)
    {
        var type = (string?)schema["type"] switch
        {
            "array" => $"list of {(string?)schema["items"]!["type"]}s",
            "object" when schema["additionalProperties"] is { } values => $"map of {(string?)values["type"]}s",
            "object" when schema["x-kubernetes-preserve-unknown-fields"] is not null => "object of any fields",
            var plain => plain ?? "anything",
        };
        if ((schema["enum"] ?? schema["items"]?["enum"]) is JsonArray values2)
        {
            return $"{type}: {string.Join(", ", values2.Select(value => $"`{value}`"))}";
        }

        var limits = Limits.Where(limit => schema[limit.Keyword] is not null).Select(limit => string.Format(null, System.Text.CompositeFormat.Parse(limit.Words), Cell(schema[limit.Keyword]!.ToString())));
        return string.Join(", ", [type, .. limits]);
    }

    private static string Line(JsonNode? text) => Cell(text?.ToString() ?? "");

    // A | would end the cell, and a < would begin HTML.
    private static string Cell(string text) =>
        string.Join(' ', text.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)).Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal);
}
