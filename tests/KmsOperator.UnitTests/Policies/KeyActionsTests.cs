using System.Text.Json;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Policies;

/// <summary>What generated policies let users do, for every key that KMS has.</summary>
public sealed class KeyActionsTests
{
    private const string Account = "111122223333";
    private static readonly string[] OfUsers = ["Users", "TrustedAccounts"];

    /// <summary>The operations of each usage, as docs/policies.md promises them.</summary>
    private static readonly Dictionary<string, string[]> Operations = new()
    {
        ["symmetric"] = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        ["ENCRYPT_DECRYPT"] = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GetPublicKey", "kms:ReEncrypt*"],
        ["SIGN_VERIFY"] = ["kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:Verify"],
        ["GENERATE_VERIFY_MAC"] = ["kms:DescribeKey", "kms:GenerateMac", "kms:VerifyMac"],
        ["KEY_AGREEMENT"] = ["kms:DeriveSharedSecret", "kms:DescribeKey", "kms:GetPublicKey"],
        ["ENCAPSULATE_DECAPSULATE"] = ["kms:Decapsulate", "kms:DescribeKey", "kms:Encapsulate", "kms:GetPublicKey"],
    };

    public static TheoryData<string, string> Keys
    {
        get
        {
            var keys = new TheoryData<string, string>();
            foreach (var spec in KeySpecs.All)
            {
                foreach (var usage in spec.Usages)
                {
                    keys.Add(spec.Name, usage);
                }
            }

            return keys;
        }
    }

    public static TheoryData<string> Services => [.. ServiceCatalogue.Services.Keys];

    [Theory]
    [MemberData(nameof(Keys))]
    public void Users_and_trusted_accounts_get_the_operations_of_the_key_s_usage_and_no_others(string spec, string usage)
    {
        var statements = Statements(KeyActions.TryGet(spec, usage)!);

        var wanted = Operations[spec == KeySpecs.Default ? "symmetric" : usage];
        Assert.All(OfUsers, sid => Assert.Equal(wanted, statements[sid]));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Every_key_but_one_for_MACs_has_statements_for_the_grants_of_AWS_services(string spec, string usage)
    {
        var statements = Statements(KeyActions.TryGet(spec, usage)!);

        Assert.Equal(usage != "GENERATE_VERIFY_MAC", statements.ContainsKey("AdministratorGrants"));
        Assert.Equal(usage != "GENERATE_VERIFY_MAC", statements.ContainsKey("TrustedAccountGrants"));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void A_part_of_the_usage_goes_to_those_who_have_it_and_is_never_more_than_the_usage(string spec, string usage)
    {
        var actions = KeyActions.TryGet(spec, usage)!;
        string[] verbs = ["signers", "verifiers", "encrypters", "decrypters", "macGenerators", "macVerifiers"];
        using var document = JsonDocument.Parse(PolicyRenderer.Render(Request(actions) with
        {
            UsersByVerb = verbs.ToDictionary(verb => verb, IReadOnlyList<string> (verb) => [$"arn:aws:iam::{Account}:role/{verb}"]),
        }).Text);
        var given = document.RootElement.GetProperty("Statement").EnumerateArray()
            .Select(statement => (Who: statement.GetProperty("Principal").GetProperty("AWS").ToString().Split('/')[^1], Statement: statement))
            .Where(one => verbs.Contains(one.Who))
            .ToDictionary(one => one.Who, one => one.Statement.GetProperty("Action").EnumerateArray().Select(action => action.GetString()!).ToArray());

        string[] wanted = usage switch
        {
            "ENCRYPT_DECRYPT" => ["decrypters", "encrypters"],
            "SIGN_VERIFY" => ["signers", "verifiers"],
            "GENERATE_VERIFY_MAC" => ["macGenerators", "macVerifiers"],
            _ => [],
        };
        Assert.Equal(wanted, given.Keys.Order(StringComparer.Ordinal));
        Assert.All(given.Values.SelectMany(list => list), action => Assert.Contains(
            actions.Use, use => use == action || (use.EndsWith('*') && action.StartsWith(use[..^1], StringComparison.Ordinal))));
    }

    [Fact]
    public void A_usage_that_KMS_may_have_one_day_has_no_actions_here() => Assert.Null(KeyActions.TryGet("RSA_2048", "COUNT_SHEEP"));

    [Theory]
    [MemberData(nameof(Services))]
    public void No_service_s_policy_is_generated_for_a_key_that_the_service_cannot_use(string service)
    {
        var limits = ServiceLimits.TryGet(service)!;
        Assert.Equal(service != "route53-dnssec", limits.IsSymmetric);
        Assert.Equal(service is "mwaa" or "controltower" or "fargate" or "route53-dnssec", limits.SingleRegionOnly);
        var other = limits.IsSymmetric ? KeyActions.TryGet("ECC_NIST_P256", "SIGN_VERIFY")! : KeyActions.SymmetricEncryption;
        Assert.Throws<ArgumentException>(() => PolicyRenderer.Render(Request(other) with { Service = service }));
    }

    private static PolicyRequest Request(KeyActions actions) => new()
    {
        Region = "eu-west-1",
        AccountId = Account,
        Actions = actions,
        Administrators = [$"arn:aws:iam::{Account}:role/Admin"],
        Users = [$"arn:aws:iam::{Account}:role/User"],
        TrustedAccounts = ["444455556666"],
    };

    private static Dictionary<string, string[]> Statements(KeyActions actions)
    {
        using var document = JsonDocument.Parse(PolicyRenderer.Render(Request(actions)).Text);
        return document.RootElement.GetProperty("Statement").EnumerateArray().ToDictionary(
            statement => statement.GetProperty("Sid").GetString()!,
            statement => statement.GetProperty("Action") is { ValueKind: JsonValueKind.Array } list
                ? list.EnumerateArray().Select(action => action.GetString()!).ToArray()
                : [statement.GetProperty("Action").GetString()!]);
    }
}
