using KmsOperator.UnitTests.Plans;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Material;

public sealed class OriginTests
{
    private const string Store = "cks-1234567890abcdef0";

    // fields, origin, external key, why
    public static TheoryData<string[], string, string?, string> Stores => new()
    {
        { [$"customKeyStoreId: {Store}"], "AWS_CLOUDHSM", null, "the origin follows from the store" },
        { [$"customKeyStoreId: {Store}", "origin: AWS_CLOUDHSM"], "AWS_CLOUDHSM", null, "said as well" },
        { [$"customKeyStoreId: {Store}", "xksKeyId: key-1"], "EXTERNAL_KEY_STORE", "key-1", "the origin follows from the external key" },
        { [$"customKeyStoreId: {Store}", "xksKeyId: key-1", "origin: EXTERNAL_KEY_STORE"], "EXTERNAL_KEY_STORE", "key-1", "said as well" },
    };

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_key_is_made_in_its_custom_key_store(string[] fields, string origin, string? externalKey, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/custom-key-stores", $$"""{"id": "{{Store}}", "type": "{{origin}}"}""");

        await scenario.ApplyAsync(Scenario.Key("one", ["service: s3", .. fields]));
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        var key = (await scenario.Aws.Kms().DescribeKeyAsync(scenario.Status("ServiceKey", "one", "keyId"), TestContext.Current.CancellationToken)).KeyMetadata;
        Assert.True((key.Origin.Value, key.CustomKeyStoreId, key.XksKeyConfiguration?.Id) == (origin, Store, externalKey), why);
        Assert.Equal(0, await scenario.CallsAsync("EnableKeyRotation"));
    }

    [Fact]
    public async Task A_store_that_does_not_exist_is_told_in_KMSs_words()
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", $"customKeyStoreId: {Store}"));

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.Contains("CustomKeyStoreNotFoundException", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    // what the resource asks for, of a key that KMS made; the field
    public static TheoryData<string, string> Differences => new()
    {
        { "origin: EXTERNAL", "spec.origin" },
        { $"customKeyStoreId: {Store}", "spec.origin" },
    };

    [Theory]
    [MemberData(nameof(Differences))]
    public async Task A_key_of_another_origin_is_not_taken_over(string fields, string field)
    {
        using var scenario = await Scenario.StartAsync("permissions: {adoption: Allow}");
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new(), TestContext.Current.CancellationToken)).KeyMetadata;

        await scenario.ApplyAsync(Scenario.Key("one", fields, $"adopt: {{keyId: {key.KeyId}}}"));

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.StartsWith($"{field}: ", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal("CreateKey", Assert.Single(await scenario.Aws.WritesAsync()).Operation);
    }
}
