using Amazon.KeyManagementService.Model;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Owner tags that another tool takes off, where the operator has the permissions of config/iam/operator-policy.json and no others.</summary>
public sealed class OwnerTagTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(30);
    private static readonly string[] Marks = ["servicekey.dev/cluster", "servicekey.dev/owner", "servicekey.dev/uid", "servicekey.dev/attempt"];
    private static readonly string[] MayAdopt = ["permissions: {adoption: Allow, aliasTakeOver: Allow}"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task They_are_put_back_before_anything_else()
    {
        var (scenario, _) = await StartAsync();
        using var _1 = scenario;

        await UntagAsync(scenario);
        await scenario.AnnotateAsync("ServiceKey", "k", "kms.servicekey.dev/reconcile-at", "now");

        scenario.AssertReady("ServiceKey", "k");
        Assert.Equal("ServiceKey/team/k", await TagAsync(scenario, "servicekey.dev/owner"));
        Assert.Equal("test", await TagAsync(scenario, "servicekey.dev/cluster"));
    }

    [Theory]
    [InlineData("Delete", "PendingDeletion", "a key that cannot be read cannot be deleted either")]
    [InlineData("Retain", "Enabled", "and nobody finds a key again that nothing marks")]
    public async Task They_are_put_back_before_the_key_of_a_deleted_resource_is_taken_care_of(string policy, string state, string because)
    {
        var (scenario, _) = await StartAsync($"deletionPolicy: {policy}");
        using var _1 = scenario;

        await UntagAsync(scenario);
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "k"));
        await scenario.Operator.SettleAsync(Long);

        Assert.True(state == (string?)(await scenario.Aws.KeyAsync())["keyState"], because);
        Assert.Equal("ServiceKey/team/k", await TagAsync(scenario, "servicekey.dev/owner"));
        Assert.True(policy == "Delete" || await TagAsync(scenario, "servicekey.dev/released") is not null, because);
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "k")));
    }

    [Fact]
    public async Task Where_that_is_refused_the_message_names_the_tag_and_the_command()
    {
        var (scenario, front) = await StartAsync();
        using var _1 = scenario;

        await UntagAsync(scenario);
        front().Refused = "TagResource";
        await scenario.AnnotateAsync("ServiceKey", "k", "kms.servicekey.dev/reconcile-at", "now");

        scenario.AssertStalled("ServiceKey", "k", "AccessDenied");
        var message = scenario.Condition("ServiceKey", "k", "Ready")!.Value.Message;
        Assert.Contains("lacks the tags servicekey.dev/cluster, servicekey.dev/owner, servicekey.dev/uid", message, StringComparison.Ordinal);
        Assert.Contains("aws kms tag-resource", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_KMS_asks_to_slow_down_they_are_put_back_later()
    {
        var (scenario, _) = await StartAsync();
        using var _1 = scenario;

        await UntagAsync(scenario);
        await scenario.BreakAsync("TagResource", "throttle");
        await scenario.AnnotateAsync("ServiceKey", "k", "kms.servicekey.dev/reconcile-at", "now");
        Assert.Equal("Throttled", scenario.Condition("ServiceKey", "k", "Ready")?.Reason);

        await scenario.Aws.ClearFaultsAsync();
        await scenario.Operator.SettleAsync(Long);
        scenario.AssertReady("ServiceKey", "k");
        Assert.Equal("ServiceKey/team/k", await TagAsync(scenario, "servicekey.dev/owner"));
    }

    // class fields; whether the alias points elsewhere; whether they come back; why
    public static TheoryData<string[], bool, bool, string> Restarts => new()
    {
        { MayAdopt, false, true, "the alias points at the key, and the class would let the resource adopt it all the same" },
        { MayAdopt, true, false, "nothing but the status names the key" },
        { [], false, false, "who writes the spec chooses the alias, and must not get a key by it that the class does not permit" },
    };

    [Theory, MemberData(nameof(Restarts))]
    public async Task A_new_process_puts_them_back_only_on_a_key_that_the_resource_could_adopt_and_names_by_its_alias(string[] classFields, bool isRenamed, bool comeBack, string because)
    {
        var (scenario, _) = await StartAsync([], classFields);
        using var _1 = scenario;

        await scenario.Operator.SettleAsync(Long);
        scenario.Operator.Kill();
        await UntagAsync(scenario);
        if (isRenamed)
            await scenario.Aws.Kms().DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/acme/s3" }, Ct);
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "k"), "kms.servicekey.dev/reconcile-at", "now");
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(Long);

        Assert.True(comeBack == await TagAsync(scenario, "servicekey.dev/owner") is not null, because);
        if (comeBack)
        {
            scenario.AssertReady("ServiceKey", "k");
        }
        else
        {
            scenario.AssertStalled("ServiceKey", "k", "KeyConflict");
            Assert.Contains("servicekey.dev/cluster=test", scenario.Condition("ServiceKey", "k", "Ready")!.Value.Message, StringComparison.Ordinal);
        }
    }

    private static Task<(Scenario Scenario, Func<OperatorPolicyHandler> Front)> StartAsync(params string[] fields) => StartAsync(fields, []);

    private static async Task<(Scenario Scenario, Func<OperatorPolicyHandler> Front)> StartAsync(string[] fields, string[] classFields)
    {
        OperatorPolicyHandler? front = null;
        var scenario = await Scenario.StartAsync(new OperatorTestOptions { AwsFront = kms => front = new OperatorPolicyHandler(kms, "test") }, classFields);
        await scenario.ApplyAsync(Scenario.Key("k", ["service: s3", .. fields]));
        scenario.AssertReady("ServiceKey", "k");
        return (scenario, () => front!);
    }

    private static async Task UntagAsync(Scenario scenario) => await scenario.Aws.Kms().UntagResourceAsync(
        new UntagResourceRequest { KeyId = (string)(await scenario.Aws.KeyAsync())["keyId"]!, TagKeys = [.. Marks] }, Ct);

    private static async Task<string?> TagAsync(Scenario scenario, string name) => (string?)(await scenario.Aws.KeyAsync())["tags"]!.AsObject()[name];
}
