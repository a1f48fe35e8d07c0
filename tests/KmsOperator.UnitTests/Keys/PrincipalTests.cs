using System.Text.Json.Nodes;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Key policies whose principals IAM does not know, and policies that KMS would not take.</summary>
public sealed class PrincipalTests
{
    private const string Role = "arn:aws:iam::123456789012:role/Later";

    private static readonly string[] WithRole = ["service: s3", "access: {users: [Later]}"];

    [Fact]
    public async Task A_role_that_does_not_exist_yet_is_reported_and_the_key_heals_when_it_is_made()
    {
        using var scenario = await Scenario.StartAsync();
        await SetRoleAsync(scenario, exists: false);
        await scenario.ApplyAsync(Scenario.Key("one", WithRole));
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "PrincipalNotFound");

        await AssertHealsAsync(scenario);
    }

    [Fact]
    public async Task A_role_that_is_missing_in_a_change_leaves_the_old_policy_and_heals()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        var before = await PolicyAsync(scenario);
        await SetRoleAsync(scenario, exists: false);
        await scenario.ApplyAsync(Scenario.Key("one", WithRole));
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "PrincipalNotFound");
        Assert.Equal(before, await PolicyAsync(scenario));

        await AssertHealsAsync(scenario);
    }

    [Fact]
    public async Task A_principal_that_was_deleted_is_named_with_its_statement_and_heals_when_it_is_made_again()
    {
        using var scenario = await Scenario.StartAsync();
        await SetRoleAsync(scenario, exists: true);
        await scenario.ApplyAsync(Scenario.Key("one", WithRole));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        await SetRoleAsync(scenario, exists: false);
        Assert.DoesNotContain(Role, await PolicyAsync(scenario), StringComparison.Ordinal);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "PrincipalDeleted");
        var message = scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message;
        Assert.Contains("AROA", message, StringComparison.Ordinal);
        Assert.Contains("in statement ", message, StringComparison.Ordinal);

        await AssertHealsAsync(scenario);
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
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"policy: {{additionalStatements: {statements.ToJsonString()}}}"));

        scenario.AssertStalled("ServiceKey", "one", "PolicyTooLarge");
        Assert.Contains("32768", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    /// <summary>Makes the role exist in IAM, or not.</summary>
    private static Task<string> SetRoleAsync(Scenario scenario, bool exists) =>
        scenario.Aws.PostAsync("/_sim/principals", new JsonObject { [exists ? "exists" : "delete"] = new JsonArray(Role) }.ToJsonString());

    /// <summary>Makes the role exist, and holds that the key gets its policy.</summary>
    private static async Task AssertHealsAsync(Scenario scenario)
    {
        await SetRoleAsync(scenario, exists: true);
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Contains(Role, await PolicyAsync(scenario), StringComparison.Ordinal);
    }

    private static async Task<string> PolicyAsync(Scenario scenario) => (string)(await scenario.Aws.KeyAsync())["policy"]!;
}
