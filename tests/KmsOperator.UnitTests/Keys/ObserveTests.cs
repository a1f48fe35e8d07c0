using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary><c>managementPolicy: Observe</c>: nothing is written to AWS, and <c>status.plan</c> shows what <c>Full</c> would do.</summary>
public sealed class ObserveTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string[], string[], string> PlansWithoutKey => new()
    {
        { ["service: s3"], ["CreateKey", "CreateAlias", "EnableKeyRotation"], "a usual key" },
        { ["service: s3", "rotation: {enabled: false}"], ["CreateKey", "CreateAlias"], "nothing is said of what is as described from the start" },
        { ["keySpec: RSA_2048", "keyUsage: SIGN_VERIFY", "alias: alias/sign"], ["CreateKey", "CreateAlias"], "a signing key has no rotation" },
    };

    [Theory]
    [MemberData(nameof(PlansWithoutKey))]
    public async Task A_resource_without_key_shows_all_steps_that_would_make_it(string[] spec, string[] operations, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", [.. spec, "managementPolicy: Observe"]));
        await scenario.RestAsync();

        Assert.Equal(operations, Plan(scenario));
        Assert.True(scenario.Condition("ServiceKey", "one", "Ready") is { Status: "False", Reason: "Progressing" }, why);
        Assert.Empty(await scenario.Aws.KeysAsync());

        await scenario.ApplyAsync(Scenario.Key("one", spec));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Null(scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["plan"]);
    }

    [Fact]
    public async Task A_key_that_differs_does_not_count_as_verified()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var verifiedAt = scenario.Status("ServiceKey", "one", "lastVerifiedAt");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "managementPolicy: Observe", "description: other words"));
        await scenario.RestAsync();

        Assert.Equal("Progressing", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        Assert.Equal(verifiedAt, scenario.Status("ServiceKey", "one", "lastVerifiedAt"));
    }

    [Fact]
    public async Task An_observed_key_is_compared_again_after_the_drift_period_and_not_before()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "managementPolicy: Observe"));
        await scenario.RestAsync();
        var compared = await scenario.CallsAsync("GetKeyPolicy");

        // The operator looks at the resource, and not at its key.
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/deletion-protection", "true");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(8));
        Assert.Equal(compared, await scenario.CallsAsync("GetKeyPolicy"));

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(4));
        Assert.Equal(compared + 1, await scenario.CallsAsync("GetKeyPolicy"));
    }

    [Fact]
    public async Task A_plan_that_would_be_refused_says_why_instead()
    {
        using var scenario = await Scenario.StartAsync();
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/acme/s3", TargetKeyId = key }, Ct);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "managementPolicy: Observe"));
        await scenario.RestAsync();

        scenario.AssertStalled("ServiceKey", "one", "AliasConflict");
        Assert.Single(await scenario.Aws.KeysAsync());
    }

    public static TheoryData<string, string[], string> Differences => new()
    {
        { "description: new words", ["UpdateKeyDescription"], "the description" },
        { "tags: {team: a}", ["TagResource"], "a tag" },
        { "enabled: false", ["DisableKey"], "the state" },
        { "alias: alias/renamed", ["CreateAlias", "DeleteAlias"], "the name" },
        { "access: {users: [App]}", ["PutKeyPolicy"], "the policy" },
        { "rotation: {periodDays: 90}", ["EnableKeyRotation"], "the rotation" },
        { "deletionPolicy: Delete", [], "what only concerns a later deletion" },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task A_resource_with_a_key_shows_what_would_change_and_changes_nothing(string change, string[] operations, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var before = (await scenario.Aws.KeyAsync()).ToJsonString();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "managementPolicy: Observe", change));
        await scenario.RestAsync();

        Assert.True(before == (await scenario.Aws.KeyAsync()).ToJsonString(), why);
        Assert.Equal(operations, Plan(scenario));
        var ready = scenario.Condition("ServiceKey", "one", "Ready")!.Value;
        Assert.True(ready.Status == (operations.Length == 0 ? "True" : "False"), $"{why}: {ready}");
    }

    [Fact]
    public async Task A_key_that_is_pending_deletion_is_told_so()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "managementPolicy: Observe"));
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId"), PendingWindowInDays = 7 }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        Assert.Equal(("False", "PendingDeletion"), (scenario.Condition("ServiceKey", "one", "Ready")!.Value.Status, scenario.Condition("ServiceKey", "one", "Ready")!.Value.Reason));
    }

    [Fact]
    public async Task A_key_to_adopt_is_observed_before_it_is_taken()
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { Description = "by hand" }, Ct)).KeyMetadata.KeyId;

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: {key}}}", "managementPolicy: Observe"));
        await scenario.RestAsync();

        Assert.Equal(["TagResource", "UpdateKeyDescription", "PutKeyPolicy", "CreateAlias", "EnableKeyRotation"], Plan(scenario).Order(PlanOrder));
        Assert.Empty((await scenario.Aws.KeyAsync())["tags"]!.AsObject());
        Assert.Equal(key, scenario.Status("ServiceKey", "one", "keyId"));
    }

    // What is compared is which steps there are, not their order.
    private static readonly Comparer<string> PlanOrder = Comparer<string>.Create((a, b) => Rank(a).CompareTo(Rank(b)));

    private static int Rank(string operation) => Array.IndexOf(["TagResource", "UpdateKeyDescription", "PutKeyPolicy", "CreateAlias", "EnableKeyRotation"], operation);

    private static string[] Plan(Scenario scenario) =>
        [.. (scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["plan"] as JsonArray ?? []).Select(step => (string)step!["operation"]!)];
}
