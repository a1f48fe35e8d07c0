using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Tags;

public sealed class TagTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("aws:x", "v", "TagException", "Tags beginning with aws: are reserved")] // Source of the text: localstack's test_create_key_with_invalid_tag_key, validated at AWS.
    [InlineData("AWS:x", "v", "TagException", "Tags beginning with aws: are reserved")]
    [InlineData("bad!", "v", "TagException", "characters")]
    [InlineData("k", "bad;", "TagException", "characters")]
    [InlineData("", "v", "ValidationException", "'tags.1.member.tagKey'")]
    public async Task Tags_that_KMS_refuses_are_refused(string key, string value, string code, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        List<Tag> tags = [new Tag { TagKey = key, TagValue = value }];
        await KmsAssert.FailsAsync(code, message, () => simulator.CreateKeyAsync(new CreateKeyRequest { Tags = tags }));
        await KmsAssert.FailsAsync(code, message, () =>
            simulator.Kms.TagResourceAsync(new TagResourceRequest { KeyId = id, Tags = tags }, Token));
    }

    [Fact]
    public async Task Keys_have_128_characters_at_most_and_values_256()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.CreateKeyAsync(new CreateKeyRequest { Tags = [new Tag { TagKey = new string('k', 128), TagValue = new string('v', 256) }] });
        await KmsAssert.FailsAsync("ValidationException", "less than or equal to 128", () => simulator.CreateKeyAsync(
            new CreateKeyRequest { Tags = [new Tag { TagKey = new string('k', 129), TagValue = "" }] }));

        // Source of the whole text: localstack's test_key_with_long_tag_value_raises_error, validated at AWS.
        var text = $"1 validation error detected: Value '{new string('v', 257)}' at 'tags.1.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 256";
        await KmsAssert.FailsAsync("ValidationException", text, () => simulator.CreateKeyAsync(
            new CreateKeyRequest { Tags = [new Tag { TagKey = "k", TagValue = new string('v', 257) }] }));
    }

    [Fact]
    public async Task A_key_twice_in_one_call_is_refused()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync("TagException", "Duplicate tag keys", () => simulator.CreateKeyAsync(
            new CreateKeyRequest { Tags = [new Tag { TagKey = "k", TagValue = "1" }, new Tag { TagKey = "k", TagValue = "2" }] }));
    }

    [Fact]
    public async Task Fifty_tags_fit_and_changing_one_of_them_still_works()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var fifty = Enumerable.Range(0, 50).Select(i => new Tag { TagKey = $"k{i}", TagValue = "" }).ToList();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { Tags = fifty })).KeyId;
        await simulator.Kms.TagResourceAsync(new TagResourceRequest { KeyId = id, Tags = [new Tag { TagKey = "k1", TagValue = "new" }] }, Token);

        // Source: localstack's test_create_key_with_too_many_tags_raises_error, validated at AWS.
        await KmsAssert.FailsAsync("TagException", "Too many tags", () => simulator.Kms.TagResourceAsync(
            new TagResourceRequest { KeyId = id, Tags = [new Tag { TagKey = "one more", TagValue = "" }] }, Token));
        await KmsAssert.FailsAsync("TagException", "Too many tags", () => simulator.CreateKeyAsync(
            new CreateKeyRequest { Tags = [.. fifty, new Tag { TagKey = "one more", TagValue = "" }] }));
    }

    [Fact]
    public async Task Untagging_removes_what_is_there_and_ignores_what_is_not()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { Tags = [new Tag { TagKey = "a", TagValue = "1" }, new Tag { TagKey = "b", TagValue = "" }] })).KeyId;
        await simulator.Kms.UntagResourceAsync(new UntagResourceRequest { KeyId = id, TagKeys = ["a", "none"] }, Token);
        var left = await simulator.Kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = id }, Token);
        Assert.Equal("b", Assert.Single(left.Tags).TagKey);
        await KmsAssert.FailsAsync("TagException", "aws:", () =>
            simulator.Kms.UntagResourceAsync(new UntagResourceRequest { KeyId = id, TagKeys = ["aws:x"] }, Token));
    }

    [Fact]
    public async Task Tags_come_in_pages()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var tags = Enumerable.Range(0, 5).Select(i => new Tag { TagKey = $"k{i}", TagValue = "" }).ToList();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { Tags = tags })).KeyId;
        var first = await simulator.Kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = id, Limit = 3 }, Token);
        var second = await simulator.Kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = id, Limit = 3, Marker = first.NextMarker }, Token);
        Assert.Equal(["k0", "k1", "k2", "k3", "k4"], first.Tags.Concat(second.Tags).Select(tag => tag.TagKey));
        await KmsAssert.FailsAsync("ValidationException", "less than or equal to 50", () => simulator.Kms.ListResourceTagsAsync(
            new ListResourceTagsRequest { KeyId = id, Limit = 51 }, Token));
    }
}
