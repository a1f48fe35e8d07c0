using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json.Nodes;
using KmsOperator.Aws;
using Xunit;

namespace KmsOperator.UnitTests.Schema;

/// <summary>The policies of config/iam against the calls in the operator's compiled code.</summary>
public sealed class IamPolicyTests
{
    private const string Async = "Async";

    [Fact]
    public void The_operator_s_policy_permits_exactly_the_KMS_actions_that_the_code_calls()
    {
        var called = Called("IAmazonKeyManagementService").Select(method => $"kms:{method}").ToArray();
        var permitted = Statements("operator-policy.json").Where(statement => Text(statement["Effect"]) == "Allow")
            .SelectMany(Actions).Where(action => action.StartsWith("kms:", StringComparison.Ordinal)).Distinct();

        Assert.NotEmpty(called);
        Assert.Equal(called.Order(StringComparer.Ordinal), permitted.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Metrics_begin_with_a_series_for_each_of_these_calls() => Assert.Equal(
        Called("IAmazonKeyManagementService").Order(StringComparer.Ordinal), RequestMetrics.Operations.Order(StringComparer.Ordinal));

    [Fact]
    public void The_code_calls_nothing_of_STS_but_who_it_is_and_other_roles() =>
        Assert.Equal(["AssumeRole", "GetCallerIdentity"], Called("IAmazonSecurityTokenService").Concat(Called("AmazonSecurityTokenServiceClient")).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void What_changes_a_key_is_permitted_only_with_the_cluster_s_tag()
    {
        string[] unconditional = ["kms:DescribeKey", "kms:ListAliases", "kms:ListKeys", "kms:ListResourceTags"];
        foreach (var statement in Statements("operator-policy.json").Where(statement => Text(statement["Effect"]) == "Allow"))
        {
            var condition = statement["Condition"]?.ToJsonString() ?? "";
            Assert.All(Actions(statement), action => Assert.True(
                condition.Contains("servicekey.dev/cluster", StringComparison.Ordinal) || unconditional.Contains(action)
                || (Text(statement["Resource"])?.Contains(":alias/", StringComparison.Ordinal) ?? false) || action == "iam:CreateServiceLinkedRole",
                $"{action} in {statement["Sid"]}"));
        }
    }

    [Fact]
    public void No_use_of_data_and_no_lockout_is_possible_whatever_else_is_attached()
    {
        var denied = Statements("operator-policy.json").Where(statement => Text(statement["Effect"]) == "Deny").ToArray();
        Assert.Contains(denied, statement => Actions(statement).Contains("kms:Decrypt") && statement["Condition"] is null);
        Assert.Contains(denied, statement => Actions(statement).Contains("kms:PutKeyPolicy") && statement["Condition"]!.ToJsonString().Contains("kms:BypassPolicyLockoutSafetyCheck", StringComparison.Ordinal));
    }

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(RepositoryFiles.Path("config", "iam"), "*.json").Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void Every_policy_is_a_policy_and_is_explained(string file)
    {
        Assert.NotEmpty(Statements(file));
        Assert.Contains($"({"../config/iam/" + file})", File.ReadAllText(RepositoryFiles.Path("docs", "iam.md")), StringComparison.Ordinal);
    }

    /// <summary>Methods of an SDK interface that the operator's assemblies refer to, without their ending.</summary>
    private static string[] Called(string type)
    {
        var called = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var assembly in (string[])[typeof(AwsClients).Assembly.Location, typeof(OperatorOptions).Assembly.Location])
        {
            using var file = new PEReader(File.OpenRead(assembly));
            var metadata = file.GetMetadataReader();
            foreach (var member in metadata.MemberReferences.Select(metadata.GetMemberReference))
            {
                if (member.Parent.Kind == HandleKind.TypeReference
                    && metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)member.Parent).Name) == type
                    && metadata.GetString(member.Name) is var name && name.EndsWith(Async, StringComparison.Ordinal))
                {
                    called.Add(name[..^Async.Length]);
                }
            }
        }

        return [.. called];
    }

    private static JsonObject[] Statements(string file)
    {
        var policy = JsonNode.Parse(File.ReadAllText(RepositoryFiles.Path("config", "iam", file)))!;
        Assert.Equal("2012-10-17", Text(policy["Version"]));
        return [.. policy["Statement"]!.AsArray().OfType<JsonObject>()];
    }

    private static IEnumerable<string> Actions(JsonObject statement) =>
        statement["Action"] is JsonArray list ? list.Select(action => action!.GetValue<string>()) : [statement["Action"]!.GetValue<string>()];

    private static string? Text(JsonNode? node) => node is JsonValue value ? value.GetValue<string>() : null;
}
