using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class GuardTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, int, string> Denials => new()
    {
        { "{keepKeysInUse: {days: 30}}", "DisableKey", 0, "a new key counts as in use" },
        { "{keepKeysInUse: {days: 30}}", "ScheduleKeyDeletion", 30, "nor is it deleted" },
        { "{minimumPendingDeletionWindowDays: 14}", "ScheduleKeyDeletion", 13, "a day too short" },
        { "{rotationPeriodDays: {minimum: 300}}", "EnableKeyRotation", 299, "a period that is too short" },
        { "{rotationPeriodDays: {maximum: 400}}", "EnableKeyRotation", 401, "a period that is too long" },
    };

    [Theory]
    [MemberData(nameof(Denials))]
    public async Task A_guard_denies_to_an_administrator_of_the_account(string guards, string operation, int days, string why)
    {
        using var scenario = await Scenario.StartAsync($"guards: {guards}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        scenario.AssertReady("ServiceKey", "one");
        var key = (string)(await scenario.Aws.KeyAsync())["keyId"]!;

        var refused = await Assert.ThrowsAnyAsync<Amazon.KeyManagementService.AmazonKeyManagementServiceException>(() => operation switch
        {
            "DisableKey" => scenario.Aws.Kms().DisableKeyAsync(key, Ct),
            "ScheduleKeyDeletion" => ScheduleAsync(scenario, key, days),
            _ => RotateAsync(scenario, key, days),
        });

        Assert.True(refused.ErrorCode == "AccessDeniedException", why);
    }

    [Fact]
    public async Task What_no_guard_denies_goes_on()
    {
        using var scenario = await Scenario.StartAsync("guards: {keepKeysInUse: {days: 2}, minimumPendingDeletionWindowDays: 14, rotationPeriodDays: {minimum: 300, maximum: 400}}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        var key = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        await scenario.Operator.SettleAsync(TimeSpan.FromDays(3));

        await RotateAsync(scenario, key, 300);
        await ScheduleAsync(scenario, key, 14);
    }

    [Theory]
    [InlineData("Delete", "PendingDeletion")]
    [InlineData("Disable", "Disabled")]
    public async Task A_guard_that_stops_the_operator_is_named_and_the_deletion_follows_once_it_permits(string policy, string state)
    {
        using var scenario = await Scenario.StartAsync("guards: {keepKeysInUse: {days: 2}}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"deletionPolicy: {policy}"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        await scenario.DeleteAsync("ServiceKey", "one");

        scenario.AssertStalled("ServiceKey", "one", "AccessDenied");
        Assert.Contains("spec.guards.keepKeysInUse", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.Operator.PauseAsync(TimeSpan.FromDays(3) - TimeSpan.FromHours(1));
        scenario.AssertStalled("ServiceKey", "one", "AccessDenied");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(2));
        Assert.Null(scenario.User.Find("ServiceKey", Scenario.Id("ServiceKey", "one")));
        Assert.Equal(state, (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_guard_that_keeps_the_operator_from_disabling_a_key_is_named()
    {
        using var scenario = await Scenario.StartAsync("guards: {keepKeysInUse: {days: 30}}");
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "enabled: false"));

        scenario.AssertStalled("ServiceKey", "one", "AccessDenied");
        Assert.Contains("Statement GuardKeysInUse", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string[], string> Contradictions => new()
    {
        { "{minimumPendingDeletionWindowDays: 14}", ["deletionPolicy: Delete", "pendingDeletionWindowDays: 7"], "a shorter waiting period" },
        { "{rotationPeriodDays: {maximum: 400}}", ["rotation: {periodDays: 500}"], "a longer period" },
        { "{rotationPeriodDays: {minimum: 300}}", ["rotation: {periodDays: 90}"], "a shorter period" },
    };

    [Theory]
    [MemberData(nameof(Contradictions))]
    public async Task What_contradicts_a_guard_is_refused_before_a_key_exists(string guards, string[] fields, string why)
    {
        using var scenario = await Scenario.StartAsync($"guards: {guards}");

        await scenario.ApplyAsync(Scenario.Key("one", ["service: s3", .. fields]));

        scenario.AssertStalled("ServiceKey", "one", "PermissionDenied");
        Assert.True((await scenario.Aws.KeysAsync()).Count == 0, why);
    }

    [Fact]
    public async Task A_policy_of_one_s_own_and_a_replica_s_get_the_guards_too()
    {
        using var scenario = await Scenario.StartAsync("guards: {minimumPendingDeletionWindowDays: 14}");

        await scenario.ApplyAsync(Scenario.Key(
            "one", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]",
            """policy: {override: {Version: "2012-10-17", Statement: [{Sid: Root, Effect: Allow, Principal: {AWS: "arn:aws:iam::123456789012:root"}, Action: "kms:*", Resource: "*"}]}}"""));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        scenario.AssertReady("ServiceKey", "one");
        foreach (var (region, id) in (await scenario.Aws.KeysAsync()).Select(key => ((string)key["region"]!, (string)key["keyId"]!)))
        {
            var policy = (await scenario.Aws.Kms(region).GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = id, PolicyName = "default" }, Ct)).Policy;
            Assert.Equal(["GuardPendingDeletionWindow", "Root"], JsonNode.Parse(policy)!["Statement"]!.AsArray().Select(statement => (string?)statement!["Sid"]).Order());
        }
    }

    [Fact]
    public async Task Nobody_of_another_organization_may_do_anything_and_a_class_that_would_lock_its_own_account_out_is_told_so()
    {
        using var scenario = await Scenario.StartAsync("guards: {onlyOrganization: o-a1b2c3d4e5}");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        scenario.AssertStalled("ServiceKey", "one", "PolicyLockout");
        await scenario.Aws.PostAsync("/_sim/organizations", """{"id": "o-a1b2c3d4e5", "accounts": ["123456789012"]}""");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("ServiceKey", "one");
    }

    // who encrypts, the class's guards, whether it is permitted, why
    public static TheoryData<string, string, bool, string> Callers => new()
    {
        { "arn:aws:iam::123456789012:role/App", "{onlyOrganization: o-a1b2c3d4e5}", true, "a user of the key's own account, which is in the organization" },
        { "arn:aws:iam::444455556666:role/Partner", "{onlyOrganization: o-a1b2c3d4e5}", true, "a trusted account of the organization" },
        { "arn:aws:iam::777788889999:role/Former", "{onlyOrganization: o-a1b2c3d4e5}", false, "a trusted account of another organization" },
        { "arn:aws:iam::222233334444:role/Alone", "{onlyOrganization: o-a1b2c3d4e5}", false, "a trusted account of none" },
        { "arn:aws:iam::777788889999:role/Former", "{minimumPendingDeletionWindowDays: 14}", true, "it is the guard that refuses" },
        { "arn:aws:iam::222233334444:role/Alone", "{minimumPendingDeletionWindowDays: 14}", true, "it is the guard that refuses" },
        { "logs.us-east-1.amazonaws.com", "{onlyOrganization: o-a1b2c3d4e5}", true, "an AWS service is in no organization, and the guard is not for it" },
    };

    [Theory]
    [MemberData(nameof(Callers))]
    public async Task Only_callers_of_the_organization_and_AWS_services_may_use_a_key_with_that_guard(string caller, string guards, bool mayUse, string why)
    {
        const string access = "access: {users: [App], trustedAccounts: [\"444455556666\", \"777788889999\", \"222233334444\"]}";
        using var scenario = await Scenario.StartAsync($"guards: {guards}");
        await scenario.Aws.PostAsync("/_sim/organizations", """{"id": "o-a1b2c3d4e5", "accounts": ["123456789012", "444455556666"]}""");
        await scenario.Aws.PostAsync("/_sim/organizations", """{"id": "o-b1b2c3d4e5", "accounts": ["777788889999"]}""");
        await scenario.ApplyAsync(Scenario.Key("one", "service: logs", access));
        var arn = (string)Assert.Single(await scenario.Aws.KeysAsync())["arn"]!;

        var kms = caller.StartsWith("arn:", StringComparison.Ordinal) ? await scenario.Aws.KmsAsAsync(caller) : await scenario.Aws.KmsAsServiceAsync(caller, "123456789012");
        var refused = await Record.ExceptionAsync(() => kms.EncryptAsync(
            new EncryptRequest { KeyId = arn, Plaintext = new MemoryStream([1]), EncryptionContext = new() { ["aws:logs:arn"] = "arn:aws:logs:us-east-1:123456789012:log-group:g" } }, Ct));

        Assert.True(mayUse ? refused is null : refused is AmazonKeyManagementServiceException { ErrorCode: "AccessDeniedException" }, $"{why}: {refused?.Message}");
    }

    private static async Task ScheduleAsync(Scenario scenario, string key, int days) =>
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = key, PendingWindowInDays = days }, Ct);

    private static async Task RotateAsync(Scenario scenario, string key, int days) =>
        await scenario.Aws.Kms().EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key, RotationPeriodInDays = days }, Ct);
}
