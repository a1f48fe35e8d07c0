using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Keys;

public sealed class KeyOperationsTests
{
    [Fact]
    public async Task Disabled_keys_say_so_and_can_be_enabled_again()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.DisableKeyAsync(key.Arn, TestSimulator.Token);
        var disabled = await simulator.DescribeAsync(key.KeyId);
        Assert.Equal(("Disabled", false), (disabled.KeyState.Value, disabled.Enabled));
        await simulator.Kms.EnableKeyAsync(key.KeyId, TestSimulator.Token);
        await simulator.Kms.EnableKeyAsync(key.KeyId, TestSimulator.Token);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(key.KeyId)).KeyState.Value);
    }

    [Fact]
    public async Task Descriptions_can_be_changed_and_emptied_but_not_left_out()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Description = "a" });
        await simulator.Kms.UpdateKeyDescriptionAsync(key.KeyId, "", TestSimulator.Token);
        Assert.Equal("", (await simulator.DescribeAsync(key.KeyId)).Description);
        await KmsAssert.FailsAsync("ValidationException", "Value null at 'description'", () =>
            simulator.Kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = key.KeyId }, TestSimulator.Token));
    }

    [Theory]
    [InlineData(0, "greater than or equal to 1")]
    [InlineData(1001, "less than or equal to 1000")]
    public async Task Limits_have_a_range(int limit, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync("ValidationException", $"'limit' failed to satisfy constraint: Member must have value {message}", () =>
            simulator.Kms.ListKeysAsync(new ListKeysRequest { Limit = limit }, TestSimulator.Token));
    }

    [Fact]
    public async Task Markers_that_KMS_did_not_give_are_refused()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync("InvalidMarkerException", "marker", () =>
            simulator.Kms.ListKeysAsync(new ListKeysRequest { Marker = "bm9uZQ==" }, TestSimulator.Token));
    }

    [Fact]
    public async Task Pages_have_a_hundred_keys_if_no_limit_is_given_and_survive_the_end_of_the_marked_key()
    {
        await using var simulator = await TestSimulator.StartAsync();
        for (var i = 0; i < 103; i++)
            await simulator.CreateKeyAsync();
        var first = await simulator.Kms.ListKeysAsync(new ListKeysRequest(), TestSimulator.Token);
        Assert.Equal(100, first.Keys.Count);
        Assert.True(first.Truncated);
        await simulator.Kms.ScheduleKeyDeletionAsync(first.Keys[^1].KeyId, 7, TestSimulator.Token);
        await simulator.AdvanceAsync(TimeSpan.FromDays(7));
        var second = await simulator.Kms.ListKeysAsync(new ListKeysRequest { Marker = first.NextMarker }, TestSimulator.Token);
        Assert.Equal(3, second.Keys.Count);
        Assert.False(second.Truncated);
        Assert.Null(second.NextMarker);
        Assert.Empty(first.Keys.Select(key => key.KeyId).Intersect(second.Keys.Select(key => key.KeyId)));
    }

    [Fact]
    public async Task Many_callers_at_once_get_a_key_and_an_alias_each()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var keys = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            var key = await simulator.CreateKeyAsync();
            await simulator.Kms.CreateAliasAsync($"alias/{i}", key.KeyId, TestSimulator.Token);
            return (await simulator.DescribeAsync($"alias/{i}")).KeyId == key.KeyId ? key.KeyId : null;
        }));
        Assert.All(keys, key => Assert.NotNull(key));
        Assert.Equal(100, keys.Distinct().Count());
        Assert.Equal(100, (await simulator.GetAsync("/_sim/keys")).AsArray().Count(key => key!["aliases"]!.AsArray().Count == 1));
        Assert.Equal(100, (int)(await simulator.GetAsync("/_sim/calls"))["CreateAlias"]!);
    }
}
