using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Grants;

/// <summary>What grants permit beside the key policy.</summary>
/// <remarks>Source: AWS KMS developer guide, "Grants in AWS KMS" and "Creating grants"; API reference, CreateGrant.</remarks>
public sealed class GrantPermissionTests
{
    private const string Role = "arn:aws:iam::123456789012:role/r";
    private const string RoleCaller = """{"principal":"arn:aws:iam::123456789012:role/r"}""";
    private const string Table = "arn:aws:dynamodb:us-east-1:123456789012:table/T";

    private const string OnlyAdmin = """
        {"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/simulator"},"Action":"kms:*","Resource":"*"}}
        """;

    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task A_grant_lets_its_grantee_do_its_operations_and_no_others_until_it_is_revoked()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = OnlyAdmin });
        var grantee = await simulator.KmsAsAsync(RoleCaller);
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:Encrypt", () => EncryptAsync(grantee, key.Arn));
        var grant = await simulator.Kms.CreateGrantAsync(new CreateGrantRequest { KeyId = key.KeyId, GranteePrincipal = Role, Operations = ["Encrypt"] }, Token);
        await EncryptAsync(grantee, key.Arn);
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:DescribeKey", () => grantee.DescribeKeyAsync(key.KeyId, Token));
        await simulator.Kms.RevokeGrantAsync(new RevokeGrantRequest { KeyId = key.KeyId, GrantId = grant.GrantId }, Token);
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:Encrypt", () => EncryptAsync(grantee, key.Arn));
    }

    [Theory]
    [InlineData(true, "a=1", "a=1", true, "the same pairs")]
    [InlineData(true, "a=1", "a=1,b=2", false, "one pair too many")]
    [InlineData(false, "a=1", "a=1,b=2", true, "a part of them")]
    [InlineData(false, "a=1", "a=2", false, "another value")]
    [InlineData(false, "a=1", "", false, "none")]
    public async Task Constraints_hold_for_the_encryption_context(bool isEquals, string constraint, string context, bool may, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = OnlyAdmin });
        var constraints = isEquals ? new GrantConstraints { EncryptionContextEquals = Pairs(constraint) } : new GrantConstraints { EncryptionContextSubset = Pairs(constraint) };
        await simulator.Kms.CreateGrantAsync(new CreateGrantRequest { KeyId = key.KeyId, GranteePrincipal = Role, Operations = ["Encrypt"], Constraints = constraints }, Token);
        var grantee = await simulator.KmsAsAsync(RoleCaller);
        var error = await Record.ExceptionAsync(() => EncryptAsync(grantee, key.Arn, context));
        Assert.True(may == error is null, $"{reason}: {error?.Message}");
    }

    [Fact]
    public async Task A_denial_of_the_policy_counts_more_than_a_grant()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.CreateGrantAsync(new CreateGrantRequest { KeyId = key.KeyId, GranteePrincipal = Role, Operations = ["Encrypt"] }, Token);
        await simulator.Kms.PutKeyPolicyAsync(
            new PutKeyPolicyRequest
            {
                KeyId = key.KeyId,
                Policy = $$"""{"Statement":[{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"kms:*","Resource":"*"},{"Effect":"Deny","Principal":{"AWS":"{{Role}}"},"Action":"kms:Encrypt","Resource":"*"}]}""",
            },
            Token);
        var grantee = await simulator.KmsAsAsync(RoleCaller);
        await KmsAssert.FailsAsync("AccessDeniedException", "explicit deny", () => EncryptAsync(grantee, key.Arn));
    }

    [Fact]
    public async Task A_grant_to_a_service_works_for_its_source_only()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        var grant = await simulator.Kms.CreateGrantAsync(
            new CreateGrantRequest
            {
                KeyId = key.KeyId,
                GranteeServicePrincipal = "dynamodb.amazonaws.com",
                RetiringServicePrincipal = "dynamodb.amazonaws.com",
                Operations = ["Encrypt", "Decrypt"],
                Constraints = new GrantConstraints { SourceArn = Table },
            },
            Token);
        var listed = Assert.Single((await simulator.Kms.ListGrantsAsync(new ListGrantsRequest { KeyId = key.KeyId }, Token)).Grants);
        Assert.Equal(("dynamodb.amazonaws.com", "dynamodb.amazonaws.com", Table, null), (listed.GranteeServicePrincipal, listed.RetiringServicePrincipal, listed.Constraints.SourceArn, listed.GranteePrincipal));

        await EncryptAsync(await ServiceAsync("dynamodb.amazonaws.com", Table), key.Arn);
        var elsewhere = await ServiceAsync("dynamodb.amazonaws.com", Table + "2");
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:Encrypt", () => EncryptAsync(elsewhere, key.Arn));
        var another = await ServiceAsync("s3.amazonaws.com", Table);
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:Encrypt", () => EncryptAsync(another, key.Arn));
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:RetireGrant", () =>
            another.RetireGrantAsync(new RetireGrantRequest { GrantToken = grant.GrantToken }, Token));
        await elsewhere.RetireGrantAsync(new RetireGrantRequest { GrantToken = grant.GrantToken }, Token);

        Task<IAmazonKeyManagementService> ServiceAsync(string service, string source) =>
            simulator.KmsAsAsync($$"""{"service":"{{service}}","sourceArn":"{{source}}","sourceAccount":"123456789012"}""");
    }

    [Theory]
    [InlineData("""{"GranteeServicePrincipal":"s3.amazonaws.com","RetiringServicePrincipal":"s3.amazonaws.com"}""", "SourceArn")]
    [InlineData("""{"GranteeServicePrincipal":"s3.amazonaws.com","Constraints":{"SourceArn":"arn:aws:sqs:us-east-1:123456789012:b"}}""", "RetiringServicePrincipal")]
    [InlineData("""{"GranteeServicePrincipal":"s3.amazonaws.com","GranteePrincipal":"arn:aws:iam::123456789012:role/r"}""", "either a GranteePrincipal")]
    [InlineData("""{"GranteeServicePrincipal":"s3","RetiringServicePrincipal":"s3","Constraints":{"SourceArn":"arn:aws:sqs:us-east-1:123456789012:b"}}""", "not a service principal")]
    [InlineData("{}", "'granteePrincipal'")]
    public async Task A_grantee_is_one_and_a_service_comes_with_source_and_retirer(string members, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        var request = System.Text.Json.Nodes.JsonNode.Parse(members)!.AsObject();
        request["KeyId"] = id;
        request["Operations"] = new System.Text.Json.Nodes.JsonArray("Decrypt");
        var (_, answer) = await RawHttp.KmsAsync(simulator, "CreateGrant", request.ToJsonString());
        Assert.Contains("ValidationException", answer, StringComparison.Ordinal);
        Assert.Contains(message, System.Text.RegularExpressions.Regex.Unescape(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_creates_grants_by_a_grant_passes_on_no_more()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = OnlyAdmin });
        await simulator.Kms.CreateGrantAsync(
            new CreateGrantRequest
            {
                KeyId = key.KeyId,
                GranteePrincipal = Role,
                Operations = ["CreateGrant", "Encrypt"],
                Constraints = new GrantConstraints { EncryptionContextSubset = Pairs("a=1") },
            },
            Token);
        var grantee = await simulator.KmsAsAsync(RoleCaller);
        await grantee.CreateGrantAsync(Request("Encrypt", "a=1,b=2"), Token);
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:CreateGrant", () => grantee.CreateGrantAsync(Request("Decrypt", "a=1"), Token));
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:CreateGrant", () => grantee.CreateGrantAsync(Request("Encrypt", "b=2"), Token));

        CreateGrantRequest Request(string operation, string context) => new()
        {
            KeyId = key.KeyId,
            GranteePrincipal = "arn:aws:iam::123456789012:role/other",
            Operations = [operation],
            Constraints = new GrantConstraints { EncryptionContextSubset = Pairs(context) },
        };
    }

    [Fact]
    public async Task The_encryption_context_of_other_keys_cannot_be_constrained()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = "HMAC_256", KeyUsage = "GENERATE_VERIFY_MAC" })).KeyId;
        await KmsAssert.FailsAsync("ValidationException", "symmetric encryption keys", () => simulator.Kms.CreateGrantAsync(
            new CreateGrantRequest { KeyId = id, GranteePrincipal = Role, Operations = ["GenerateMac"], Constraints = new GrantConstraints { EncryptionContextEquals = Pairs("a=1") } },
            Token));
    }

    private static Dictionary<string, string> Pairs(string text) => text.Length == 0 ? [] : text.Split(',').ToDictionary(pair => pair.Split('=')[0], pair => pair.Split('=')[1]);

    private static Task<EncryptResponse> EncryptAsync(IAmazonKeyManagementService kms, string key, string context = "") =>
        kms.EncryptAsync(new EncryptRequest { KeyId = key, Plaintext = new MemoryStream([1]), EncryptionContext = Pairs(context) }, Token);
}
