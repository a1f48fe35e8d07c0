using Amazon.KeyManagementService.Model;
using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary><c>rotate-at</c> where the rotation cannot be done at once.</summary>
public sealed class RotateOnDemandTests
{
    private const string RotateAt = "kms.servicekey.dev/rotate-at";

    [Theory]
    [InlineData("keySpec: ECC_NIST_P256", "keyUsage: SIGN_VERIFY", "a signing key")]
    [InlineData("keySpec: HMAC_256", "keyUsage: GENERATE_VERIFY_MAC", "an HMAC key")]
    public async Task A_key_that_KMS_does_not_rotate_says_so_until_the_annotation_is_gone(string keySpec, string keyUsage, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", keySpec, keyUsage, "alias: alias/one"));

        await scenario.AnnotateAsync("ServiceKey", "one", RotateAt, "now");
        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.True(scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message.Contains("cannot be rotated on demand", StringComparison.Ordinal), why);

        await scenario.AnnotateAsync("ServiceKey", "one", RotateAt, null);
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(0, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Fact]
    public async Task The_rotation_of_a_disabled_key_waits_until_it_is_enabled()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "enabled: false"));

        await scenario.AnnotateAsync("ServiceKey", "one", RotateAt, "now");
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one", "KeyDisabled");
        Assert.Contains("rotate-at requests is done once it is enabled", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Its rotation is changed", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
        Assert.Contains(scenario.Events("one"), note => note.Contains("was rotated on demand (kms.servicekey.dev/rotate-at: now)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_changed_rotation_of_a_disabled_key_waits_until_it_is_enabled()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "enabled: false"));
        await scenario.RestAsync();

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "enabled: false", "rotation: {periodDays: 90}"));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one", "KeyDisabled");
        Assert.Contains("Its rotation is changed once it is enabled", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "rotation: {periodDays: 90}"));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(90, (int?)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["rotation"]!["periodDays"]);
    }

    [Fact]
    public async Task A_key_is_not_rotated_again_when_the_cluster_is_restored_to_before_the_record_of_its_rotation()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), RotateAt, "now");
        var backup = scenario.Operator.Server.TakeSnapshot();
        await scenario.Operator.SettleAsync();
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));

        scenario.Operator.Server.RestoreTo(backup);
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
        Assert.Equal("now", scenario.Status("ServiceKey", "one", "lastHandledRotateAt"));
    }

    [Theory]
    [InlineData("RotateKeyOnDemand", "accessDenied", "AccessDenied", "the role may not rotate")]
    [InlineData("ListKeyRotations", "accessDenied", "AccessDenied", "how often it was rotated is not known, so that the outcome could not be told")]
    [InlineData("RotateKeyOnDemand", "throttle", "Throttled", "KMS asks to slow down")]
    public async Task A_refused_rotation_is_told_and_done_once_later(string operation, string fault, string reason, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync(operation, fault);

        await scenario.AnnotateAsync("ServiceKey", "one", RotateAt, "now");
        var ready = scenario.Condition("ServiceKey", "one", "Ready");
        Assert.True(ready?.Reason == reason, $"{why}: {ready}");

        await scenario.Aws.ClearFaultsAsync();
        var refused = await scenario.CallsAsync("RotateKeyOnDemand");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(refused + 1, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Fact]
    public async Task The_status_has_a_rotation_at_once_and_before_KMS_shows_it()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { Simulator = new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = TimeSpan.FromMinutes(4) } });
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();

        var rotatedAt = scenario.Operator.Clock.GetUtcNow();
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), RotateAt, "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(10));

        scenario.AssertReady("ServiceKey", "one");
        var rotation = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["rotation"]!;
        Assert.Equal(1, (int?)rotation["onDemandUsed"]);
        Assert.InRange((DateTimeOffset)rotation["lastRotationDate"]!, rotatedAt.AddSeconds(-1), rotatedAt.AddSeconds(10));

        // A second request, before KMS shows the first rotation.
        await scenario.AnnotateAsync("ServiceKey", "one", RotateAt, "again");
        Assert.Equal(2, (int?)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["rotation"]!["onDemandUsed"]);
        await scenario.RestAsync();
        Assert.Equal(2, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Fact]
    public async Task A_crash_after_the_call_does_not_rotate_twice()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "RotateKeyOnDemand", "kind": "dropAfter"}""");
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), RotateAt, "now");
        await scenario.Operator.SettleAsync(TimeSpan.Zero);

        scenario.Operator.CrashAndRestart();
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Fact]
    public async Task A_crash_before_the_call_rotates_once_after_the_consistency_window()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "RotateKeyOnDemand", "kind": "dropBefore"}""");
        scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", "one"), RotateAt, "now");
        await scenario.Operator.SettleAsync(TimeSpan.Zero);

        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync();
        Assert.Equal("Progressing", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(2, await scenario.CallsAsync("RotateKeyOnDemand"));
    }

    [Fact]
    public async Task A_rotation_that_AWS_refused_without_a_word_is_not_taken_for_the_one_before_it()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.AnnotateAsync("ServiceKey", "one", RotateAt, "first");
        await scenario.RestAsync();
        Assert.Equal("first", scenario.Status("ServiceKey", "one", "lastHandledRotateAt"));

        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "RotateKeyOnDemand", "kind": "error5xx"}""");
        await scenario.AnnotateAsync("ServiceKey", "one", RotateAt, "second");
        Assert.Equal("first", scenario.Status("ServiceKey", "one", "lastHandledRotateAt"));
        await scenario.RestAsync();

        Assert.Equal("second", scenario.Status("ServiceKey", "one", "lastHandledRotateAt"));
        var request = new ListKeyRotationsRequest { KeyId = scenario.Status("ServiceKey", "one", "keyId") };
        Assert.Equal(2, (await scenario.Aws.Kms().ListKeyRotationsAsync(request, TestContext.Current.CancellationToken)).Rotations.Count);
        var status = scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!;
        Assert.Equal(2, (int?)status["onDemandRotations"]);
        Assert.NotNull(status["rotation"]!["lastRotationDate"]);
    }
}
