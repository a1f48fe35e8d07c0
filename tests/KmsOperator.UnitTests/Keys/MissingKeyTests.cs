using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>A key that KMS has deleted although the resource is still there.</summary>
public sealed class MissingKeyTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string[], int, string, string> Specs => new()
    {
        { [], 1, "KeyNotFound", "a new key cannot decrypt what the old one encrypted, so people decide" },
        { ["recreateLostKey: true"], 2, "Available", "the spec asks for a new key" },
        { ["recreateLostKey: true", "managementPolicy: Observe"], 1, "KeyNotFound", "a resource that only observes makes none" },
    };

    [Theory]
    [MemberData(nameof(Specs))]
    public async Task A_key_that_is_gone_is_replaced_only_if_the_spec_says_so(string[] spec, int keysMade, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var former = scenario.Status("ServiceKey", "one", "keyId");
        scenario.Operator.Kill();
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = former, PendingWindowInDays = 7 }, Ct);
        await scenario.Aws.PostAsync("/_sim/clock", """{"advanceSeconds": 700000}""");
        scenario.Operator.Start();

        await scenario.ApplyAsync(Scenario.Key("one", ["service: s3", .. spec]));
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        Assert.Equal("Progressing", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        await scenario.RestAsync();
        await scenario.RestAsync();

        Assert.True(scenario.Condition("ServiceKey", "one", "Ready")?.Reason == reason, $"{why}: {scenario.Condition("ServiceKey", "one", "Ready")}");
        Assert.Equal(keysMade, await scenario.CallsAsync("CreateKey"));
        Assert.Equal(keysMade == 1, former == scenario.Status("ServiceKey", "one", "keyId"));
        Assert.Equal(keysMade == 2, scenario.Events("one").Any(note => note.Contains("spec.recreateLostKey asks for a new", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_vanished_key_is_reported_also_after_a_restart_and_replaced_only_when_the_spec_says_so()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        var former = scenario.Status("ServiceKey", "one", "keyId");
        await scenario.Aws.Kms().ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = former, PendingWindowInDays = 7 }, Ct);
        await scenario.Aws.PostAsync("/_sim/clock", """{"advanceSeconds": 700000}""");
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "KeyNotFound");

        scenario.Operator.CrashAndRestart();
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "again");
        scenario.AssertStalled("ServiceKey", "one", "KeyNotFound");
        await scenario.RestAsync();
        scenario.AssertStalled("ServiceKey", "one", "KeyNotFound");
        Assert.Empty(await scenario.Aws.KeysAsync());

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "recreateLostKey: true"));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.NotEqual(former, (string?)(await scenario.Aws.KeyAsync())["keyId"]);
    }

    [Fact]
    public async Task A_key_that_KMS_does_not_show_for_a_moment_is_not_taken_for_gone()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "recreateLostKey: true"));
        await scenario.RestAsync();
        await scenario.Aws.Kms().DisableKeyAsync(new DisableKeyRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") }, Ct);

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }
}
