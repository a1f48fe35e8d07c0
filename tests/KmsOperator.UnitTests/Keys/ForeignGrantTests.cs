using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.UnitTests.Plans;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Grants that others made and that are what the spec lists: they count, and the operator never revokes them.</summary>
public sealed class ForeignGrantTests
{
    private const string A = "{name: a, granteePrincipal: App, operations: [DescribeKey, Decrypt], encryptionContextSubset: {stage: live}}";
    private const string ChangedA = "{name: a, granteePrincipal: App, operations: [Encrypt]}";
    private const string OtherA = "{name: z, granteePrincipal: App, operations: [Decrypt, DescribeKey], encryptionContextSubset: {stage: live}}";
    private const string App = "arn:aws:iam::123456789012:role/App";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_grant_that_others_made_and_that_means_the_same_counts_and_none_is_made()
    {
        using var scenario = await StartAsync();
        var id = await MakeAsync(scenario, "terraform-reader");
        var writes = (await scenario.Aws.WritesAsync()).Count;

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}, {OtherA}]"));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(writes, (await scenario.Aws.WritesAsync()).Count);
        var grants = Status(scenario)["grants"]!.AsArray();
        Assert.Equal([("a", id, true), ("z", id, true)], grants.Select(grant => ((string)grant!["name"]!, (string)grant["grantId"]!, (bool)grant["foreign"]!)));
        Assert.Null(Status(scenario)["leftGrants"]);
        Assert.Null(Status(scenario)["formerGrantNames"]);
    }

    // the grants that the spec lists afterwards; the operator's own that are made; why
    public static TheoryData<string, string[], string> Ends => new()
    {
        { "[]", [], "it is taken out of the spec" },
        { $"[{ChangedA}]", ["a"], "it is changed: the new one is made" },
        { "[{name: b, granteePrincipal: App, operations: [Encrypt]}]", ["b"], "another one comes in its place" },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public async Task A_grant_of_others_that_the_spec_lists_no_more_is_left_and_the_resource_says_how_to_revoke_it(string after, string[] made, string why)
    {
        using var scenario = await StartAsync();
        var id = await MakeAsync(scenario, "terraform-reader");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: {after}"));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        var key = await scenario.Aws.KeyAsync();
        var advice = $"Grant {id} (Decrypt, DescribeKey for {App}), which was a of spec.grants, still gives access: the operator did not make it and does not revoke it. "
            + $"Who no longer needs it runs: aws kms revoke-grant --region us-east-1 --key-id {(string)key["arn"]!} --grant-id {id}";
        Assert.EndsWith(" " + advice, scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Single(scenario.Events("one"), note => note == $"Progressing: {advice}");
        Assert.Equal(id, (string?)Assert.Single(Status(scenario)["leftGrants"]!.AsArray())!["grantId"]);
        Assert.True(made.SequenceEqual((Status(scenario)["grants"]?.AsArray() ?? []).Select(grant => (string)grant!["name"]!)), why);
        Assert.Equal(1 + made.Length, key["grants"]!.AsArray().Count);

        await scenario.Aws.Kms().RevokeGrantAsync(new RevokeGrantRequest { KeyId = (string)key["keyId"]!, GrantId = id }, Ct);
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "gone");
        await scenario.RestAsync();

        Assert.Null(Status(scenario)["leftGrants"]);
        Assert.DoesNotContain("revoke-grant", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal(1, await scenario.CallsAsync("RevokeGrant"));
    }

    [Fact]
    public async Task When_the_grant_of_others_goes_the_operator_makes_its_own_and_says_that_somebody_else_has_changed_the_key()
    {
        using var scenario = await StartAsync();
        var id = await MakeAsync(scenario, null);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();
        await scenario.Aws.Kms().RevokeGrantAsync(new RevokeGrantRequest { KeyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!, GrantId = id }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        Assert.Contains(scenario.Events("one"), note => note.Contains("was changed by somebody else and is put right: CreateGrant: a: ", StringComparison.Ordinal));
        var grant = Assert.Single(Status(scenario)["grants"]!.AsArray())!;
        Assert.Null(grant["foreign"]);
        Assert.StartsWith("servicekey-dev:a:", (string)Assert.Single((await scenario.Aws.KeyAsync())["grants"]!.AsArray())!["name"]!, StringComparison.Ordinal);
        Assert.Null(Status(scenario)["leftGrants"]);
    }

    [Fact]
    public async Task A_grant_of_its_own_stays_when_others_make_an_equal_one()
    {
        using var scenario = await StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.RestAsync();
        await MakeAsync(scenario, "theirs");

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        Assert.Equal("theirs", (string?)Assert.Single((await scenario.Aws.KeyAsync())["grants"]!.AsArray())!["name"]);
        Assert.Null(Status(scenario)["leftGrants"]);
        Assert.Null(Status(scenario)["grants"]);
    }

    [Fact]
    public async Task An_entry_that_is_changed_and_changed_back_counts_on_the_grant_of_others_again()
    {
        using var scenario = await StartAsync();
        var id = await MakeAsync(scenario, "theirs");
        foreach (var grants in (string[])[A, ChangedA, A])
        {
            await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{grants}]"));
            await scenario.RestAsync();
        }

        Assert.Equal("theirs", (string?)Assert.Single((await scenario.Aws.KeyAsync())["grants"]!.AsArray())!["name"]);
        Assert.Equal(id, (string?)Assert.Single(Status(scenario)["grants"]!.AsArray())!["grantId"]);
        Assert.Null(Status(scenario)["leftGrants"]);
    }

    [Fact]
    public async Task A_left_grant_keeps_nobody_from_taking_the_permission_to_list_away()
    {
        using var scenario = await StartAsync();
        await MakeAsync(scenario, "theirs");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"grants: [{A}]"));
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync("ListGrants");

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.NotNull(Status(scenario)["leftGrants"]);
    }

    private static async Task<Scenario> StartAsync()
    {
        var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        return scenario;
    }

    private static async Task<string> MakeAsync(Scenario scenario, string? name) => (await scenario.Aws.Kms().CreateGrantAsync(
        new CreateGrantRequest
        {
            KeyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!,
            Name = name,
            GranteePrincipal = App,
            Operations = ["Decrypt", "DescribeKey"],
            Constraints = new GrantConstraints { EncryptionContextSubset = new Dictionary<string, string> { ["stage"] = "live" } },
        },
        Ct)).GrantId;

    private static JsonNode Status(Scenario scenario) => scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!;
}
