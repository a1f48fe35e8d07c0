using System.Text.Json.Nodes;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

public sealed partial class ScenarioTests
{
    [Fact]
    public async Task A_role_that_does_not_exist_yet_is_reported_and_the_key_heals_when_it_is_made()
    {
        var role = await RoleAsync("Later", exists: false);
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "access: {users: [Later-" + _namespace + "]}"));
        await ConditionAsync("sk/one", "False", "PrincipalNotFound", "Stalled");

        await RoleAsync("Later", exists: true);
        await ReadyAsync("sk/one");
        Assert.Contains(role, Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_is_missing_in_a_change_leaves_the_old_policy_and_heals()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        await ReadyAsync("sk/one");
        var before = Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>();
        var role = await RoleAsync("Later", exists: false);
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "access: {users: [Later-" + _namespace + "]}"));
        await ConditionAsync("sk/one", "False", "PrincipalNotFound", "Stalled");
        Assert.Equal(before, Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>());

        await RoleAsync("Later", exists: true);
        await ReadyAsync("sk/one");
        Assert.Contains(role, Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_principal_that_was_deleted_is_named_with_its_statement_and_heals_when_it_is_made_again()
    {
        var role = await RoleAsync("App", exists: true);
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "access: {users: [App-" + _namespace + "]}"));
        await ReadyAsync("sk/one");
        await RoleAsync("App", exists: false);
        var policy = Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>();
        Assert.DoesNotContain(role, policy, StringComparison.Ordinal);

        await LookAsync("one");
        var message = await ConditionAsync("sk/one", "False", "PrincipalDeleted", "Stalled");
        Assert.Contains("AROA", message, StringComparison.Ordinal);
        Assert.Contains("in statement ", message, StringComparison.Ordinal);

        await RoleAsync("App", exists: true);
        await ReadyAsync("sk/one");
        Assert.Contains(role, Assert.Single(await operators.KeysOfAsync(_namespace))["policy"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_over_the_limit_is_refused_before_any_call()
    {
        const int Statements = 90;
        var statements = new JsonArray([.. Enumerable.Range(0, Statements).Select(i => (JsonNode)new JsonObject
        {
            ["Sid"] = $"Extra{i}",
            ["Effect"] = "Allow",
            ["Principal"] = new JsonObject { ["AWS"] = $"arn:aws:iam::123456789012:role/{new string('x', 60)}" },
            ["Condition"] = new JsonObject { ["StringLike"] = new JsonObject { ["kms:RequestAlias"] = $"alias/{new string('y', 200)}" } },
            ["Action"] = new JsonArray("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"),
            ["Resource"] = "*",
        })]);
        await Cluster.ApplyTextAsync(Key("one", "service: s3", $"policy: {{additionalStatements: {statements.ToJsonString()}}}"));
        Assert.Contains("32768", await ConditionAsync("sk/one", "False", "PolicyTooLarge", "Stalled"), StringComparison.Ordinal);
        Assert.Empty(await operators.KeysOfAsync(_namespace));
    }

    /// <summary>Makes a role of this test's own exist in IAM, or not.</summary>
    /// <returns>Its ARN.</returns>
    private async Task<string> RoleAsync(string name, bool exists)
    {
        var arn = $"arn:aws:iam::123456789012:role/{name}-{_namespace}";
        await operators.AdminAsync("/_sim/principals", new JsonObject { [exists ? "exists" : "delete"] = new JsonArray(arn) });
        return arn;
    }
}
