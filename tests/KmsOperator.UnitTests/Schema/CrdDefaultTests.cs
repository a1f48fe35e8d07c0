using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cel;
using Xunit;

namespace KmsOperator.UnitTests.Schema;

/// <summary>
/// A server from 1.25 on refuses a CRD one of whose defaults breaks the schema or a CEL rule of its own field. It looks at the default as it is
/// written, before the defaults of nested fields are filled in.
/// </summary>
public sealed class CrdDefaultTests
{
    // As spec.allowedNamespaces of KeyClass, whose default once was {}.
    private const string Selector = """{"type":"object","properties":{"from":{"type":"string","default":"All"}},"x-kubernetes-validations":[{"rule":"self.from != 'Selector' || has(self.selector)"}]}""";

    public static TheoryData<string> Kinds => [.. Crd.Kinds];

    [Theory, MemberData(nameof(Kinds))]
    public void Every_default_fits_the_schema_and_the_rules_of_its_field(string kind)
    {
        var faults = from found in Crd.Of(kind).Schemas()
                     where found.Schema["default"] is not null
                     from fault in Faults(found.Schema, found.Schema["default"]!)
                     select $"{found.Path}: {fault}";

        Assert.Empty(faults);
    }

    [Theory]
    [InlineData(Selector, "{}", "field 'from'", "a rule reads a field that only a nested default would fill in")]
    [InlineData(Selector, """{"from":"Selector"}""", "self.from", "the default breaks a rule")]
    [InlineData("""{"type":"string","enum":["A"]}""", "\"B\"", "enum", "not one of the permitted values")]
    [InlineData("""{"type":"integer","minimum":7}""", "6", "minimum", "too small")]
    [InlineData("""{"type":"integer","maximum":7}""", "8", "maximum", "too large")]
    [InlineData("""{"type":"string","pattern":"^a$"}""", "\"b\"", "pattern", "does not match")]
    [InlineData("""{"type":"boolean"}""", "\"true\"", "type", "a text where a boolean belongs")]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}""", "{}", "required", "a required field is missing")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer","minimum":1}}}""", """{"a":0}""", "minimum", "the fault is in a nested field")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""", """{"b":0}""", "unknown", "a field that the schema does not have")]
    public void A_default_that_a_server_refuses_is_found(string schema, string value, string expected, string why) =>
        Assert.True(
            Faults(JsonNode.Parse(schema)!, JsonNode.Parse(value)!).Any(fault => fault.Contains(expected, StringComparison.OrdinalIgnoreCase)),
            $"{why}: {string.Join("; ", Faults(JsonNode.Parse(schema)!, JsonNode.Parse(value)!))}");

    [Theory]
    [InlineData(Selector, """{"from":"All"}""", "the default as it is now")]
    [InlineData("""{"type":"string","x-kubernetes-validations":[{"rule":"self == oldSelf"}]}""", "\"a\"", "a rule about a change says nothing about a default")]
    public void A_default_that_a_server_takes_is_not_found(string schema, string value, string why) =>
        Assert.True(!Faults(JsonNode.Parse(schema)!, JsonNode.Parse(value)!).Any(), why);

    /// <summary>What a server would say against a value, of which nothing has been filled in.</summary>
    private static IEnumerable<string> Faults(JsonNode schema, JsonNode value)
    {
        if (!HasType((string?)schema["type"], value))
        {
            yield return $"type is {(string?)schema["type"]}";
            yield break;
        }

        if (schema["enum"] is JsonArray permitted && !permitted.Any(one => JsonNode.DeepEquals(one, value)))
            yield return $"{value.ToJsonString()} is not in enum";
        if (schema["minimum"] is { } minimum && Number(value) < Number(minimum))
            yield return $"{value.ToJsonString()} is below the minimum";
        if (schema["maximum"] is { } maximum && Number(value) > Number(maximum))
            yield return $"{value.ToJsonString()} is above the maximum";
        if (schema["pattern"] is { } pattern && !Regex.IsMatch((string)value!, (string)pattern!))
            yield return $"{value.ToJsonString()} does not match the pattern";

        if (value is JsonObject fields)
        {
            foreach (var name in schema["required"]?.AsArray().Select(name => (string)name!).Where(name => !fields.ContainsKey(name)) ?? [])
                yield return $"{name} is required";
            foreach (var (name, field) in fields)
            {
                if (schema["properties"]?[name] is not { } nested)
                {
                    yield return $"{name} is unknown";
                    continue;
                }

                foreach (var fault in Faults(nested, field!))
                    yield return $"{name}: {fault}";
            }
        }

        foreach (var rule in schema["x-kubernetes-validations"]?.AsArray().Select(rule => (string)rule!["rule"]!) ?? [])
        {
            // A rule about a change is not evaluated without an earlier value.
            if (!rule.Contains("oldSelf", StringComparison.Ordinal) && Broken(rule, value) is { } reason)
                yield return reason;
        }
    }

    private static string? Broken(string rule, JsonNode value)
    {
        try
        {
            return new CelEnvironment(null, "").Program(rule, new Dictionary<string, object?> { ["self"] = Native(value) }!) is true ? null : $"broken rule: {rule}";
        }
        catch (CelException e)
        {
            return $"{e.Message} in rule: {rule}";
        }
    }

    private static bool HasType(string? type, JsonNode value) => type switch
    {
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value.GetValueKind() is JsonValueKind.String,
        "boolean" => value.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "integer" or "number" => value.GetValueKind() is JsonValueKind.Number,
        _ => true,
    };

    private static double Number(JsonNode node) => double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);

    private static object? Native(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(field => field.Key, field => Native(field.Value)),
        JsonArray list => list.Select(Native).ToArray(),
        null => null,
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => node.GetValue<long>(),
            _ => node.GetValue<string>(),
        },
    };
}
