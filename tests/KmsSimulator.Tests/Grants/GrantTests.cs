using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Grants;

public sealed class GrantTests
{
    private const string Role = "arn:aws:iam::123456789012:role/r";

    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task A_grant_can_be_listed_and_revoked()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        var grant = await simulator.Kms.CreateGrantAsync(
            new CreateGrantRequest
            {
                KeyId = key.KeyId,
                GranteePrincipal = Role,
                RetiringPrincipal = Role,
                Operations = ["Encrypt", "Decrypt"],
                Name = "n",
                Constraints = new GrantConstraints { EncryptionContextSubset = new() { ["a"] = "b" } },
            },
            Token);
        var listed = Assert.Single((await simulator.Kms.ListGrantsAsync(new ListGrantsRequest { KeyId = key.KeyId, GranteePrincipal = Role }, Token)).Grants);
        Assert.Equal((grant.GrantId, key.Arn, "n", Role), (listed.GrantId, listed.KeyId, listed.Name, listed.RetiringPrincipal));
        Assert.Equal("b", listed.Constraints.EncryptionContextSubset["a"]);
        Assert.Equal("arn:aws:iam::123456789012:root", listed.IssuingAccount);
        Assert.Single((await simulator.Kms.ListRetirableGrantsAsync(new ListRetirableGrantsRequest { RetiringPrincipal = Role }, Token)).Grants);
        await simulator.Kms.RevokeGrantAsync(new RevokeGrantRequest { KeyId = key.KeyId, GrantId = grant.GrantId }, Token);
        Assert.Empty((await simulator.Kms.ListGrantsAsync(new ListGrantsRequest { KeyId = key.KeyId }, Token)).Grants ?? []);
        Assert.Empty((await simulator.Kms.ListRetirableGrantsAsync(new ListRetirableGrantsRequest { RetiringPrincipal = Role }, Token)).Grants ?? []);
        await KmsAssert.FailsAsync("InvalidGrantIdException", "not valid", () =>
            simulator.Kms.RevokeGrantAsync(new RevokeGrantRequest { KeyId = key.KeyId, GrantId = grant.GrantId }, Token));
    }

    [Fact]
    public async Task A_name_makes_the_same_request_the_same_grant()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        var first = await simulator.Kms.CreateGrantAsync(Request("n", "Encrypt"), Token);
        var again = await simulator.Kms.CreateGrantAsync(Request("n", "Encrypt"), Token);
        var other = await simulator.Kms.CreateGrantAsync(Request("n", "Decrypt"), Token);
        var unnamed = await simulator.Kms.CreateGrantAsync(Request(null, "Encrypt"), Token);
        Assert.Equal(first.GrantId, again.GrantId);
        Assert.NotEqual(first.GrantToken, again.GrantToken);
        Assert.Equal(3, new[] { first.GrantId, other.GrantId, unnamed.GrantId }.Distinct().Count());

        CreateGrantRequest Request(string? name, string operation) => new() { KeyId = id, GranteePrincipal = Role, Operations = [operation], Name = name };
    }

    [Fact]
    public async Task Grants_are_retired_by_token_or_by_key_and_id()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        var request = new CreateGrantRequest { KeyId = key.KeyId, GranteePrincipal = Role, Operations = ["Encrypt"] };
        var one = await simulator.Kms.CreateGrantAsync(request, Token);
        var two = await simulator.Kms.CreateGrantAsync(request, Token);
        await simulator.Kms.RetireGrantAsync(new RetireGrantRequest { GrantToken = one.GrantToken }, Token);
        await simulator.Kms.RetireGrantAsync(new RetireGrantRequest { KeyId = key.Arn, GrantId = two.GrantId }, Token);
        Assert.Empty((await simulator.Kms.ListGrantsAsync(new ListGrantsRequest { KeyId = key.KeyId }, Token)).Grants ?? []);
        await KmsAssert.FailsAsync("InvalidGrantTokenException", "not valid", () =>
            simulator.Kms.RetireGrantAsync(new RetireGrantRequest { GrantToken = one.GrantToken }, Token));
    }

    [Fact]
    public async Task A_dry_run_changes_nothing()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await KmsAssert.FailsAsync("DryRunOperationException", "DryRun", () => simulator.Kms.CreateGrantAsync(
            new CreateGrantRequest { KeyId = id, GranteePrincipal = Role, Operations = ["Encrypt"], DryRun = true }, Token));
        Assert.Empty((await simulator.Kms.ListGrantsAsync(new ListGrantsRequest { KeyId = id }, Token)).Grants ?? []);
    }

    [Fact]
    public async Task Unknown_operations_cannot_be_granted()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await KmsAssert.FailsAsync("ValidationException", "'operations'", () => simulator.Kms.CreateGrantAsync(
            new CreateGrantRequest { KeyId = id, GranteePrincipal = Role, Operations = ["PutKeyPolicy"] }, Token));
    }
}
