using Amazon.Runtime;
using Amazon.SecurityToken.Model;

namespace KmsSimulator.Tests.Sts;

public sealed class StsTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task Any_credentials_are_those_of_the_one_account()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var identity = await simulator.Sts(new BasicAWSCredentials("whatever", "x")).GetCallerIdentityAsync(new GetCallerIdentityRequest(), Token);
        Assert.Equal(("123456789012", "arn:aws:iam::123456789012:user/simulator"), (identity.Account, identity.Arn));
    }

    [Fact]
    public async Task Credentials_of_a_role_act_in_its_account()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var answer = await simulator.Sts().AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = "arn:aws:iam::222222222222:role/path/operator", RoleSessionName = "session", DurationSeconds = 900 }, Token);
        Assert.Equal("arn:aws:sts::222222222222:assumed-role/operator/session", answer.AssumedRoleUser.Arn);
        Assert.Equal(simulator.Time.GetUtcNow().AddMinutes(15).UtcDateTime, answer.Credentials.Expiration!.Value.ToUniversalTime());

        var identity = await simulator.Sts(answer.Credentials).GetCallerIdentityAsync(new GetCallerIdentityRequest(), Token);
        Assert.Equal(("222222222222", answer.AssumedRoleUser.Arn, answer.AssumedRoleUser.AssumedRoleId), (identity.Account, identity.Arn, identity.UserId));
        var key = await simulator.CreateKeyAsync(kms: simulator.KmsIn("us-east-1", answer.Credentials));
        Assert.Equal("222222222222", key.AWSAccountId);
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.DescribeAsync(key.KeyId));
    }

    [Fact]
    public async Task Sessions_outlive_a_reset_or_their_holders_would_act_as_somebody_else()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var credentials = await simulator.AssumeAsync("arn:aws:iam::222222222222:role/operator");
        await simulator.SetAsync("/_sim/reset", "");
        await simulator.AssumeAsync("arn:aws:iam::333333333333:role/operator");
        Assert.Equal("222222222222", (await simulator.Sts(credentials).GetCallerIdentityAsync(new GetCallerIdentityRequest(), Token)).Account);
    }

    [Theory]
    [InlineData("arn:aws:iam::12:role/x-x-x-x", "session", 3600, "arn:aws:iam::12:role/x-x-x-x is invalid")]
    [InlineData("arn:aws:iam::222222222222:user/x", "session", 3600, "is invalid")]
    [InlineData("arn:aws:iam::222222222222:role/x", "a", 3600, "roleSessionName")]
    [InlineData("arn:aws:iam::222222222222:role/x", "with space", 3600, "roleSessionName")]
    [InlineData("arn:aws:iam::222222222222:role/x", "session", 899, "durationSeconds")]
    [InlineData("arn:aws:iam::222222222222:role/x", "session", 43201, "durationSeconds")]
    public async Task Wrong_parameters_are_validation_errors(string arn, string session, int seconds, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync("ValidationError", message, () => simulator.Sts().AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = arn, RoleSessionName = session, DurationSeconds = seconds }, Token));
    }

    [Fact]
    public async Task Roles_can_want_an_external_id_or_let_nobody_in()
    {
        await using var simulator = await TestSimulator.StartAsync();
        const string Role = "arn:aws:iam::222222222222:role/guarded";
        await simulator.SetAsync("/_sim/roles", $$"""{"arn": "{{Role}}", "externalId": "secret"}""");
        var denied = $"User: arn:aws:iam::123456789012:user/simulator is not authorized to perform: sts:AssumeRole on resource: {Role}";
        await KmsAssert.FailsAsync("AccessDenied", denied, () => Assume(null), 403);
        await KmsAssert.FailsAsync("AccessDenied", denied, () => Assume("guess"), 403);
        await Assume("secret");
        await simulator.SetAsync("/_sim/roles", $$"""{"arn": "{{Role}}", "deny": true}""");
        await KmsAssert.FailsAsync("AccessDenied", denied, () => Assume("secret"), 403);

        Task Assume(string? externalId) => simulator.Sts().AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = Role, RoleSessionName = "session", ExternalId = externalId }, Token);
    }

    [Fact]
    public async Task A_web_identity_needs_no_signature_and_its_token_is_read_but_not_verified()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var payload = System.Buffers.Text.Base64Url.EncodeToString("""{"sub":"system:serviceaccount:a:b","iss":"https://issuer","aud":["sts.amazonaws.com"]}"""u8);
        var answer = await simulator.Sts(new AnonymousAWSCredentials()).AssumeRoleWithWebIdentityAsync(
            new AssumeRoleWithWebIdentityRequest { RoleArn = "arn:aws:iam::222222222222:role/irsa", RoleSessionName = "pod", WebIdentityToken = $"e30.{payload}.c2ln" }, Token);
        Assert.Equal(("system:serviceaccount:a:b", "https://issuer", "sts.amazonaws.com"), (answer.SubjectFromWebIdentityToken, answer.Provider, answer.Audience));
        Assert.Equal("222222222222", (await simulator.CreateKeyAsync(kms: simulator.KmsIn("us-east-1", answer.Credentials))).AWSAccountId);
        await KmsAssert.FailsAsync("MissingAuthenticationToken", "", () => simulator.Sts(new AnonymousAWSCredentials()).AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = "arn:aws:iam::222222222222:role/x", RoleSessionName = "session" }, Token), 403);
    }

    [Fact]
    public async Task A_role_passes_the_lockout_check_by_its_own_ARN()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var kms = simulator.KmsIn("us-east-1", await simulator.AssumeAsync("arn:aws:iam::222222222222:role/operator"));
        await simulator.CreateKeyAsync(
            new() { Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:role/operator"},"Action":"kms:*","Resource":"*"}}""" }, kms);
        await KmsAssert.FailsAsync("MalformedPolicyDocumentException", "will not allow you", () => simulator.CreateKeyAsync(
            new() { Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"kms:*","Resource":"*"}}""" }, kms));
    }
}
