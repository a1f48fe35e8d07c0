using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Keys;

public sealed class KeyLookupTests
{
    private const string Missing = "00000000-0000-0000-0000-000000000000";

    [Fact]
    public async Task DescribeKey_takes_id_ARN_alias_and_alias_ARN()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/a", TargetKeyId = key.Arn }, TestSimulator.Token);
        foreach (var name in new[] { key.KeyId, key.Arn, "alias/a", "arn:aws:kms:us-east-1:123456789012:alias/a" })
            Assert.Equal(key.Arn, (await simulator.DescribeAsync(name)).Arn);
    }

    [Theory]
    [InlineData(Missing, "NotFoundException", "Key 'arn:aws:kms:us-east-1:123456789012:key/" + Missing + "' does not exist")]
    [InlineData("nonsense", "NotFoundException", "Invalid keyId 'nonsense'")]
    [InlineData("alias/none", "NotFoundException", "Alias arn:aws:kms:us-east-1:123456789012:alias/none is not found.")]
    [InlineData("arn:aws:kms:us-east-1:123456789012:key/" + Missing, "NotFoundException", "does not exist")]
    [InlineData("arn:aws:kms:eu-west-1:123456789012:key/" + Missing, "NotFoundException", "Invalid arn eu-west-1")]
    [InlineData("arn:aws:kms:us-east-1:999999999999:key/" + Missing, "AccessDeniedException", "is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:us-east-1:999999999999:key/")]
    [InlineData("arn:aws:kms:us-east-1:999999999999:alias/x", "AccessDeniedException", "is not authorized")]
    [InlineData("arn:aws-cn:kms:us-east-1:123456789012:key/" + Missing, "InvalidArnException", "Invalid arn")]
    [InlineData("arn:aws:s3:::bucket", "InvalidArnException", "Invalid arn arn:aws:s3:::bucket")]
    [InlineData("arn:aws:kms:us-east-1:12:key/x", "InvalidArnException", "Invalid arn")]
    [InlineData("arn:aws:kms:us-east-1:123456789012:grant/x", "InvalidArnException", "Invalid arn")]
    public async Task Keys_that_are_not_there_are_reported_as_KMS_does(string keyId, string code, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync(code, message, () => simulator.DescribeAsync(keyId));
    }

    [Fact]
    public async Task Control_plane_operations_take_no_alias()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/a", TargetKeyId = key.KeyId }, TestSimulator.Token);
        await KmsAssert.FailsAsync("NotFoundException", "Invalid keyId 'alias/a'", () =>
            simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = "alias/a" }, TestSimulator.Token));
        await KmsAssert.FailsAsync("InvalidArnException", "alias/a", () =>
            simulator.Kms.DisableKeyAsync(new DisableKeyRequest { KeyId = "arn:aws:kms:us-east-1:123456789012:alias/a" }, TestSimulator.Token));
    }

    [Fact]
    public async Task Regions_do_not_see_each_others_keys()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.DescribeAsync(key.KeyId, "eu-west-1"));
        await KmsAssert.FailsAsync("NotFoundException", "Invalid arn us-east-1", () => simulator.DescribeAsync(key.Arn, "eu-west-1"));
        Assert.Empty((await simulator.KmsIn("eu-west-1").ListKeysAsync(new ListKeysRequest(), TestSimulator.Token)).Keys ?? []);
    }

    [Fact]
    public async Task Another_accounts_key_is_reached_by_ARN_if_its_policy_says_so()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var other = simulator.KmsIn("us-east-1", await simulator.AssumeAsync("arn:aws:iam::222222222222:role/reader"));
        var open = await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            Policy = """
                {"Version":"2012-10-17","Statement":[
                {"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"kms:*","Resource":"*"},
                {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":["kms:DescribeKey","kms:Get*"],"Resource":"*"}]}
                """,
        });
        var closed = await simulator.CreateKeyAsync();

        var found = await other.DescribeKeyAsync(new DescribeKeyRequest { KeyId = open.Arn }, TestSimulator.Token);
        Assert.Equal("123456789012", found.KeyMetadata.AWSAccountId);
        await KmsAssert.FailsAsync("AccessDeniedException", "not authorized", () =>
            other.DescribeKeyAsync(new DescribeKeyRequest { KeyId = closed.Arn }, TestSimulator.Token));
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () =>
            other.DescribeKeyAsync(new DescribeKeyRequest { KeyId = open.KeyId }, TestSimulator.Token));

        // GetKeyPolicy never crosses accounts, whatever the policy says.
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:GetKeyPolicy", () =>
            other.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = open.Arn }, TestSimulator.Token));
    }
}
