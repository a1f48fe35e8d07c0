using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Aliases;

/// <summary>The aliases of AWS's own keys.</summary>
/// <remarks>Source: AWS KMS API reference, ListAliases and DescribeKey; developer guide, "AWS managed keys".</remarks>
public sealed class AwsAliasTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task They_are_listed_some_of_them_without_a_key()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var aliases = (await simulator.Kms.ListAliasesAsync(new ListAliasesRequest(), Token)).Aliases;
        Assert.All(aliases, alias => Assert.Equal($"arn:aws:kms:us-east-1:123456789012:{alias.AliasName}", alias.AliasArn));
        Assert.NotNull(aliases.Single(alias => alias.AliasName == "alias/aws/ebs").TargetKeyId);
        Assert.Null(aliases.Single(alias => alias.AliasName == "alias/aws/s3").TargetKeyId);
        Assert.Null(aliases.Single(alias => alias.AliasName == "alias/aws/s3").CreationDate);
    }

    [Theory]
    [InlineData("alias/aws/ebs")]
    [InlineData("alias/aws/s3")]
    [InlineData("arn:aws:kms:us-east-1:123456789012:alias/aws/sqs")]
    public async Task DescribeKey_of_one_shows_a_key_that_AWS_manages_and_rotates(string alias)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.DescribeAsync(alias);
        Assert.Equal(("AWS", "Enabled", "AWS_KMS"), (key.KeyManager.Value, key.KeyState.Value, key.Origin.Value));
        Assert.Equal(key.Arn, (await simulator.DescribeAsync(alias)).Arn);
        Assert.Equal(key.Arn, (await simulator.DescribeAsync(key.KeyId)).Arn);
        var listed = Assert.Single((await simulator.Kms.ListAliasesAsync(new ListAliasesRequest { KeyId = key.KeyId }, Token)).Aliases);
        Assert.EndsWith(listed.AliasName, alias, StringComparison.Ordinal);
        var rotation = await simulator.Kms.GetKeyRotationStatusAsync(key.KeyId, Token);
        Assert.Equal((true, 365), (rotation.KeyRotationEnabled, rotation.RotationPeriodInDays));
    }

    [Fact]
    public async Task Customers_keys_are_managed_by_the_customer_and_only_those_are_listed()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        Assert.Equal("CUSTOMER", key.KeyManager.Value);
        await simulator.DescribeAsync("alias/aws/ebs");
        Assert.Equal(key.KeyId, Assert.Single((await simulator.Kms.ListKeysAsync(new ListKeysRequest(), Token)).Keys).KeyId);
    }

    [Fact]
    public async Task An_alias_that_AWS_does_not_have_is_not_found()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync("NotFoundException", "alias/aws/nothing is not found.", () => simulator.DescribeAsync("alias/aws/nothing"));
    }
}
