using KmsOperator.Testing.Running;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>What keys cost in KMS calls, by the simulator's own count.</summary>
public sealed class KmsCallsTests
{
    [Theory]
    [InlineData(20, 1, 40, "all of them apply at once")]
    [InlineData(20, 20, 1, "one after the other")]
    [InlineData(20, 20, 12, "over four minutes, as part of a large load")]
    public async Task A_new_key_costs_three_calls_and_its_share_of_one(int keys, int batches, int seconds, string why)
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");

        // The daily look for orphaned keys, the first of which is soon after the start, is not a new key's.
        await scenario.RestAsync();
        var before = await KmsCallsAsync(scenario);

        // At KMS's quota for CreateKey, of which the operator takes a half.
        for (var batch = 0; batch < batches; batch++)
        {
            scenario.User.Apply(string.Concat(Enumerable.Range(0, keys / batches).Select(key => Scenario.Key($"key-{batch}-{key}", "service: s3"))), Scenario.Namespace);
            await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(seconds));
        }

        Assert.Equal(keys, (await scenario.Aws.KeysAsync()).Count);
        var calls = await KmsCallsAsync(scenario) - before;
        Assert.True(calls <= 3.05 * keys, $"{why}: {calls} calls; {string.Join(", ", await scenario.Aws.CallsAsync())}");
    }

    [Fact]
    public async Task Keys_that_are_in_the_Region_already_are_looked_at_once_for_all_new_ones()
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");
        for (var key = 0; key < 5; key++)
            await scenario.Aws.Kms().CreateKeyAsync(new(), TestContext.Current.CancellationToken);
        var before = await KmsCallsAsync(scenario);

        for (var key = 0; key < 20; key++)
        {
            scenario.User.Apply(Scenario.Key($"key-{key}", "service: s3"), Scenario.Namespace);
            await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        }

        // ListKeys, ListAliases, and ListResourceTags for each key that was there.
        Assert.Equal((3 * 20) + 2 + 5, await KmsCallsAsync(scenario) - before);
    }

    [Fact]
    public async Task A_new_key_gets_an_alias_that_somebody_gave_up_two_minutes_ago_although_its_list_is_older()
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");
        var cancellationToken = TestContext.Current.CancellationToken;
        var theirs = (await scenario.Aws.Kms().CreateKeyAsync(new(), cancellationToken)).KeyMetadata.KeyId;
        await scenario.Aws.Kms().CreateAliasAsync(new() { AliasName = "alias/theirs", TargetKeyId = theirs }, cancellationToken);
        scenario.User.Apply(Scenario.Key("first", "service: s3"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));

        await scenario.Aws.Kms().DeleteAliasAsync("alias/theirs", cancellationToken);
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));
        scenario.User.Apply(Scenario.Key("second", "service: s3", "alias: alias/theirs"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(5));

        scenario.AssertReady("ServiceKey", "second");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public async Task A_full_comparison_costs_four_calls_per_key_and_one_list_of_aliases(int pauseMilliseconds)
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");
        const int Keys = 5;
        await scenario.ApplyAsync(string.Concat(Enumerable.Range(0, Keys).Select(key => Scenario.Key($"key-{key}", "service: s3"))));
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        var before = await scenario.Aws.CallsAsync();

        for (var key = 0; key < Keys; key++)
        {
            scenario.User.Annotate("ServiceKey", Scenario.Id("ServiceKey", $"key-{key}"), "kms.servicekey.dev/reconcile-at", "1");
            await scenario.Operator.SettleAsync(TimeSpan.FromMilliseconds(pauseMilliseconds));
        }

        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(5));

        // Beside the comparison, who asks for one gets the key's rotations (ListKeyRotations, and the status once more) and its last use.
        var after = await scenario.Aws.CallsAsync();
        int Calls(string operation) => after.GetValueOrDefault(operation) - before.GetValueOrDefault(operation);
        Assert.Equal((Keys, Keys, Keys, Keys), (Calls("DescribeKey"), Calls("GetKeyPolicy"), Calls("ListResourceTags"), Calls("GetKeyRotationStatus") - Calls("ListKeyRotations")));
        Assert.Equal(1, Calls("ListAliases"));
        Assert.Equal(
            ["DescribeKey", "GetCallerIdentity", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus", "ListAliases", "ListKeyRotations", "ListResourceTags"],
            after.Keys.Where(operation => Calls(operation) > 0).Union(["GetCallerIdentity"]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_resource_that_is_created_again_within_a_minute_gets_the_key_that_it_left()
    {
        using var scenario = await Scenario.StartAsync("aliasTemplate: \"{prefix}/{name}\"");
        scenario.User.Apply(Scenario.Key("one", "service: s3"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        var keyId = scenario.Status("ServiceKey", "one", "keyId");

        // The alias is another one, so that only the tags lead to the key.
        scenario.User.Delete("ServiceKey", Scenario.Id("ServiceKey", "one"));
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(1));
        scenario.User.Apply(Scenario.Key("one", "service: s3", "alias: alias/new"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(10));

        Assert.Single(await scenario.Aws.KeysAsync());
        Assert.Equal(keyId, scenario.Status("ServiceKey", "one", "keyId"));
    }

    [Fact]
    public async Task A_restart_with_nothing_changed_asks_KMS_nothing_and_writes_nothing()
    {
        using var scenario = await Scenario.StartAsync(new OperatorTestOptions { QuotaShare = 1 }, "aliasTemplate: \"{prefix}/{name}\"");
        const int Keys = 100;
        scenario.User.Apply(string.Concat(Enumerable.Range(0, Keys).Select(key => Scenario.Key($"key-{key}", "service: s3"))), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Equal(Keys, (await scenario.Aws.KeysAsync()).Count);
        var calls = await KmsCallsAsync(scenario);
        var revision = scenario.Operator.Server.Revision;

        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync();

        Assert.Equal(calls, await KmsCallsAsync(scenario));
        Assert.Equal(revision, scenario.Operator.Server.Revision);
    }

    private static async Task<int> KmsCallsAsync(Scenario scenario) =>
        (await scenario.Aws.CallsAsync()).Where(call => call.Key is not ("GetCallerIdentity" or "AssumeRole")).Sum(call => call.Value);
}
