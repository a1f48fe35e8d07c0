using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.Json.Nodes;
using KmsOperator.Aws;
using KmsOperator.Configuration;
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
    public void The_policy_for_event_queues_permits_exactly_what_the_code_calls()
    {
        // A batch needs the permission of its single call.
        var called = Called("IAmazonSQS").Select(method => $"sqs:{method.Replace("Batch", "", StringComparison.Ordinal)}");

        Assert.Equal(called.Order(StringComparer.Ordinal), Statements("event-queue-policy.json").SelectMany(Actions).Order(StringComparer.Ordinal));
    }

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

    // Every action of KMS that uses a key on data. GetPublicKey and GenerateRandom are not in it: neither shows anything secret. A grant to the operator
    // itself would give it nothing, since a denial counts more than a grant. RetireGrant is for those whom a grant names.
    private static readonly string[] Cryptographic =
    [
        "kms:Decapsulate", "kms:Decrypt", "kms:DeriveSharedSecret", "kms:Encapsulate", "kms:Encrypt", "kms:GenerateDataKey*", "kms:GenerateMac",
        "kms:ReEncrypt*", "kms:RetireGrant", "kms:Sign", "kms:Verify", "kms:VerifyMac",
    ];

    [Fact]
    public void Every_use_of_data_is_denied_on_every_key_whatever_else_is_attached()
    {
        var denied = Statements("operator-policy.json").Single(statement => Text(statement["Effect"]) == "Deny" && statement["Condition"] is null);
        Assert.Equal("*", Text(denied["Resource"]));
        Assert.Equal(Cryptographic, Actions(denied).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_denied_as_use_of_data_is_what_the_SDK_can_do_with_a_key_and_data()
    {
        // The SDK's calls are those of the service: a new way to use a key shows up here when the SDK is updated.
        string[] harmless = ["CreateGrant", "GenerateRandom", "ListGrants", "ListRetirableGrants", "RevokeGrant"];
        var uses = typeof(Amazon.KeyManagementService.IAmazonKeyManagementService).GetMethods().Select(method => method.Name).Where(name => name.EndsWith(Async, StringComparison.Ordinal))
            .Select(name => name[..^Async.Length]).Distinct()
            .Where(name => !harmless.Contains(name) && UseOfData.Any(word => name.Contains(word, StringComparison.Ordinal)));
        var patterns = Cryptographic.Select(action => action["kms:".Length..].TrimEnd('*')).ToArray();
        Assert.All(uses, use => Assert.Contains(patterns, pattern => use.StartsWith(pattern, StringComparison.Ordinal)));
    }

    private static readonly string[] UseOfData = ["crypt", "Generate", "Sign", "Verify", "Mac", "Secret", "Grant", "capsulate"];

    [Fact]
    public void KMS_s_lockout_check_cannot_be_bypassed_by_any_call_that_takes_a_policy()
    {
        var denied = Statements("operator-policy.json").Single(statement => Text(statement["Effect"]) == "Deny" && statement["Condition"] is not null);
        Assert.Equal(["kms:CreateKey", "kms:PutKeyPolicy", "kms:ReplicateKey"], Actions(denied).Order(StringComparer.Ordinal));
        Assert.Equal("*", Text(denied["Resource"]));
        Assert.Equal("""{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"true"}}""", denied["Condition"]!.ToJsonString());
    }

    [Fact]
    public void Nothing_is_permitted_that_is_denied_without_a_condition()
    {
        var statements = Statements("operator-policy.json").Concat(Statements("adoption-policy.json"));
        var permitted = statements.Where(statement => Text(statement["Effect"]) == "Allow").SelectMany(Actions);
        Assert.All(permitted, action => Assert.DoesNotContain(Cryptographic, denied => action.StartsWith(denied.TrimEnd('*'), StringComparison.Ordinal)));
    }

    [Fact]
    public void Roles_of_other_accounts_are_assumed_with_the_tags_of_a_Pod_Identity_session_and_only_in_accounts_that_are_listed()
    {
        // EKS Pod Identity's session tags are transitive: an AssumeRole from such a session is refused unless both sides permit sts:TagSession.
        var assume = Assert.Single(Statements("assume-member-roles-policy.json"));
        Assert.Equal(["sts:AssumeRole", "sts:TagSession"], Actions(assume));
        Assert.All(assume["Resource"]!.AsArray(), role => Assert.Matches("^arn:aws:iam::MEMBER_ACCOUNT_ID_[0-9]:role/kms-operator$", role!.GetValue<string>()));
        var trust = Statements("member-trust-policy.json");
        Assert.Contains(trust, statement => Actions(statement).SequenceEqual(["sts:AssumeRole"]) && statement["Condition"]!["StringEquals"]!["sts:ExternalId"] is not null);
        Assert.Contains(trust, statement => Actions(statement).SequenceEqual(["sts:TagSession"]));
        Assert.All(trust, statement => Assert.Equal("arn:aws:iam::HUB_ACCOUNT_ID:role/kms-operator", Text(statement["Principal"]!["AWS"])));
    }

    [Fact]
    public void Only_the_operator_s_service_account_of_one_cluster_is_the_operator_s_role()
    {
        var pod = Assert.Single(Statements("pod-identity-trust-policy.json"))["Condition"]!["StringEquals"]!.AsObject();
        Assert.Equal("kms-operator-system", Text(pod["aws:RequestTag/kubernetes-namespace"]));
        Assert.Equal("kms-operator", Text(pod["aws:RequestTag/kubernetes-service-account"]));
        Assert.NotNull(pod["aws:RequestTag/eks-cluster-arn"]);
        var web = Assert.Single(Statements("irsa-trust-policy.json"))["Condition"]!["StringEquals"]!.AsObject();
        Assert.Equal("system:serviceaccount:kms-operator-system:kms-operator", Text(web["OIDC_PROVIDER:sub"]));
        Assert.Equal("sts.amazonaws.com", Text(web["OIDC_PROVIDER:aud"]));
    }

    [Fact]
    public void No_policy_names_every_account()
    {
        var files = Files.Select(row => File.ReadAllText(RepositoryFiles.Path("config", "iam", row.Data)));
        Assert.All(files, text => Assert.DoesNotMatch(@"arn:aws:[a-z]+:[^:""]*:\*:", text));
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
