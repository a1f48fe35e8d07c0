using KmsOperator.Policies;
using KmsOperator.Policies.Evaluation;
using Xunit;

namespace KmsOperator.UnitTests.Policies.Scoped;

/// <summary>
/// What <c>Scoped</c> promises, for every service, over every request that the policies can tell apart. Not a sample: see <see cref="RequestSpace"/>.
/// </summary>
public sealed class ScopedPolicyTests
{
    private const string Own = "111122223333";
    private const string Trusted = "444455556666";
    private const string Stranger = "777788889999";

    /// <summary>AWS says that these requests do not say for which resource they are made, or asks for no condition on them.</summary>
    private static readonly string[] WithoutSource = ["SnsEventSourcesWithoutSource", "CloudTrailLake", "EventBridgeDescribe"];

    public static TheoryData<string> Services => [.. ServiceCatalogue.Services.Keys, ""];

    public static TheoryData<string, string> Keys => new()
    {
        { "RSA_2048", "ENCRYPT_DECRYPT" }, { "RSA_2048", "SIGN_VERIFY" }, { "HMAC_256", "GENERATE_VERIFY_MAC" }, { "ECC_NIST_P256", "KEY_AGREEMENT" }, { "ML_KEM_768", "ENCAPSULATE_DECAPSULATE" },
    };

    [Theory, MemberData(nameof(Services))]
    public void Scoped_allows_nothing_that_Canonical_does_not(string service) => Assert.All(Requests(service), AssertNarrower);

    [Theory, MemberData(nameof(Keys))]
    public void And_for_keys_of_every_usage(string keySpec, string keyUsage) =>
        Assert.All(Requests(""), request => AssertNarrower(request with { Actions = KeyActions.TryGet(keySpec, keyUsage)! }));

    [Theory, MemberData(nameof(Services))]
    public void Nobody_outside_the_named_accounts_and_services_is_allowed_anything(string service)
    {
        foreach (var preset in Enum.GetValues<PolicyPreset>())
        {
            foreach (var request in Requests(service))
            {
                var policy = RequestSpace.Read(PolicyRenderer.Render(request with { Preset = preset }).Text);
                var space = new RequestSpace(policy);
                var allowed = space.Callers([Stranger, .. request.TrustedAccounts.Count == 0 ? [Trusted] : (string[])[]])
                    .Where(caller => caller.AccountId is { } account ? account != Own && !request.TrustedAccounts.Contains(account) : caller.Name == "unnamed.amazonaws.com")
                    .SelectMany(space.Requests)
                    .FirstOrDefault(one => PolicyEvaluator.Decide(policy, one).Result == AccessResult.Allowed);

                // The solution's statement for the queues of MWAA is for everybody who sends a fitting encryption context. Canonical keeps that, and the linter says so.
                Assert.True((allowed is not null) == (service == "mwaa" && preset == PolicyPreset.Canonical), $"{service} {preset}: {allowed}");
            }
        }
    }

    [Theory, MemberData(nameof(Services))]
    public void The_search_finds_what_only_Canonical_allows(string service)
    {
        var request = Requests(service)[0];

        Assert.NotNull(FindDifference(narrow: Render(request, PolicyPreset.Canonical), wide: Render(request, PolicyPreset.Scoped)));
    }

    [Theory, MemberData(nameof(Services))]
    public void Services_say_for_whom_they_act_grants_are_for_AWS_resources_and_no_action_is_a_pattern(string service)
    {
        var statements = Render(Requests(service)[^1], PolicyPreset.Scoped).Where(statement => statement.IsAllow).ToArray();

        Assert.Equal(statements.Length, statements.Select(statement => statement.Sid).Distinct().Count());
        Assert.All(statements, statement =>
        {
            bool Has(string key) => statement.Conditions.Any(condition => condition.Key == key);
            Assert.DoesNotContain(statement.Actions, action => action.Contains('*', StringComparison.Ordinal));
            Assert.True(!statement.Principals.Aws.Contains("*") || Has("kms:CallerAccount"), statement.Sid);
            if (statement.CoversAction("kms:CreateGrant"))
            {
                Assert.True(statement.Actions.Count == 1 && Has("kms:GrantOperations"), statement.Sid);
                Assert.True(statement.Principals.Services.Count > 0 || Has("kms:GrantIsForAWSResource"), statement.Sid);
            }

            Assert.True(
                statement.Principals.Services.Count == 0 || Has("aws:SourceAccount") || Has("aws:SourceArn") || WithoutSource.Contains(statement.Sid!)
                || statement.Conditions.Any(condition => ConditionKeys.IsBelow(condition.Key, ConditionKeys.EncryptionContext) && condition.Values.All(value => value.Contains(Own, StringComparison.Ordinal))),
                statement.Sid);
        });
    }

    [Fact]
    public void The_organization_of_the_class_is_asked_for_where_others_than_the_own_account_may_call()
    {
        string[] Asking(string? organization) => [.. Render(Request("sqs") with { TrustedAccounts = [Trusted], CrossAccountViaService = true, Organization = organization }, PolicyPreset.Scoped)
            .Where(statement => statement.Conditions.Any(condition => condition.Key is "aws:PrincipalOrgID" or "aws:SourceOrgID")).Select(statement => statement.Sid!)];

        Assert.Empty(Asking(null));
        Assert.Equal(["TrustedAccounts", "TrustedAccountGrants", "TrustedAccountGrantsCreateGrant", "ViaService", "ViaServiceCreateGrant", "SqsEventSources"], Asking("o-a1b2c3d4e5"));
    }

    private static void AssertNarrower(PolicyRequest request)
    {
        var difference = FindDifference(narrow: Render(request, PolicyPreset.Scoped), wide: Render(request, PolicyPreset.Canonical));
        Assert.True(difference is null, $"{request.Service}: {difference?.Caller.Name} {difference?.Action}");
    }

    private static AccessRequest? FindDifference(IReadOnlyList<PolicyStatement> narrow, IReadOnlyList<PolicyStatement> wide)
    {
        var space = new RequestSpace(narrow, wide);
        foreach (var request in space.Callers(Own, Trusted, Stranger).SelectMany(space.Requests))
        {
            var inNarrow = PolicyEvaluator.Decide(narrow, request).Result;
            Assert.NotEqual(AccessResult.Unknown, inNarrow);
            if (inNarrow == AccessResult.Allowed && PolicyEvaluator.Decide(wide, request).Result != AccessResult.Allowed)
            {
                return request;
            }
        }

        return null;
    }

    /// <summary>Without the root's statement, which is the same in both presets: it allows the account's own principals everything that IAM does, and would hide what the others allow them.</summary>
    private static IReadOnlyList<PolicyStatement> Render(PolicyRequest request, PolicyPreset preset) =>
        [.. RequestSpace.Read(PolicyRenderer.Render(request with { Preset = preset }).Text).Where(statement => statement.Sid != "RootAccess")];

    private static PolicyRequest Request(string service) => new()
    {
        Region = ServiceLimits.TryGet(service)?.Region ?? "eu-west-1",
        AccountId = Own,
        Service = service.Length == 0 ? null : service,
        Actions = ServiceLimits.TryGet(service)?.Actions ?? KeyActions.SymmetricEncryption,
        Administrators = [$"arn:aws:iam::{Own}:role/Admin"],
        Users = [$"arn:aws:iam::{Own}:role/User"],
        UsersByVerb = new Dictionary<string, IReadOnlyList<string>> { ["decrypters"] = [$"arn:aws:iam::{Own}:role/Reader"], ["signers"] = [$"arn:aws:iam::{Own}:role/Signer"] },
    };

    /// <summary>Alone; with a trusted account, which may also call through the service; of an organization, for named resources.</summary>
    private static PolicyRequest[] Requests(string service) =>
    [
        Request(service),
        Request(service) with { TrustedAccounts = [Trusted], CrossAccountViaService = true },
        Request(service) with
        {
            TrustedAccounts = [Trusted],
            Organization = "o-a1b2c3d4e5",
            Parameters = ServiceCatalogue.Services.TryGetValue(service, out var row)
                ? row.Parameters.ToDictionary(parameter => parameter.Key, IReadOnlyList<string> (parameter) => [parameter.Value
                    .Replace("${Partition}", "aws", StringComparison.Ordinal).Replace("${Region}", "eu-west-1", StringComparison.Ordinal)
                    .Replace("${OwnerAccount}", Own, StringComparison.Ordinal).Replace("*", "one", StringComparison.Ordinal)])
                : new Dictionary<string, IReadOnlyList<string>>(),
        },
    ];
}
