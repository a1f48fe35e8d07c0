using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Consistency;

public sealed class ConsistencyTests
{
    private static readonly TimeSpan Delay = TimeSpan.FromMinutes(1);

    private static CancellationToken Token => TestSimulator.Token;

    private static SimulatorOptions Late => new() { QuotaScale = 0, Seed = 1, ConsistencyDelay = Delay };

    [Fact]
    public async Task A_new_key_is_not_found_by_readers_nor_writers_until_it_is_visible()
    {
        await using var simulator = await TestSimulator.StartAsync(Late);
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.DescribeAsync(id));
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.Kms.CreateAliasAsync("alias/a", id, Token));
        Assert.Empty((await simulator.Kms.ListKeysAsync(new ListKeysRequest(), Token)).Keys ?? []);
        Assert.Single((await simulator.GetAsync("/_sim/keys")).AsArray());
        simulator.Time.Advance(Delay);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(id)).KeyState.Value);
        Assert.Single((await simulator.Kms.ListKeysAsync(new ListKeysRequest(), Token)).Keys);
    }

    [Fact]
    public async Task Changes_are_read_late()
    {
        await using var simulator = await TestSimulator.StartAsync(Late);
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { Description = "old" })).KeyId;
        simulator.Time.Advance(Delay);
        await simulator.Kms.UpdateKeyDescriptionAsync(id, "new", Token);
        await simulator.Kms.TagResourceAsync(new TagResourceRequest { KeyId = id, Tags = [new Tag { TagKey = "a", TagValue = "" }] }, Token);
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id }, Token);
        Assert.Equal(("old", 0, false), await Seen());
        simulator.Time.Advance(Delay);
        Assert.Equal(("new", 1, true), await Seen());

        async Task<(string, int, bool?)> Seen() => (
            (await simulator.DescribeAsync(id)).Description,
            (await simulator.Kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = id }, Token)).Tags?.Count ?? 0,
            (await simulator.Kms.GetKeyRotationStatusAsync(id, Token)).KeyRotationEnabled);
    }

    [Fact]
    public async Task Writers_act_on_the_truth()
    {
        await using var simulator = await TestSimulator.StartAsync(Late);
        var id = (await simulator.CreateKeyAsync()).KeyId;
        simulator.Time.Advance(Delay);
        await simulator.Kms.DisableKeyAsync(id, Token);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(id)).KeyState.Value);
        await KmsAssert.FailsAsync("DisabledException", "is disabled", () =>
            simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id }, Token));
        await simulator.Kms.TagResourceAsync(new TagResourceRequest { KeyId = id, Tags = [new Tag { TagKey = "a", TagValue = "" }] }, Token);
        await simulator.Kms.TagResourceAsync(new TagResourceRequest { KeyId = id, Tags = [new Tag { TagKey = "b", TagValue = "" }] }, Token);
        simulator.Time.Advance(Delay);
        Assert.Equal(["a", "b"], (await simulator.Kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = id }, Token)).Tags.Select(tag => tag.TagKey));
    }

    [Fact]
    public async Task Aliases_are_seen_moved_and_deleted_late()
    {
        await using var simulator = await TestSimulator.StartAsync(Late);
        var (one, two) = (await simulator.CreateKeyAsync(), await simulator.CreateKeyAsync());
        simulator.Time.Advance(Delay);
        await simulator.Kms.CreateAliasAsync("alias/a", one.KeyId, Token);
        await KmsAssert.FailsAsync("NotFoundException", "alias/a is not found", () => simulator.DescribeAsync("alias/a"));
        await KmsAssert.FailsAsync("AlreadyExistsException", "alias/a", () => simulator.Kms.CreateAliasAsync("alias/a", one.KeyId, Token));
        simulator.Time.Advance(Delay);
        await simulator.Kms.UpdateAliasAsync("alias/a", two.KeyId, Token);
        Assert.Equal(one.KeyId, (await simulator.DescribeAsync("alias/a")).KeyId);
        Assert.Equal((1, 0), (await CountAsync(one.KeyId), await CountAsync(two.KeyId)));
        simulator.Time.Advance(Delay);
        Assert.Equal((0, 1), (await CountAsync(one.KeyId), await CountAsync(two.KeyId)));
        await simulator.Kms.DeleteAliasAsync("alias/a", Token);
        await KmsAssert.FailsAsync("NotFoundException", "alias/a is not found", () => simulator.Kms.DeleteAliasAsync("alias/a", Token));
        Assert.Equal(two.KeyId, (await simulator.DescribeAsync("alias/a")).KeyId);
        simulator.Time.Advance(Delay);
        await KmsAssert.FailsAsync("NotFoundException", "alias/a is not found", () => simulator.DescribeAsync("alias/a"));

        async Task<int> CountAsync(string id) => (await simulator.Kms.ListAliasesAsync(new ListAliasesRequest { KeyId = id }, Token)).Aliases?.Count ?? 0;
    }

    /// <summary>Source: AWS KMS developer guide, "Creating grants" (eventual consistency) and "Using a grant token".</summary>
    [Fact]
    public async Task Grants_are_listed_and_permit_late_unless_the_request_has_their_token()
    {
        await using var simulator = await TestSimulator.StartAsync(Late);
        const string role = "arn:aws:iam::123456789012:role/r";
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/simulator"},"Action":"kms:*","Resource":"*"}}""",
        });
        simulator.Time.Advance(Delay);
        var request = new CreateGrantRequest { KeyId = key.KeyId, Name = "g", GranteePrincipal = role, RetiringPrincipal = role, Operations = ["Encrypt"] };
        var grant = await simulator.Kms.CreateGrantAsync(request, Token);
        var grantee = await simulator.KmsAsAsync($$"""{"principal":"{{role}}"}""");

        Assert.Equal((0, 0), await SeenAsync());
        Assert.Equal(grant.GrantId, (await simulator.Kms.CreateGrantAsync(request, Token)).GrantId);
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:Encrypt", () => EncryptAsync());
        await EncryptAsync(grant.GrantToken);
        await KmsAssert.FailsAsync("InvalidGrantIdException", "", () => simulator.Kms.ListGrantsAsync(new ListGrantsRequest { KeyId = key.KeyId, GrantId = grant.GrantId }, Token));

        simulator.Time.Advance(Delay);
        Assert.Equal((1, 1), await SeenAsync());
        await EncryptAsync();

        await simulator.Kms.RevokeGrantAsync(new RevokeGrantRequest { KeyId = key.KeyId, GrantId = grant.GrantId }, Token);
        Assert.Equal((1, 1), await SeenAsync());
        await EncryptAsync();
        await KmsAssert.FailsAsync("InvalidGrantIdException", "", () => simulator.Kms.RevokeGrantAsync(new RevokeGrantRequest { KeyId = key.KeyId, GrantId = grant.GrantId }, Token));

        simulator.Time.Advance(Delay);
        Assert.Equal((0, 0), await SeenAsync());
        await KmsAssert.FailsAsync("AccessDeniedException", "kms:Encrypt", () => EncryptAsync());

        async Task<(int, int)> SeenAsync() => (
            (await simulator.Kms.ListGrantsAsync(new ListGrantsRequest { KeyId = key.KeyId }, Token)).Grants?.Count ?? 0,
            (await simulator.Kms.ListRetirableGrantsAsync(new ListRetirableGrantsRequest { RetiringPrincipal = role }, Token)).Grants?.Count ?? 0);

        Task EncryptAsync(params string[] tokens) =>
            grantee.EncryptAsync(new EncryptRequest { KeyId = key.Arn, Plaintext = new MemoryStream([1]), GrantTokens = [.. tokens] }, Token);
    }

    [Fact]
    public async Task The_end_of_a_window_is_seen_at_once()
    {
        await using var simulator = await TestSimulator.StartAsync(Late);
        var id = (await simulator.CreateKeyAsync()).KeyId;
        simulator.Time.Advance(Delay);
        await simulator.Kms.ScheduleKeyDeletionAsync(id, 7, Token);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(id)).KeyState.Value);
        await simulator.AdvanceAsync(TimeSpan.FromDays(7));
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.DescribeAsync(id));
    }
}
