using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Orphans;

/// <summary>What the running operator says of orphaned keys.</summary>
public sealed class OrphanWatchTests
{
    private const string Gauge = "kmsoperator_orphaned_keys";
    private static readonly TimeSpan Day = TimeSpan.FromDays(1) + TimeSpan.FromHours(1);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Once_a_day_they_are_counted_and_the_owner_of_a_doubled_key_is_told()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs"));
        Assert.Equal(0, scenario.Operator.Measure(Gauge));
        var doubled = await CreateAsync(scenario, "ServiceKey/team/orders", Uid(scenario, "orders"));
        await CreateAsync(scenario, "ServiceKey/team/gone", "3f0c");
        var keysBefore = Text(await scenario.Aws.KeysAsync());

        await scenario.Operator.SettleAsync(Day);

        Assert.Equal(2, scenario.Operator.Measure(Gauge));
        var told = scenario.User.List("Event").Single(one => (string?)one["action"] == "FindOrphans");
        Assert.Equal(("Warning", "KeyConflict", "orders"), ((string?)told["type"], (string?)told["reason"], (string?)told["regarding"]!["name"]));
        Assert.Contains(doubled, (string?)told["note"], StringComparison.Ordinal);
        Assert.Equal(keysBefore, Text(await scenario.Aws.KeysAsync()));
        scenario.AssertReady("ServiceKey", "orders");
    }

    [Fact]
    public async Task A_new_process_looks_a_consistency_window_after_its_start()
    {
        using var scenario = await Scenario.StartAsync();
        await CreateAsync(scenario, "ServiceKey/team/gone", "3f0c");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Equal(0, scenario.Operator.Measure(Gauge));

        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(6));

        Assert.Equal(1, scenario.Operator.Measure(Gauge));
    }

    [Fact]
    public async Task A_key_whose_resource_may_not_be_known_yet_is_not_reported()
    {
        using var scenario = await Scenario.StartAsync();
        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(4));
        await CreateAsync(scenario, "ServiceKey/team/gone", "3f0c");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(0, scenario.Operator.Measure(Gauge));
    }

    [Fact]
    public async Task A_region_that_cannot_be_searched_is_tried_again_within_two_hours_and_keeps_its_figure()
    {
        using var scenario = await Scenario.StartAsync();
        await CreateAsync(scenario, "ServiceKey/team/gone", "3f0c");
        await scenario.Operator.SettleAsync(Day);
        Assert.Equal(1, scenario.Operator.Measure(Gauge));

        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "ListKeys", "kind": "error5xx"}""");
        await scenario.Operator.SettleAsync(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(30));
        Assert.Equal(1, scenario.Operator.Measure(Gauge));
        var looks = await scenario.CallsAsync("ListKeys");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(2));

        Assert.True(await scenario.CallsAsync("ListKeys") > looks);
    }

    [Fact]
    public async Task An_operator_of_some_namespaces_does_not_look_since_it_does_not_know_the_others()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { WatchNamespaces = [Scenario.Namespace] });
        await CreateAsync(scenario, "ServiceKey/elsewhere/one", "3f0c");

        await scenario.Operator.SettleAsync(Day);

        Assert.Null(scenario.Operator.Measure(Gauge));
        Assert.Equal(0, await scenario.CallsAsync("ListKeys"));
    }

    [Fact]
    public async Task Keys_are_made_as_fast_as_ever_while_many_are_looked_at()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { Simulator = new() { QuotaScale = 1, Seed = 1 } });
        for (var number = 0; number < 300; number++)
            await CreateAsync(scenario, $"ServiceKey/team/gone-{number}", "3f0c", scenario.Operator);
        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(10));
        Assert.Equal(0, scenario.Operator.Measure(Gauge));

        scenario.User.Apply(Scenario.Key("new", "service: s3"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(10));

        scenario.AssertReady("ServiceKey", "new");
        Assert.Equal(0, scenario.Operator.Measure(Gauge));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(300, scenario.Operator.Measure(Gauge));
    }

    private static string Uid(Scenario scenario, string name) => (string)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", name))["metadata"]!["uid"]!;

    /// <param name="pace">Lets time pass, where KMS counts requests.</param>
    private static async Task<string> CreateAsync(Scenario scenario, string owner, string uid, OperatorUnderTest? pace = null)
    {
        var tags = new Dictionary<string, string> { [TagNames.Cluster] = "test", [TagNames.Owner] = owner, [TagNames.Uid] = uid };
        var created = await scenario.Aws.Kms().CreateKeyAsync(
            new CreateKeyRequest { Tags = [.. tags.Select(tag => new Tag { TagKey = tag.Key, TagValue = tag.Value })] }, Ct);
        if (pace is not null)
            await pace.SettleAsync(TimeSpan.FromSeconds(1));
        return created.KeyMetadata.KeyId;
    }

    private static string Text(IEnumerable<JsonObject> keys) => string.Join('\n', keys.Select(key => key.ToJsonString()));
}
