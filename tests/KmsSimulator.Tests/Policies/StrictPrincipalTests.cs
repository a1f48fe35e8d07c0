using Amazon.KeyManagementService.Model;
using Amazon.SecurityToken.Model;

namespace KmsSimulator.Tests.Policies;

/// <summary>Once the simulator was told who exists.</summary>
public sealed class StrictPrincipalTests
{
    private const string Role = "arn:aws:iam::222222222222:role/path/app";

    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("arn:aws:sts::222222222222:assumed-role/app/session", true)]
    [InlineData("arn:aws:sts::222222222222:assumed-role/other/session", false)]
    [InlineData("arn:aws:iam::222222222222:root", true)]
    [InlineData("333333333333", false)]
    [InlineData("arn:aws:iam::333333333333:root", false)]
    public async Task Sessions_exist_with_their_role_and_accounts_once_they_are_listed(string principal, bool accepted)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/principals", $$"""{"strict": true, "exists": ["{{Role}}", "123456789012", "222222222222"]}""");
        var request = new CreateKeyRequest
        {
            Policy = $$"""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["123456789012","{{principal}}"] },"Action":"kms:*","Resource":"*"} }""",
        };
        if (accepted)
            await simulator.CreateKeyAsync(request);
        else
            await KmsAssert.FailsAsync("MalformedPolicyDocumentException", "invalid principals", () => simulator.CreateKeyAsync(request));
    }

    [Fact]
    public async Task Roles_that_do_not_exist_cannot_be_assumed()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/principals", $$"""{"strict": true, "exists": ["{{Role}}"]}""");
        await simulator.AssumeAsync(Role);
        await KmsAssert.FailsAsync("AccessDenied", "sts:AssumeRole", () => simulator.AssumeAsync("arn:aws:iam::222222222222:role/absent"), 403);
    }

    [Fact]
    public async Task Sessions_end_with_their_role_and_do_not_come_back_with_another_of_its_name()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var credentials = await simulator.AssumeAsync(Role);
        await simulator.SetAsync("/_sim/principals", $$"""{"delete": ["{{Role}}"]}""");
        await AssertEndedAsync();
        await KmsAssert.FailsAsync("AccessDenied", "sts:AssumeRole", () => simulator.AssumeAsync(Role), 403);
        await simulator.SetAsync("/_sim/principals", $$"""{"exists": ["{{Role}}"]}""");
        await AssertEndedAsync();
        await simulator.AssumeAsync(Role);

        async Task AssertEndedAsync()
        {
            await KmsAssert.FailsAsync("UnrecognizedClientException", "security token", () =>
                simulator.KmsIn("us-east-1", credentials).ListKeysAsync(new ListKeysRequest(), Token));
            await KmsAssert.FailsAsync("InvalidClientTokenId", "security token", () =>
                simulator.Sts(credentials).GetCallerIdentityAsync(new GetCallerIdentityRequest(), Token), 403);
        }
    }
}
