using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Grants;

public sealed class GrantRuleTests
{
    private const string Role = "arn:aws:iam::123456789012:role/r";

    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "Sign", false)]
    [InlineData("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "GetPublicKey", false)]
    [InlineData("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "GenerateDataKeyPair", true)]
    [InlineData("RSA_2048", "ENCRYPT_DECRYPT", "GenerateDataKey", false)]
    [InlineData("RSA_2048", "SIGN_VERIFY", "Sign", true)]
    [InlineData("RSA_2048", "SIGN_VERIFY", "Encrypt", false)]
    [InlineData("HMAC_256", "GENERATE_VERIFY_MAC", "VerifyMac", true)]
    [InlineData("ECC_NIST_P256", "KEY_AGREEMENT", "DescribeKey", true)]
    public async Task Only_what_a_key_can_do_can_be_granted(string spec, string usage, string operation, bool accepted)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = usage })).KeyId;
        var request = new CreateGrantRequest { KeyId = id, GranteePrincipal = Role, Operations = [operation] };
        if (accepted)
            await simulator.Kms.CreateGrantAsync(request, Token);
        else
            await KmsAssert.FailsAsync("ValidationException", $"no operation {operation}", () => simulator.Kms.CreateGrantAsync(request, Token));
    }

    [Theory]
    [InlineData("nobody", "no ARN")]
    [InlineData("arn:aws:s3:::bucket", "no principal")]
    [InlineData("arn:aws-cn:iam::123456789012:role/r", "another partition")]
    [InlineData("arn:aws:iam::123456789012:role/absent", "it does not exist")]
    public async Task Grants_are_for_principals_that_exist(string principal, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/principals", $$"""{"strict": true, "exists": ["{{Role}}"]}""");
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await simulator.Kms.CreateGrantAsync(new CreateGrantRequest { KeyId = id, GranteePrincipal = Role, Operations = ["Encrypt"] }, Token);
        Assert.NotEmpty(reason);
        await KmsAssert.FailsAsync("InvalidArnException", principal, () => simulator.Kms.CreateGrantAsync(
            new CreateGrantRequest { KeyId = id, GranteePrincipal = principal, Operations = ["Encrypt"] }, Token));
        await KmsAssert.FailsAsync("InvalidArnException", principal, () => simulator.Kms.CreateGrantAsync(
            new CreateGrantRequest { KeyId = id, GranteePrincipal = Role, RetiringPrincipal = principal, Operations = ["Encrypt"] }, Token));
    }

    [Theory]
    [InlineData("""{"SourceArn":"x"}""", "ValidationException")]
    [InlineData("""{"SourceArn":"arn:aws:s3:::bucket-without-account"}""", "ValidationException")]
    [InlineData("""{"EncryptionContextEquals":{"a":"1"},"EncryptionContextSubset":{"a":"1"}}""", "ValidationException")]
    [InlineData("""{"Unknown":{}}""", "ValidationException")]
    [InlineData("""{"EncryptionContextEquals":"x"}""", "SerializationException")]
    [InlineData("""{"EncryptionContextEquals":{"a":1}}""", "SerializationException")]
    [InlineData("""{"EncryptionContextSubset":{"1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":""}}""", "ValidationException")]
    public async Task Constraints_are_those_that_KMS_has(string constraints, string code)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        var (_, answer) = await RawHttp.KmsAsync(
            simulator, "CreateGrant", $$"""{"KeyId":"{{id}}","GranteePrincipal":"{{Role}}","Operations":["Encrypt"],"Constraints":{{constraints}}}""");
        Assert.Equal(code, (string)JsonNode.Parse(answer)!["__type"]!);
    }

    [Fact]
    public async Task A_name_finds_the_same_grant_however_it_is_written()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        var first = await IdAsync("""["Encrypt","Decrypt"]""", """{"EncryptionContextSubset": {"a":"1","b":"2"} }""");
        Assert.Equal(first, await IdAsync("""["Decrypt","Encrypt"]""", """{"EncryptionContextEquals":null,"EncryptionContextSubset":{"b":"2","a":"\u0031"}}"""));
        Assert.NotEqual(first, await IdAsync("""["Decrypt","Encrypt"]""", "{}"));

        async Task<string> IdAsync(string operations, string constraints)
        {
            var (_, answer) = await RawHttp.KmsAsync(
                simulator, "CreateGrant", $$"""{"KeyId":"{{id}}","Name":"n","GranteePrincipal":"{{Role}}","Operations":{{operations}},"Constraints":{{constraints}}}""");
            return (string)JsonNode.Parse(answer)!["GrantId"]!;
        }
    }

    [Fact]
    public async Task A_key_whose_grant_is_retired_is_named_by_id_as_well_as_by_ARN()
    {
        // Source: localstack's test_retire_grant_with_grant_id_and_key_id, validated at AWS.
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        var grant = await simulator.Kms.CreateGrantAsync(new CreateGrantRequest { KeyId = id, GranteePrincipal = Role, Operations = ["Encrypt"] }, Token);
        await simulator.Kms.RetireGrantAsync(new RetireGrantRequest { KeyId = id, GrantId = grant.GrantId }, Token);
        Assert.Empty((await simulator.Kms.ListGrantsAsync(new ListGrantsRequest { KeyId = id }, Token)).Grants ?? []);
    }
}
