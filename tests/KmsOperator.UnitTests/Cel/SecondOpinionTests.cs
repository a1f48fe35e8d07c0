using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cel;
using CsCheck;
using KmsOperator.Planning.Cel;
using KmsOperator.UnitTests.Schema;
using KmsOperator.UnitTests.Validation;
using Xunit;

namespace KmsOperator.UnitTests.Cel;

/// <summary>The interpreter beside the Cel package, which others wrote and which compiles expressions.</summary>
public sealed partial class SecondOpinionTests
{
    private const string Error = "error";

    // The package needs milliseconds to compile a rule, and the samples have the same rules.
    private static readonly ConcurrentDictionary<string, CelProgramDelegate> Compiled = new();

    private static readonly string[] Absorbing = ["&&", "||", ".all(", ".exists("];

    public static TheoryData<string> Samples => [.. CrdCase.Paths("accept").Concat(CrdCase.Paths("reject")).Select(row => row.Data)];

    [Theory, MemberData(nameof(Samples))]
    public void Both_decide_every_rule_of_a_sample_alike(string path)
    {
        var sample = CrdCase.Load(path);
        foreach (var manifest in sample.Manifests.Resources)
        {
            var json = manifest.Json.DeepClone();
            KmsOperator.Schemas.CrdSchemas.Of(manifest.Resource.Kind).FillDefaults(json);
            foreach (var (rule, self) in RulesOf(Crd.Of(manifest.Resource.Kind).Schema, json))
            {
                var ours = Ours(CelProgram.Parse(rule, "self"), self);

                // The package's has() is false for what is empty (measured with 0.3.3), Kubernetes' is not.
                Assert.True(ours == Theirs(Has().Replace(rule, "('$2' in $1)"), self), $"{rule} of {self?.ToJsonString()}: {ours}, and the package says otherwise.");
            }
        }
    }

    [Fact]
    public void Both_evaluate_generated_expressions_alike() => Expressions(4).Sample(
        expression => Theirs(expression, Self()) is var theirs && (Ours(CelProgram.Parse(expression, "self"), Self()) == theirs || (theirs == Error && MayDoWithoutAValue(expression))),
        print: expression => $"{expression}: {Ours(CelProgram.Parse(expression, "self"), Self())}, the package: {Theirs(expression, Self())}",
        iter: 2000);

    /// <summary>An error in front of what decides is an error for the package (measured with 0.3.3), and none by the specification.</summary>
    private static bool MayDoWithoutAValue(string expression) => Absorbing.Any(part => expression.Contains(part, StringComparison.Ordinal));

    private static JsonObject Self() => JsonNode.Parse("""{"n":3,"s":"abc","l":[1,2,3],"m":{"a":1,"b":2},"t":true}""")!.AsObject();

    /// <summary>Expressions of type bool that both have, some of which are errors.</summary>
    private static Gen<string> Expressions(int depth)
    {
        var number = Numbers(depth);
        var text = Texts(depth);
        var leaf = Gen.OneOf("true", "false", "self.t", "self.missing == 1", "has(self.n)", "has(self.missing)");
        if (depth == 0)
        {
            return leaf;
        }

        var inner = Expressions(depth - 1);
        return Gen.OneOf(
            leaf,
            Gen.Select(number, Gen.OneOf("<", "<=", ">", ">=", "==", "!="), number, (x, sign, y) => $"({x} {sign} {y})"),

            // Not in order: 'a' < 'c' is an error for the package (measured with 0.3.3), as for all whose difference is more than one.
            Gen.Select(text, Gen.OneOf("==", "!="), text, (x, sign, y) => $"({x} {sign} {y})"),
            Gen.Select(inner, Gen.OneOf("&&", "||"), inner, (x, sign, y) => $"({x} {sign} {y})"),
            Gen.Select(inner, x => $"!{x}"),
            Gen.Select(inner, inner, inner, (x, y, z) => $"({x} ? {y} : {z})"),
            Gen.Select(text, Gen.OneOf("startsWith", "endsWith", "contains", "matches"), Gen.OneOf("''", "'a'", "'bc'", "'b$'"), (x, method, y) => $"{x}.{method}({y})"),
            Gen.Select(number, x => $"({x} in self.l)"),
            Gen.Select(Gen.OneOf("self.l", "[1, 5]", "[]"), Gen.OneOf("all", "exists", "exists_one"), Gen.OneOf("<", ">", "=="), number, (list, macro, sign, y) => $"{list}.{macro}(x, x {sign} {y})"),
            Gen.Select(Gen.OneOf("self.l", "self.m", "self.s"), number, (x, y) => $"(size({x}) == {y})"));
    }

    private static Gen<string> Numbers(int depth)
    {
        var leaf = Gen.OneOf("0", "1", "2", "-3", "self.n", "size(self.s)", "self.l[1]", "self.m['b']", "self.l[7]", "9223372036854775807");
        return depth == 0 ? leaf : Gen.OneOf(
            leaf,
            Gen.Select(Numbers(depth - 1), Gen.OneOf("+", "-", "*", "/", "%"), Numbers(depth - 1), (x, sign, y) => $"({x} {sign} {y})"),
            Gen.Select(Gen.OneOf("self.l.filter(x, x > 1)", "self.l.map(x, x * 2)", "[4, 5]"), Gen.Int[0, 2], (list, at) => $"{list}[{at}]"),
            Gen.OneOf("int('12')", "int('x')", "size('a' + self.s)"));
    }

    private static Gen<string> Texts(int depth)
    {
        var leaf = Gen.OneOf("''", "'a'", "'abc'", "self.s", "string(1)", "\"b\\u0041\"", "self.missing");
        return depth == 0 ? leaf : Gen.OneOf(leaf, Gen.Select(Texts(depth - 1), Texts(depth - 1), (x, y) => $"({x} + {y})"));
    }

    /// <summary>Each rule that is evaluated where nothing was before, with its value.</summary>
    private static IEnumerable<(string Rule, JsonNode? Self)> RulesOf(JsonNode? schema, JsonNode? value)
    {
        if (schema is null || value is null)
        {
            return [];
        }

        var own = (schema["x-kubernetes-validations"]?.AsArray() ?? []).Select(rule => (string)rule!["rule"]!).Where(rule => !rule.Contains("oldSelf", StringComparison.Ordinal)).Select(rule => (rule, (JsonNode?)value));
        var nested = value switch
        {
            JsonObject map => map.SelectMany(entry => RulesOf(schema["properties"]?[entry.Key] ?? schema["additionalProperties"] as JsonObject, entry.Value)),
            JsonArray list => list.SelectMany(item => RulesOf(schema["items"], item)),
            _ => [],
        };
        return own.Concat(nested);
    }

    private static string Ours(CelProgram program, JsonNode? self) => program.Evaluate(new Dictionary<string, CelValue> { ["self"] = CelValue.Of(self) }) switch
    {
        CelBool { Value: true } => "True",
        CelBool => "False",
        _ => Error,
    };

    private static string Theirs(string expression, JsonNode? self)
    {
        try
        {
            return Compiled.GetOrAdd(expression, text => new CelEnvironment(null, "").Compile(text))(new Dictionary<string, object?> { ["self"] = Native(self) }) is bool value ? $"{value}" : Error;
        }
        catch (Exception e) when (e is CelException or OverflowException or DivideByZeroException)
        {
            return Error;
        }
    }

    private static object? Native(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(entry => entry.Key, entry => Native(entry.Value)),
        JsonArray list => list.Select(Native).ToArray(),
        null => null,
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => long.Parse(node.ToJsonString(), CultureInfo.InvariantCulture),
            _ => node.GetValue<string>(),
        },
    };

    [GeneratedRegex(@"\bhas\(([\w.]+)\.(\w+)\)")]
    private static partial Regex Has();
}
