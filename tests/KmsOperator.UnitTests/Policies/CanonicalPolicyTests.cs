using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Policies;

/// <summary>Holds the catalogue against the facts, with a comparison of its own.</summary>
public sealed class CanonicalPolicyTests
{
    private const string Account = "111122223333";
    private static readonly string[] Regions = ["eu-central-1", "cn-north-1", "us-gov-west-1"];
    private static readonly JsonNode Facts = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Policies", "canonical-policies.json")))!;

    public static TheoryData<string, string, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, string, bool>();
            foreach (var service in Facts["services"]!.AsObject())
            {
                foreach (var region in Regions)
                {
                    cases.Add(service.Key, region, true);
                    cases.Add(service.Key, region, false);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_service_s_policy_says_what_the_facts_say(string service, string region, bool withAccess)
    {
        var partition = Partition.OfRegion(region);
        string[] administrators = [$"arn:{partition}:iam::{Account}:role/Admin"];
        string[] users = withAccess ? [$"arn:{partition}:iam::{Account}:role/User"] : [];
        string[] trusted = withAccess ? ["444455556666"] : [];
        var policy = PolicyRenderer.Render(new PolicyRequest
        {
            Region = region,
            AccountId = Account,
            Service = service,
            Administrators = administrators,
            Users = users,
            TrustedAccounts = trusted,
            CrossAccountViaService = withAccess,
        });

        var lists = new Dictionary<string, string[]>
        {
            ["${Administrators}"] = administrators,
            ["${Users}"] = [.. users, .. administrators],
            ["${TrustedAccountRoots}"] = [.. trusted.Select(id => $"arn:{partition}:iam::{id}:root")],
            ["${AllowedAccounts}"] = [Account, .. trusted],
        };
        string[] Expand(JsonNode values) => [.. values.AsArray().Select(value => value!.GetValue<string>()).SelectMany(value => lists.TryGetValue(value, out var list)
            ? list
            // The one deviation: the solution's pattern has a star in the account's place, so that queues of every account fit.
            : [value.Replace("${Region}:*:airflow-celery-*", "${Region}:${OwnerAccount}:airflow-celery-*").Replace("${Region}", region).Replace("${Partition}", partition).Replace("${OwnerAccount}", Account)])];
        var wanted = Facts["common"]!.AsArray().Where(statement => statement!["when"] is null || withAccess)
            .Concat(Facts["services"]![service]!.AsArray())
            .Select(statement => Describe(
                statement!["effect"]!.GetValue<string>(),
                statement["principals"]!.AsObject().Select(entry => (entry.Key, Expand(entry.Value!))),
                Expand(statement["actions"]!),
                statement["conditions"]!.AsObject().SelectMany(op => op.Value!.AsObject().Select(key => (op.Key, key.Key, Expand(key.Value!))))))
            .ToList();
        if (withAccess && service != "session")
        {
            // The documentation's promise, which the facts' "about" leaves to the issue: users on every key.
            wanted.Add(Describe("Allow", [("AWS", users)], ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"], []));
        }

        using var document = JsonDocument.Parse(policy.Text);
        var actual = document.RootElement.GetProperty("Statement").EnumerateArray().Select(statement => Describe(
            statement.GetProperty("Effect").GetString()!,
            statement.GetProperty("Principal").EnumerateObject().Select(entry => (entry.Name, Strings(entry.Value))),
            Strings(statement.GetProperty("Action")),
            statement.TryGetProperty("Condition", out var condition)
                ? condition.EnumerateObject().SelectMany(op => op.Value.EnumerateObject().Select(key => (op.Name, key.Name, Strings(key.Value))))
                : []));
        Assert.Equal(wanted.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
        Assert.All(document.RootElement.GetProperty("Statement").EnumerateArray(), statement => Assert.Matches("^[A-Za-z0-9]+$", statement.GetProperty("Sid").GetString()));
        Assert.True(policy.ByteLength < KeyPolicy.MaxBytes);
    }

    [Fact]
    public void Without_administrators_users_and_trusted_accounts_no_statement_has_an_empty_principal()
    {
        foreach (var row in ServiceCatalogue.Services.Values)
        {
            var text = PolicyRenderer.Render(new PolicyRequest { Region = "eu-west-1", AccountId = Account, Service = row.Name, Actions = row.Limits.Actions }).Text;
            Assert.DoesNotContain("[]", text, StringComparison.Ordinal);
        }
    }

    private static string[] Strings(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? [value.GetString()!]
        : [.. value.EnumerateArray().Select(item => item.GetString()!)];

    private static string Describe(
        string effect, IEnumerable<(string Type, string[] Names)> principals, string[] actions, IEnumerable<(string Operator, string Key, string[] Values)> conditions)
    {
        static string Set(IEnumerable<string> items) => string.Join(",", items.Distinct().Order(StringComparer.Ordinal));
        return $"{effect} {Set(principals.Select(entry => $"{entry.Type}:{Set(entry.Names)}"))} {Set(actions)} "
            + Set(conditions.Select(entry => $"{entry.Operator}/{entry.Key}={Set(entry.Values)}"));
    }
}
