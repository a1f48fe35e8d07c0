using Amazon.KeyManagementService.Model;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class TagLimitTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_key_that_others_have_filled_with_tags_says_so_and_names_them()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("k", "service: s3"));
        var key = await scenario.Aws.KeyAsync();
        var free = 50 - key["tags"]!.AsObject().Count;
        await scenario.Aws.Kms().TagResourceAsync(
            new TagResourceRequest
            {
                KeyId = (string)key["keyId"]!,
                Tags = [.. Enumerable.Range(1, free).Select(number => new Tag { TagKey = $"foreign-{number:00}", TagValue = "1" })],
            },
            Ct);

        await scenario.ApplyAsync(Scenario.Key("k", "service: s3", "tags: {Cost: \"1\"}", "description: changed"));

        scenario.AssertStalled("ServiceKey", "k", "QuotaExceeded");
        var message = scenario.Condition("ServiceKey", "k", "Ready")!.Value.Message;
        Assert.Contains("has 50 tags, a key has at most 50", message, StringComparison.Ordinal);
        Assert.Contains($"{free} of them are not this resource's: foreign-01, foreign-02, ", message, StringComparison.Ordinal);
        Assert.Contains($"and {free - 20} more", message, StringComparison.Ordinal);
        Assert.DoesNotContain("quota", message, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("changed", (string?)(await scenario.Aws.KeyAsync())["description"]);
    }
}
