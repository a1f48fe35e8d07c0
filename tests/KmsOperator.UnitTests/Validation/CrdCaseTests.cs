using System.Text.Json.Nodes;
using KmsOperator.Manifests;
using KmsOperator.UnitTests.Schema;
using Xunit;

namespace KmsOperator.UnitTests.Validation;

/// <summary>The samples of <c>tests/crd-cases</c> against the operator's own check; the integration tests hold them against a server.</summary>
public sealed class CrdCaseTests
{
    public static TheoryData<string> Accepted => CrdCase.Paths("accept");

    public static TheoryData<string> Rejected => CrdCase.Paths("reject");

    [Theory, MemberData(nameof(Accepted))]
    public void The_operator_accepts(string path)
    {
        var sample = CrdCase.Load(path);

        Assert.Null(sample.Expected);
        Assert.Empty(sample.Errors());
    }

    [Theory, MemberData(nameof(Rejected))]
    public void The_operator_rejects_and_says_why(string path)
    {
        var sample = CrdCase.Load(path);

        Assert.False(string.IsNullOrWhiteSpace(sample.Expected), "A reject begins with '# expect: part of the message'.");
        Assert.Contains(sample.Errors(), error => error.Contains(sample.Expected, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_CEL_rule_has_a_sample_that_breaks_it()
    {
        var expected = Rejected.Select(row => CrdCase.Load(row.Data)).ToLookup(sample => sample.Path.Split('/')[0], sample => sample.Expected!);
        var without =
            from kind in Crd.Kinds
            from found in Crd.Of(kind).Rules()
            let message = (string)found.Rule["message"]!
            where !expected[kind].Any(part => message.Contains(part, StringComparison.Ordinal))
            select $"{kind}{found.Path}: {message}";

        Assert.Empty(without);
    }

    /// <summary>Each whole number of a spec that has bounds in its CRD: one less than the least, and one more than the most.</summary>
    public static TheoryData<string, string, long> NumbersOutside =>
    [
        .. from kind in Crd.Kinds
           from found in Crd.Of(kind).Schemas()
           where found.Path.StartsWith(".spec.", StringComparison.Ordinal) && (string?)found.Schema["type"] == "integer"
           from value in (long?[])[(long?)found.Schema["minimum"] - 1, (long?)found.Schema["maximum"] + 1]
           where value is not null
           select new TheoryDataRow<string, string, long>(kind, found.Path[1..], value.Value),
    ];

    [Theory, MemberData(nameof(NumbersOutside))]
    public void The_operator_rejects_a_number_outside_the_bounds_of_the_CRD_and_names_the_field(string kind, string path, long value)
    {
        var manifest = JsonNode.Parse($$"""{"apiVersion": "kms.servicekey.dev/v1alpha1", "kind": "{{kind}}", "metadata": {"name": "sample"}, "spec": {{Least(kind)}}}""")!;
        var names = path.Split('.');
        var parent = names[..^1].Aggregate(manifest, (node, name) => node[name] ??= new JsonObject());
        parent[names[^1]] = value;

        Assert.Contains(new CrdCase(path, null, ManifestLoader.Parse(path, manifest.ToJsonString())).Errors(), error => error.Contains(path, StringComparison.Ordinal));
    }

    private static string Least(string kind) => kind switch
    {
        "KeyClass" => """{"region": "eu-west-1", "aliasPrefix": "acme"}""",
        "ServiceKey" => """{"alias": "alias/sample"}""",
        _ => """{"primaryRef": {"name": "sample"}, "region": "eu-west-1"}""",
    };
}
