using System.Text.Json.Nodes;

namespace KmsOperator.IntegrationTests.Upgrades;

/// <summary>What in a later schema takes away from an earlier one: what was stored or written under the one must be right under the other.</summary>
internal static class SchemaCompatibility
{
    private static readonly string[] UpperBounds = ["maxLength", "maxItems", "maxProperties", "maximum"];
    private static readonly string[] LowerBounds = ["minLength", "minItems", "minProperties", "minimum"];

    /// <summary>One line for each thing that is narrower now.</summary>
    public static IEnumerable<string> Narrowed(JsonNode earlier, JsonNode later, string path)
    {
        if (Text(earlier["type"]) != Text(later["type"]))
        {
            yield return $"{path} was {Text(earlier["type"])} and is {Text(later["type"])}";
        }

        if (Text(earlier["pattern"]) != Text(later["pattern"]) && later["pattern"] is not null)
        {
            yield return $"{path} has another pattern";
        }

        foreach (var value in Values(later["enum"]).Length == 0 ? [] : Values(earlier["enum"]).Except(Values(later["enum"])))
        {
            yield return $"{path} does not permit {value} any more";
        }

        if (earlier["enum"] is null && later["enum"] is not null)
        {
            yield return $"{path} permits only some values now";
        }

        foreach (var name in Values(later["required"]).Except(Values(earlier["required"])))
        {
            yield return $"{path}.{name} is required now";
        }

        foreach (var bound in UpperBounds.Where(bound => later[bound] is { } now && !(earlier[bound] is { } then && Number(then) <= Number(now))))
        {
            yield return $"{path} has a lower {bound}";
        }

        foreach (var bound in LowerBounds.Where(bound => later[bound] is { } now && !(earlier[bound] is { } then && Number(then) >= Number(now))))
        {
            yield return $"{path} has a higher {bound}";
        }

        foreach (var (name, property) in earlier["properties"]?.AsObject() ?? [])
        {
            if (later["properties"]?[name] is not { } same)
            {
                yield return $"{path}.{name} is gone, and what is stored in it is dropped";
                continue;
            }

            foreach (var narrowed in Narrowed(property!, same, $"{path}.{name}"))
            {
                yield return narrowed;
            }
        }

        foreach (var child in new[] { "items", "additionalProperties" })
        {
            if (earlier[child] is JsonObject then && later[child] is JsonObject now)
            {
                foreach (var narrowed in Narrowed(then, now, $"{path}.{child}"))
                {
                    yield return narrowed;
                }
            }
        }
    }

    private static string? Text(JsonNode? node) => node?.GetValue<string>();

    private static double Number(JsonNode node) => node.GetValue<double>();

    private static string[] Values(JsonNode? list) => [.. (list as JsonArray ?? []).Select(value => value!.ToString())];
}
