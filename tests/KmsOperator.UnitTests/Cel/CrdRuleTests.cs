using System.Text.Json.Nodes;
using KmsOperator.Schemas;
using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Cel;

/// <summary>Rules in a schema: where they are evaluated, on what, and what they say.</summary>
public sealed class CrdRuleTests
{
    public static TheoryData<string> Kinds => [.. Crd.Kinds];

    [Theory, MemberData(nameof(Kinds))]
    public void The_executable_carries_the_CRD_and_reads_every_rule_of_it(string kind)
    {
        var crd = Crd.Of(kind);
        var plural = (string)crd.Json["spec"]!["names"]!["plural"]!;

        Assert.Equal(File.ReadAllText(RepositoryFiles.Path("config", "crds", $"kms.servicekey.dev_{plural}.yaml")), CrdSchemas.TextOf(plural));
        Assert.NotEmpty(crd.Rules());
        Assert.All(crd.Rules(), found => Assert.Equal((string)found.Rule["rule"]!, new CrdRule(found.Rule.AsObject()).Text));
        Assert.Equal(crd.Rules().Count(), RulesOf(CrdSchemas.Of(kind), crd.Schema));
    }

    // Schema, the object, the object before, what is found, why.
    public static TheoryData<string, string, string?, string[], string> Cases => new()
    {
        { Rule("self.a == 1"), """{"a":2}""", null, [": failed rule: self.a == 1"], "a rule without a message" },
        { Rule("self.a == 1", """ "message":"a must be 1" """), """{"a":2}""", null, [": a must be 1"], "its message" },
        { Rule("self.a == 1", """ "message":"m","messageExpression":"'a is ' + string(self.a)" """), """{"a":2}""", null, [": a is 2"], "a message that is computed" },
        { Rule("self.a == 1", """ "message":"m","messageExpression":"self.b" """), """{"a":2}""", null, [": m"], "one that cannot be" },
        { Rule("self.a == 1", """ "message":"m","messageExpression":"' '" """), """{"a":2}""", null, [": m"], "one that is empty" },
        { Rule("self.a == 1", """ "message":"m","messageExpression":"'x\\ny'" """), """{"a":2}""", null, [": m"], "one of two lines" },
        { Rule("self.a == 1", """ "message":"m","fieldPath":".a" """), """{"a":2}""", null, ["a: m"], "the field that it is about" },
        { Rule("self.a == 1", """ "message":"m","reason":"FieldValueForbidden" """), """{"a":2}""", null, [": m"], "a reason changes no words" },
        { Rule("self.other == 1", """ "message":"m" """), """{"a":2}""", null, [": m (the rule cannot be evaluated: no such key: other)"], "a rule that cannot be evaluated does not hold" },
        { Rule("self.a", """ "message":"m" """), """{"a":2}""", null, [": m (the rule is no bool but int)"], "nor does one that is no bool" },
        { Rule("self.b == 7"), """{"a":2}""", null, [], "defaults are there before the rules" },
        { Rule("self.a == oldSelf.a", """ "message":"m" """), """{"a":2}""", null, [], "a rule about a change of what is new" },
        { Rule("self.a == oldSelf.a", """ "message":"m" """), """{"a":2}""", """{"a":1}""", [": m"], "of what has changed" },
        { Rule("self.a == oldSelf.a", """ "message":"m" """), """{"a":1}""", """{"a":1}""", [], "of what has not" },
        { Rule("oldSelf.hasValue() || self.a == 1", """ "message":"m","optionalOldSelf":true """), """{"a":2}""", null, [": m"], "a rule that knows whether it is new" },
        { Rule("oldSelf.hasValue() || self.a == 1", """ "message":"m","optionalOldSelf":true """), """{"a":2}""", """{"a":2}""", [], "and whether it is not" },
        { Rule("oldSelf.?a.orValue(5) == 5", """ "message":"m","optionalOldSelf":true """), """{"a":2}""", """{"a":1}""", [": m"], "a field of what was before" },
        { """{"properties":{"x":{"x-kubernetes-validations":[{"rule":"self > 1","message":"m"}]}}}""", """{"x":1}""", null, ["x: m"], "a rule of a field" },
        { """{"properties":{"x":{"x-kubernetes-validations":[{"rule":"self > 1","message":"m"}]}}}""", "{}", null, [], "a field that is not there has no rules" },
        { """{"properties":{"x":{"items":{"x-kubernetes-validations":[{"rule":"self > 1","message":"m"}]}}}}""", """{"x":[2,1]}""", null, ["x[1]: m"], "a rule of items" },
        { """{"properties":{"x":{"additionalProperties":{"x-kubernetes-validations":[{"rule":"self > 1","message":"m"}]}}}}""", """{"x":{"a":2,"b":1}}""", null, ["x.b: m"], "a rule of a map's values" },
        { """{"properties":{"x":{"items":{"x-kubernetes-validations":[{"rule":"self == oldSelf","message":"m"}]}}}}""", """{"x":[2]}""", """{"x":[1]}""", [], "nobody can tell which item it was" },
        { Listed, """{"x":[{"n":"b","v":2},{"n":"a","v":3}]}""", """{"x":[{"n":"a","v":1},{"n":"b","v":2}]}""", ["x[1]: m"], "by its key one can" },
        { Listed, """{"x":[{"n":"c","v":2}]}""", """{"x":[{"n":"a","v":1}]}""", [], "a new key is a new item" },
        { """{"properties":{"x":{"default":{},"properties":{"y":{"default":3}},"x-kubernetes-validations":[{"rule":"self.y == 4","message":"m"}]}}}""", "{}", null, ["x: m"], "a default makes the value be there, with its own defaults" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Rules_are_evaluated_as_the_API_server_does(string schema, string now, string? before, string[] expected, string because)
    {
        var found = CrdRules.Check(new CrdSchema(Object(schema)), Object(now), before is null ? null : Object(before)).Select(one => $"{one.Field}: {one.Violation.Message}");

        Assert.True(expected.SequenceEqual(found), $"{because}: {string.Join("; ", found)}");
    }

    [Fact]
    public void The_resource_that_is_looked_at_stays_as_it_is()
    {
        var resource = Object("""{"a":1}""");
        CrdRules.Check(new CrdSchema(Object(Rule("self.b == 7"))), resource);

        Assert.Equal("""{"a":1}""", resource.ToJsonString());
    }

    private const string Listed = """
        {"properties":{"x":{"x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["n"],
          "items":{"properties":{"n":{},"v":{}},"x-kubernetes-validations":[{"rule":"self.v == oldSelf.v","message":"m"}]}}}}
        """;

    private static string Rule(string rule, string more = """ "x":0 """) =>
        $$$"""{"properties":{"a":{},"b":{"default":7}},"x-kubernetes-validations":[{"rule":"{{{rule}}}",{{{more}}}}]}""";

    private static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();

    private static int RulesOf(CrdSchema schema, JsonNode json) => schema.Rules.Count
        + (schema.Items is { } items ? RulesOf(items, json["items"]!) : 0)
        + (json["properties"]?.AsObject() ?? []).Sum(property => RulesOf(schema.Field(property.Key)!, property.Value!))
        + (json["additionalProperties"] is JsonObject values ? RulesOf(schema.Field("any")!, values) : 0);
}
