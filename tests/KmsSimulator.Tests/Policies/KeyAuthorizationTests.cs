using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;

namespace KmsSimulator.Tests.Policies;

/// <summary>Key policies bind callers of the key's own account, too.</summary>
/// <remarks>Source: AWS KMS developer guide, "Key policies in AWS KMS", "Condition keys for AWS KMS" and "Troubleshooting AWS KMS permissions".</remarks>
public sealed class KeyAuthorizationTests
{
    private const string Admin = """{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/simulator"},"Action":"kms:*","Resource":"*"}""";
    private const string App = """{"principal":"arn:aws:iam::123456789012:role/path/app"}""";
    private const string Other = """{"principal":"arn:aws:iam::123456789012:user/other"}""";
    private const string Root = """{"principal":"arn:aws:iam::123456789012:root"}""";
    private const string Foreign = """{"principal":"arn:aws:iam::222222222222:role/reader"}""";
    private const string ThroughS3 = """{"principal":"arn:aws:iam::123456789012:role/path/app","viaService":"s3.us-east-1.amazonaws.com"}""";
    private const string Logs = """{"service":"logs.us-east-1.amazonaws.com","sourceAccount":"123456789012","sourceArn":"arn:aws:logs:us-east-1:123456789012:log-group:g"}""";

    private static CancellationToken Token => TestSimulator.Token;

    // caller, who may encrypt, under which condition, whether it may, why
    public static TheoryData<string, string, string, bool, string> Cases => new()
    {
        { App, """{"AWS":"123456789012"}""", "{}", true, "the account stands for all its principals: IAM permits everything here" },
        { Other, """{"AWS":"arn:aws:iam::123456789012:root"}""", "{}", true, "so does its root" },
        { Root, """{"AWS":"arn:aws:iam::123456789012:role/path/app"}""", "{}", false, "without a statement for the account not even its root may" },
        { App, """{"AWS":"arn:aws:iam::123456789012:role/path/app"}""", "{}", true, "a session is its role" },
        { App, """{"AWS":"arn:aws:sts::123456789012:assumed-role/app/simulator"}""", "{}", true, "and itself" },
        { Other, """{"AWS":"arn:aws:iam::123456789012:role/path/app"}""", "{}", false, "who is not named may not" },
        { Foreign, """{"AWS":"222222222222"}""", "{}", true, "another account that is named" },
        { Foreign, """{"AWS":"123456789012"}""", "{}", false, "one that is not" },
        { Logs, """{"AWS":"123456789012"}""", "{}", false, "a service is no principal of the account" },
        { Logs, """{"Service":"logs.us-east-1.amazonaws.com"}""", "{}", true, "a service that is named" },
        { Logs, """{"Service":"s3.amazonaws.com"}""", "{}", false, "another service" },
        { Logs, """{"Service":"logs.us-east-1.amazonaws.com"}""", """{"StringEquals":{"aws:SourceAccount":"123456789012"},"ArnLike":{"aws:SourceArn":"arn:aws:logs:*:123456789012:*"}}""", true, "for a resource of this account" },
        { Logs, """{"Service":"logs.us-east-1.amazonaws.com"}""", """{"StringEquals":{"aws:SourceAccount":"222222222222"}}""", false, "not for one of another" },
        { App, "\"*\"", """{"StringEquals":{"kms:CallerAccount":"123456789012","kms:ViaService":"s3.us-east-1.amazonaws.com"}}""", false, "directly" },
        { ThroughS3, "\"*\"", """{"StringEquals":{"kms:CallerAccount":"123456789012","kms:ViaService":"s3.us-east-1.amazonaws.com"}}""", true, "through the service" },
        { App, "\"*\"", """{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::123456789012:role/*/app"}}""", true, "the role's ARN, not the session's" },
        { App, "\"*\"", """{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}""", true, "the account is in the organization" },
        { Foreign, "\"*\"", """{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}""", false, "this one is not" },
        { App, "\"*\"", """{"StringEquals":{"KMS:EncryptionContext:tenant":"a"}}""", true, "the request's encryption context" },
        { App, "\"*\"", """{"StringEquals":{"kms:EncryptionContext:tenant":"b"}}""", false, "another one" },
        { App, "\"*\"", """{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["tenant"]}}""", true, "its keys" },
        { App, "\"*\"", """{"StringEquals":{"kms:RequestAlias":"alias/a"}}""", false, "the key was named by its ARN" },
        { App, "\"*\"", """{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/a"}}""", true, "and has that alias" },
        { App, "\"*\"", """{"StringEquals":{"aws:ResourceTag/team":"pay","kms:KeySpec":"SYMMETRIC_DEFAULT","kms:KeyOrigin":"AWS_KMS"},"Bool":{"kms:MultiRegion":"false"}}""", true, "what the key is" },
        { App, "\"*\"", """{"Bool":{"aws:SecureTransport":"true"}}""", true, "KMS is reached by TLS only" },
        { App, "\"*\"", """{"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}""", false, "the time has passed" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_key_policy_decides_who_may_use_the_key(string caller, string principal, string condition, bool mayUse, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/organizations", """{"id": "o-abc", "accounts": ["123456789012"]}""");
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{Admin}},{"Effect":"Allow","Principal":{{principal}},"Action":"kms:Encrypt","Resource":"*","Condition":{{condition}} }]}""";
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy, Tags = [new Tag { TagKey = "team", TagValue = "pay" }] });
        await simulator.Kms.CreateAliasAsync("alias/a", key.KeyId, Token);
        var kms = await simulator.KmsAsAsync(caller);
        var error = await Record.ExceptionAsync(() => EncryptAsync(kms, key.Arn));
        Assert.True(mayUse ? error is null : (error as AmazonServiceException)?.ErrorCode == "AccessDeniedException", $"{reason}: {error?.Message}");
    }

    [Fact]
    public async Task Refusals_say_whether_nothing_allows_or_something_denies()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var policy = $$"""{"Version":"2012-10-17","Statement":[{{Admin}},{"Effect":"Deny","Principal":"*","Action":"kms:Encrypt","Resource":"*"}]}""";
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy });
        await KmsAssert.FailsAsync(
            "AccessDeniedException",
            $"User: arn:aws:iam::123456789012:user/simulator is not authorized to perform: kms:Encrypt on resource: {key.Arn} with an explicit deny in a resource-based policy",
            () => EncryptAsync(simulator.Kms, key.Arn));
        var other = await simulator.KmsAsAsync(Other);
        await KmsAssert.FailsAsync("AccessDeniedException", "because no resource-based policy allows the kms:DescribeKey action", () =>
            other.DescribeKeyAsync(key.KeyId, Token));
        Assert.Equal(2, (await RawHttp.RecordedAsync(simulator)).Count(call => call.EndsWith("AccessDeniedException", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_policy_without_the_callers_name_locks_out_whoever_bypassed_the_check()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var policy = Statement("arn:aws:iam::123456789012:role/path/app", "kms:*");
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Policy = policy, BypassPolicyLockoutSafetyCheck = true });
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:PutKeyPolicy", () =>
            simulator.Kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key.KeyId, Policy = policy }, Token));
        var app = await simulator.KmsAsAsync(App);
        await app.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key.KeyId, Policy = Statement("123456789012", "kms:*") }, Token);
        await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key.KeyId }, Token);
    }

    [Fact]
    public async Task Aliases_need_permission_for_every_key_that_they_leave_and_join()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var open = await simulator.CreateKeyAsync();
        var closed = await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            Policy = $$"""{"Version":"2012-10-17","Statement":[{{Admin}}]}""",
        });
        await simulator.Kms.CreateAliasAsync("alias/closed", closed.KeyId, Token);
        var other = await simulator.KmsAsAsync(Other);
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:CreateAlias", () => other.CreateAliasAsync("alias/b", closed.KeyId, Token));
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:UpdateAlias", () => other.UpdateAliasAsync("alias/closed", open.KeyId, Token));
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:DeleteAlias", () => other.DeleteAliasAsync("alias/closed", Token));
        await other.CreateAliasAsync("alias/b", open.KeyId, Token);
        Assert.Single((await other.ListAliasesAsync(new ListAliasesRequest { KeyId = closed.KeyId }, Token)).Aliases);
    }

    // action, condition, call, whether it may, why
    public static TheoryData<string, string, string, bool, string> Guards => new()
    {
        { "kms:ScheduleKeyDeletion", """{"NumericLessThanEquals":{"kms:TrailingDaysWithoutKeyUsage":"30"}}""", "delete in 7", false, "it was used ten days ago" },
        { "kms:DisableKey", """{"NumericLessThanEquals":{"kms:TrailingDaysWithoutKeyUsage":"30"}}""", "disable", false, "nor disabled" },
        { "kms:ScheduleKeyDeletion", """{"NumericLessThanEquals":{"kms:TrailingDaysWithoutKeyUsage":"9"}}""", "delete in 7", true, "ten days are enough" },
        { "kms:ScheduleKeyDeletion", """{"NumericLessThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"14"}}""", "delete in 7", false, "the window is too short" },
        { "kms:ScheduleKeyDeletion", """{"NumericLessThan":{"kms:ScheduleKeyDeletionPendingWindowInDays":"14"}}""", "delete in 14", true, "this one is not" },
        { "kms:EnableKeyRotation", """{"NumericGreaterThan":{"kms:RotationPeriodInDays":"200"}}""", "rotate every 300", false, "the period is too long" },
        { "kms:EnableKeyRotation", """{"NumericGreaterThan":{"kms:RotationPeriodInDays":"200"}}""", "rotate every 100", true, "this one is not" },
        { "kms:CreateGrant", """{"Bool":{"kms:GrantIsForAWSResource":"false"}}""", "grant", false, "no service asks for the grant" },
        { "kms:CreateGrant", """{"Null":{"kms:GrantConstraintSourceArn":"true"}}""", "grant", false, "the grant is bound to no source" },
        { "kms:CreateGrant", """{"ArnNotLike":{"kms:GrantConstraintSourceArn":"arn:aws:sqs:*:123456789012:q*"}}""", "service", true, "it is bound to the source that must be" },
        { "kms:CreateGrant", """{"ArnNotLike":{"kms:GrantConstraintSourceArn":"arn:aws:sqs:*:123456789012:r*"}}""", "service", false, "it is bound to another" },
        { "kms:CreateGrant", """{"StringNotEquals":{"kms:GranteeServicePrincipal":"airflow.us-east-1.amazonaws.com"}}""", "service", false, "it is for another service" },
        { "kms:TagResource", """{"ForAnyValue:StringEquals":{"aws:TagKeys":["owner"]}}""", "tag", false, "a tag that nobody may set" },
    };

    [Theory]
    [MemberData(nameof(Guards))]
    public async Task Denials_guard_a_key_against_everybody(string action, string condition, string call, bool may, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            Policy = $$"""{"Version":"2012-10-17","Statement":[{{Admin}},{"Effect":"Deny","Principal":"*","Action":"{{action}}","Resource":"*","Condition":{{condition}} }]}""",
        });
        await EncryptAsync(simulator.Kms, key.Arn);
        await simulator.AdvanceAsync(TimeSpan.FromDays(10));
        var words = call.Split(' ');
        var error = await Record.ExceptionAsync(() => (Task)(words[0] switch
        {
            "delete" => simulator.Kms.ScheduleKeyDeletionAsync(key.KeyId, Number(), Token),
            "disable" => simulator.Kms.DisableKeyAsync(key.KeyId, Token),
            "rotate" => simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key.KeyId, RotationPeriodInDays = Number() }, Token),
            "grant" => simulator.Kms.CreateGrantAsync(new CreateGrantRequest { KeyId = key.KeyId, GranteePrincipal = "arn:aws:iam::123456789012:role/r", Operations = ["Decrypt"] }, Token),
            "service" => simulator.Kms.CreateGrantAsync(
                new CreateGrantRequest
                {
                    KeyId = key.KeyId,
                    GranteeServicePrincipal = "s3.amazonaws.com",
                    RetiringServicePrincipal = "s3.amazonaws.com",
                    Operations = ["Decrypt"],
                    Constraints = new GrantConstraints { SourceArn = "arn:aws:sqs:us-east-1:123456789012:queue" },
                },
                Token),
            _ => simulator.Kms.TagResourceAsync(new TagResourceRequest { KeyId = key.KeyId, Tags = [new Tag { TagKey = "owner", TagValue = "me" }] }, Token),
        }));
        Assert.True(may ? error is null : (error as AmazonServiceException)?.ErrorCode == "AccessDeniedException", $"{reason}: {error?.Message}");

        int Number() => int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_key_of_AWS_is_used_through_its_service_only()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.DescribeAsync("alias/aws/ebs");
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:Encrypt", () => EncryptAsync(simulator.Kms, key.Arn));
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:ScheduleKeyDeletion", () => simulator.Kms.ScheduleKeyDeletionAsync(key.KeyId, 7, Token));
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:CreateAlias", () => simulator.Kms.CreateAliasAsync("alias/mine", key.KeyId, Token));
        await EncryptAsync(await simulator.KmsAsAsync("""{"principal":"arn:aws:iam::123456789012:role/app","viaService":"ec2.us-east-1.amazonaws.com"}"""), key.Arn);
    }

    [Theory]
    [InlineData("{}", "Either principal or service")]
    [InlineData("""{"principal":"x"}""", "not the ARN of a role, a user or an account")]
    [InlineData("""{"service":"x"}""", "not the name of a service")]
    [InlineData("""{"service":"s3.amazonaws.com","viaService":"s3.amazonaws.com"}""", "calls as itself")]
    [InlineData("""{"service":"s3.amazonaws.com","sourceAccount":"1"}""", "not the id of an account")]
    public async Task Callers_that_make_no_sense_are_refused(string body, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (status, answer) = await simulator.PostAsync("/_sim/callers", body);
        Assert.Equal(400, status);
        Assert.Contains(message, (string)answer["error"]!, StringComparison.Ordinal);
    }

    private static string Statement(string principal, string action) =>
        $$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"{{principal}}"},"Action":"{{action}}","Resource":"*"} }""";

    private static Task<EncryptResponse> EncryptAsync(IAmazonKeyManagementService kms, string key) => kms.EncryptAsync(
        new EncryptRequest { KeyId = key, Plaintext = new MemoryStream([1]), EncryptionContext = new() { ["tenant"] = "a" } }, Token);
}
