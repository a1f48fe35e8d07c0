using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class LastUseTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_status_says_when_the_key_was_last_used_once_it_is_compared()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        Assert.Null(LastUsed(scenario));
        await scenario.Aws.Kms().EncryptAsync(new EncryptRequest { KeyId = "alias/acme/s3", Plaintext = new MemoryStream([1]) }, Ct);
        var used = scenario.Operator.Clock.GetUtcNow();

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Null(LastUsed(scenario));
        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");

        Assert.Equal(used.ToUnixTimeSeconds(), LastUsed(scenario)?.ToUnixTimeSeconds());
    }

    [Fact]
    public async Task A_key_is_ready_although_its_last_use_may_not_be_read()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "GetKeyLastUsage", "kind": "accessDenied", "count": 1000}""");

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        scenario.AssertReady("ServiceKey", "one");
        Assert.Null(LastUsed(scenario));
    }

    [Fact]
    public async Task An_unchanged_key_is_asked_for_its_last_use_no_more_often_than_it_is_compared()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(25));

        Assert.InRange(await scenario.CallsAsync("GetKeyLastUsage"), 1, await scenario.CallsAsync("GetKeyPolicy"));
    }

    private static DateTimeOffset? LastUsed(Scenario scenario) =>
        (string?)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["lastUsed"] is { } at ? DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture) : null;
}
