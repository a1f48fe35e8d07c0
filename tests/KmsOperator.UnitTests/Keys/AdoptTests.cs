using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class AdoptTests
{
    private const string Allowed = "permissions: {adoption: Allow}";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, bool, string> Adoptions => new()
    {
        { Allowed, "id", "", true, "a key id names it" },
        { Allowed, "arn", "", true, "an ARN names it" },
        { Allowed, "alias", "", true, "an alias names it" },
        { "permissions: {adoption: Deny}", "id", "PermissionDenied", false, "the class does not permit it" },
        { Allowed, "unknown", "KeyNotFound", false, "there is no such key" },
        { Allowed, "foreign", "KeyConflict", false, "another cluster's resource has the key" },
        { Allowed, "hmac", "InvalidSpec", false, "the key is of another kind than the spec describes" },
    };

    [Theory]
    [MemberData(nameof(Adoptions))]
    public async Task An_existing_key_is_taken_over_if_it_may_be(string permissions, string by, string refusal, bool adopted, string why)
    {
        using var scenario = await Scenario.StartAsync(permissions);
        var kms = scenario.Aws.Kms();
        var key = (await kms.CreateKeyAsync(by == "hmac"
            ? new CreateKeyRequest { Description = "made by hand", KeySpec = "HMAC_256", KeyUsage = "GENERATE_VERIFY_MAC" }
            : new CreateKeyRequest { Description = "made by hand" }, Ct)).KeyMetadata;
        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/legacy", TargetKeyId = key.KeyId }, Ct);
        if (by == "foreign")
        {
            Tag[] tags = [new() { TagKey = "servicekey.dev/cluster", TagValue = "other" }, new() { TagKey = "servicekey.dev/owner", TagValue = "ServiceKey/a/b" }, new() { TagKey = "servicekey.dev/uid", TagValue = "u" }];
            await kms.TagResourceAsync(new TagResourceRequest { KeyId = key.KeyId, Tags = [.. tags] }, Ct);
        }

        var name = by switch { "arn" => key.Arn, "alias" => "alias/legacy", "unknown" => "00000000-0000-0000-0000-000000000000", _ => key.KeyId };
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", $"adopt: {{keyId: \"{name}\"}}"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(15));

        var after = await scenario.Aws.KeyAsync();
        if (adopted)
            scenario.AssertReady("ServiceKey", "one");
        else
            scenario.AssertStalled("ServiceKey", "one", refusal);
        Assert.True(((string?)after["tags"]!["servicekey.dev/owner"] == "ServiceKey/team/one") == adopted, why);
        Assert.True(Scenario.Aliases(after).Contains("alias/acme/s3") == adopted, why);
        Assert.Equal(1, await scenario.CallsAsync("CreateKey"));
    }

    [Fact]
    public async Task Of_two_resources_that_adopt_one_key_at_once_one_gets_it_and_the_other_says_whose_it_is()
    {
        using var scenario = await Scenario.StartAsync(Allowed);
        var key = (await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;

        await scenario.ApplyAsync(Scenario.Key("one", "alias: alias/one", $"adopt: {{keyId: \"{key}\"}}") + Scenario.Key("two", "alias: alias/two", $"adopt: {{keyId: \"{key}\"}}"));
        await scenario.RestAsync();

        var (winner, loser) = scenario.Condition("ServiceKey", "one", "Ready")?.Status == "True" ? ("one", "two") : ("two", "one");
        scenario.AssertReady("ServiceKey", winner);
        scenario.AssertStalled("ServiceKey", loser, "KeyConflict");
        Assert.Contains($"belongs to ServiceKey/team/{winner}", scenario.Condition("ServiceKey", loser, "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Equal($"ServiceKey/team/{winner}", (string?)(await scenario.Aws.KeyAsync())["tags"]!["servicekey.dev/owner"]);
        Assert.Equal([$"alias/{winner}"], Scenario.Aliases(await scenario.Aws.KeyAsync()));
    }
}
