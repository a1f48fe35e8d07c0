using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Aliases;

public sealed class AliasTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    // Source: localstack's test_create_alias, recorded at AWS on 2023-04-13, and moto's test of a colon.
    [InlineData("no-prefix", "ValidationException", "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")]
    [InlineData("alias/", "ValidationException", "Invalid identifier")]
    [InlineData("alias/a b", "ValidationException", "'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$")]
    [InlineData("alias/a:b", "ValidationException", "alias/a:b contains invalid characters for an alias")]
    [InlineData("alias/aws/s3", "NotAuthorizedException", "reserved")]
    [InlineData("alias/aws/anything", "NotAuthorizedException", "reserved")]
    public async Task Names_that_KMS_refuses_are_refused(string name, string code, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await KmsAssert.FailsAsync(code, message, () => simulator.Kms.CreateAliasAsync(name, key.KeyId, Token));
    }

    [Fact]
    public async Task A_name_may_have_256_characters_and_not_one_more()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.CreateAliasAsync("alias/" + new string('a', 250), key.KeyId, Token);
        await KmsAssert.FailsAsync("ValidationException", "less than or equal to 256", () =>
            simulator.Kms.CreateAliasAsync("alias/" + new string('a', 251), key.KeyId, Token));
    }

    [Fact]
    public async Task A_name_belongs_to_one_key_of_a_Region()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (one, two) = (await simulator.CreateKeyAsync(), await simulator.CreateKeyAsync());
        await simulator.Kms.CreateAliasAsync("alias/a", one.KeyId, Token);
        await KmsAssert.FailsAsync("AlreadyExistsException", "An alias with the name arn:aws:kms:us-east-1:123456789012:alias/a already exists", () =>
            simulator.Kms.CreateAliasAsync("alias/a", two.KeyId, Token));
        var abroad = simulator.KmsIn("eu-west-1");
        var other = await simulator.CreateKeyAsync(kms: abroad);
        await abroad.CreateAliasAsync("alias/a", other.KeyId, Token);
    }

    [Fact]
    public async Task Targets_are_keys_that_exist_here()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var abroad = await simulator.CreateKeyAsync(kms: simulator.KmsIn("eu-west-1"));
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () =>
            simulator.Kms.CreateAliasAsync("alias/a", abroad.KeyId, Token));
        await KmsAssert.FailsAsync("NotFoundException", "Invalid arn eu-west-1", () =>
            simulator.Kms.CreateAliasAsync("alias/a", abroad.Arn, Token));
        await KmsAssert.FailsAsync("ValidationException", "Aliases must refer to keys", () =>
            simulator.Kms.CreateAliasAsync("alias/a", "alias/b", Token));
    }

    [Fact]
    public async Task A_key_has_fifty_aliases_at_most()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (key, other) = (await simulator.CreateKeyAsync(), await simulator.CreateKeyAsync());
        for (var i = 0; i < 50; i++)
            await simulator.Kms.CreateAliasAsync($"alias/{i}", key.KeyId, Token);
        await KmsAssert.FailsAsync("LimitExceededException", "50 aliases", () =>
            simulator.Kms.CreateAliasAsync("alias/x", key.KeyId, Token));
        await simulator.Kms.CreateAliasAsync("alias/x", other.KeyId, Token);
        await KmsAssert.FailsAsync("LimitExceededException", "50 aliases", () =>
            simulator.Kms.UpdateAliasAsync("alias/x", key.KeyId, Token));
        await simulator.Kms.DeleteAliasAsync("alias/0", Token);
        await simulator.Kms.UpdateAliasAsync("alias/x", key.KeyId, Token);
    }

    [Fact]
    public async Task Updating_moves_an_alias_to_a_key_of_the_same_type_and_usage()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (one, two) = (await simulator.CreateKeyAsync(), await simulator.CreateKeyAsync());
        var signing = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = "RSA_2048", KeyUsage = "SIGN_VERIFY" });
        var asymmetric = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = "RSA_2048", KeyUsage = "ENCRYPT_DECRYPT" });
        await simulator.Kms.CreateAliasAsync("alias/a", one.KeyId, Token);
        simulator.Time.Advance(TimeSpan.FromMinutes(1));
        await simulator.Kms.UpdateAliasAsync("alias/a", two.KeyId, Token);

        var alias = Assert.Single((await simulator.Kms.ListAliasesAsync(new ListAliasesRequest { KeyId = two.KeyId }, Token)).Aliases);
        Assert.Equal((two.KeyId, TimeSpan.FromMinutes(1)), (alias.TargetKeyId, alias.LastUpdatedDate - alias.CreationDate));
        Assert.Empty((await simulator.Kms.ListAliasesAsync(new ListAliasesRequest { KeyId = one.KeyId }, Token)).Aliases ?? []);
        await KmsAssert.FailsAsync("ValidationException", "same type", () =>
            simulator.Kms.UpdateAliasAsync("alias/a", signing.KeyId, Token));
        await KmsAssert.FailsAsync("ValidationException", "same type", () =>
            simulator.Kms.UpdateAliasAsync("alias/a", asymmetric.KeyId, Token));
        await KmsAssert.FailsAsync("NotFoundException", "alias/none is not found.", () =>
            simulator.Kms.UpdateAliasAsync("alias/none", two.KeyId, Token));
    }

    [Fact]
    public async Task An_alias_can_leave_a_key_that_is_pending_deletion_but_not_join_it()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (going, staying) = (await simulator.CreateKeyAsync(), await simulator.CreateKeyAsync());
        await simulator.Kms.CreateAliasAsync("alias/a", going.KeyId, Token);
        await simulator.Kms.ScheduleKeyDeletionAsync(going.KeyId, 7, Token);
        await simulator.Kms.UpdateAliasAsync("alias/a", staying.KeyId, Token);
        await KmsAssert.FailsAsync("KMSInvalidStateException", "is pending deletion.", () =>
            simulator.Kms.UpdateAliasAsync("alias/a", going.KeyId, Token));
    }

    [Fact]
    public async Task Deleting_an_alias_that_is_not_there_fails()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.CreateAliasAsync("alias/a", key.KeyId, Token);
        await simulator.Kms.DeleteAliasAsync("alias/a", Token);
        await KmsAssert.FailsAsync("NotFoundException", "Alias arn:aws:kms:us-east-1:123456789012:alias/a is not found.", () =>
            simulator.Kms.DeleteAliasAsync("alias/a", Token));
    }

    [Fact]
    public async Task Lists_have_pages_of_fifty_unless_a_limit_up_to_a_hundred_is_given()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var awsAliases = (await simulator.Kms.ListAliasesAsync(new ListAliasesRequest(), Token)).Aliases.Count;
        for (var i = 0; i < 60; i++)
            await simulator.Kms.CreateAliasAsync($"alias/{i}", (await simulator.CreateKeyAsync()).KeyId, Token);
        var first = await simulator.Kms.ListAliasesAsync(new ListAliasesRequest(), Token);
        Assert.Equal((50, true), (first.Aliases.Count, first.Truncated));
        Assert.Equal(10 + awsAliases, (await simulator.Kms.ListAliasesAsync(new ListAliasesRequest { Marker = first.NextMarker }, Token)).Aliases.Count);
        Assert.Equal(60 + awsAliases, (await simulator.Kms.ListAliasesAsync(new ListAliasesRequest { Limit = 100 }, Token)).Aliases.Count);
        await KmsAssert.FailsAsync("ValidationException", "less than or equal to 100", () =>
            simulator.Kms.ListAliasesAsync(new ListAliasesRequest { Limit = 101 }, Token));
    }
}
