using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Replicas;

public sealed class ReplicaTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task A_replica_shares_id_and_material_and_nothing_else()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var primary = await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            MultiRegion = true,
            Description = "primary",
            Tags = [new Tag { TagKey = "a", TagValue = "1" }],
        });
        await simulator.Kms.CreateAliasAsync("alias/p", primary.KeyId, Token);
        var answer = await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = primary.Arn, ReplicaRegion = "eu-west-1" }, Token);
        Assert.Equal("Creating", answer.ReplicaKeyMetadata.KeyState.Value);
        Assert.Empty(answer.ReplicaTags ?? []);
        Assert.Contains("arn:aws:iam::123456789012:root", answer.ReplicaPolicy, StringComparison.Ordinal);

        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        var replica = await simulator.DescribeAsync(primary.KeyId, "eu-west-1");
        Assert.Equal(("Enabled", "", primary.KeyId), (replica.KeyState.Value, replica.Description, replica.KeyId));
        Assert.Equal(primary.CurrentKeyMaterialId, replica.CurrentKeyMaterialId);
        Assert.Equal("REPLICA", replica.MultiRegionConfiguration.MultiRegionKeyType.Value);
        Assert.Equal(primary.Arn, replica.MultiRegionConfiguration.PrimaryKey.Arn);
        var seen = await simulator.DescribeAsync(primary.KeyId);
        Assert.Equal("PRIMARY", seen.MultiRegionConfiguration.MultiRegionKeyType.Value);
        Assert.Equal(["eu-west-1"], seen.MultiRegionConfiguration.ReplicaKeys.Select(key => key.Region));

        var abroad = simulator.KmsIn("eu-west-1");
        Assert.Empty((await abroad.ListAliasesAsync(new ListAliasesRequest { KeyId = primary.KeyId }, Token)).Aliases ?? []);
        Assert.Empty((await abroad.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = primary.KeyId }, Token)).Tags ?? []);
        await abroad.DisableKeyAsync(primary.KeyId, Token);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(primary.KeyId)).KeyState.Value);
    }

    [Fact]
    public async Task A_replicas_own_policy_description_and_tags_are_its_own()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        const string Policy = """{"Version":"2012-10-17","Statement":{"Sid":"mine","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"kms:*","Resource":"*"}}""";
        var answer = await simulator.Kms.ReplicateKeyAsync(
            new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1", Policy = Policy, Description = "d", Tags = [new Tag { TagKey = "k", TagValue = "v" }] }, Token);
        Assert.Equal("d", answer.ReplicaKeyMetadata.Description);
        Assert.Equal("k", Assert.Single(answer.ReplicaTags).TagKey);
        Assert.Contains("mine", answer.ReplicaPolicy, StringComparison.Ordinal);
        Assert.DoesNotContain("mine", (await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = id }, Token)).Policy, StringComparison.Ordinal);
        await KmsAssert.FailsAsync("MalformedPolicyDocumentException", "will not allow you", () => simulator.Kms.ReplicateKeyAsync(
            new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-2", Policy = Policy.Replace("123456789012", "222222222222", StringComparison.Ordinal) }, Token));
    }

    [Fact]
    public async Task A_Region_has_one_of_them_even_while_that_is_pending_deletion()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        var request = new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" };
        await simulator.Kms.ReplicateKeyAsync(request, Token);
        await KmsAssert.FailsAsync("AlreadyExistsException", "eu-west-1", () => simulator.Kms.ReplicateKeyAsync(request, Token));
        await simulator.KmsIn("eu-west-1").ScheduleKeyDeletionAsync(id, 7, Token);
        await KmsAssert.FailsAsync("AlreadyExistsException", "eu-west-1", () => simulator.Kms.ReplicateKeyAsync(request, Token));
        await simulator.AdvanceAsync(TimeSpan.FromDays(7));
        await simulator.Kms.ReplicateKeyAsync(request, Token);
        await KmsAssert.FailsAsync("AlreadyExistsException", "us-east-1", () =>
            simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "us-east-1" }, Token));
    }

    [Fact]
    public async Task Only_primaries_can_be_replicated_and_only_within_their_partition()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var single = (await simulator.CreateKeyAsync()).KeyId;
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        await KmsAssert.FailsAsync("UnsupportedOperationException", "not a multi-Region key", () => simulator.Kms.ReplicateKeyAsync(
            new ReplicateKeyRequest { KeyId = single, ReplicaRegion = "eu-west-1" }, Token));
        await KmsAssert.FailsAsync("ValidationException", "partition", () =>
            simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "cn-north-1" }, Token));
        await KmsAssert.FailsAsync("ValidationException", "'replicaRegion' failed to satisfy", () => simulator.Kms.ReplicateKeyAsync(
            new ReplicateKeyRequest { KeyId = id, ReplicaRegion = string.Concat("mars") }, Token));
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        await KmsAssert.FailsAsync("UnsupportedOperationException", "not a multi-Region primary key", () =>
            simulator.KmsIn("eu-west-1").ReplicateKeyAsync(
            new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-2" }, Token));
    }

    [Fact]
    public async Task The_primary_Region_changes_through_Updating_while_both_read_as_replicas()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        await simulator.Kms.UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = "eu-west-1" }, Token);
        foreach (var region in new[] { "us-east-1", "eu-west-1" })
        {
            var key = await simulator.DescribeAsync(id, region);
            Assert.Equal(("Updating", "REPLICA"), (key.KeyState.Value, key.MultiRegionConfiguration.MultiRegionKeyType.Value));
        }

        await simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = id, Plaintext = new MemoryStream([1]) }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("PRIMARY", (await simulator.DescribeAsync(id, "eu-west-1")).MultiRegionConfiguration.MultiRegionKeyType.Value);
        var old = await simulator.DescribeAsync(id);
        Assert.Equal(("Enabled", "REPLICA"), (old.KeyState.Value, old.MultiRegionConfiguration.MultiRegionKeyType.Value));
        await KmsAssert.FailsAsync("UnsupportedOperationException", "not a multi-Region primary key", () =>
            simulator.Kms.UpdatePrimaryRegionAsync(
            new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = "eu-west-1" }, Token));
        await KmsAssert.FailsAsync("NotFoundException", "ap-south-1", () => simulator.KmsIn("eu-west-1").UpdatePrimaryRegionAsync(
            new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = "ap-south-1" }, Token));
    }

    [Fact]
    public async Task The_rotation_stays_as_it_is_and_is_set_on_the_new_primary_from_then_on()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id, RotationPeriodInDays = 100 }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        var before = await simulator.Kms.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = id }, Token);

        await simulator.Kms.UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = "eu-west-1" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));

        var abroad = simulator.KmsIn("eu-west-1");
        foreach (var kms in new[] { simulator.Kms, abroad })
        {
            var after = await kms.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = id }, Token);
            Assert.Equal(((int?)100, before.NextRotationDate), (after.RotationPeriodInDays, after.NextRotationDate));
        }

        await KmsAssert.FailsAsync("UnsupportedOperationException", "replica", () => simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id }, Token));
        await abroad.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id, RotationPeriodInDays = 200 }, Token);
        Assert.Equal(200, (await simulator.Kms.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = id }, Token)).RotationPeriodInDays);
    }

    [Fact]
    public async Task A_key_that_is_Updating_can_pass_the_primary_role_on()
    {
        // Source: AWS KMS developer guide, "Key states of AWS KMS keys": UpdatePrimaryRegion works while Updating.
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        foreach (var region in new[] { "eu-west-1", "eu-west-2" })
            await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = region }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        await simulator.Kms.UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = "eu-west-1" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromMilliseconds(300));
        await simulator.KmsIn("eu-west-1").UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = "eu-west-2" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromMilliseconds(300));
        Assert.Equal(["Enabled", "Updating", "Updating"], await StatesAsync());
        await simulator.AdvanceAsync(TimeSpan.FromMilliseconds(300));
        Assert.Equal(["Enabled", "Enabled", "Enabled"], await StatesAsync());
        Assert.Equal("PRIMARY", (await simulator.DescribeAsync(id, "eu-west-2")).MultiRegionConfiguration.MultiRegionKeyType.Value);

        async Task<string[]> StatesAsync() =>
        [
            (await simulator.DescribeAsync(id)).KeyState.Value,
            (await simulator.DescribeAsync(id, "eu-west-1")).KeyState.Value,
            (await simulator.DescribeAsync(id, "eu-west-2")).KeyState.Value,
        ];
    }

    [Theory]
    [InlineData("eu-west-12", "There is no Region eu-west-12")]
    [InlineData("cn-north-1", "not in the partition")]
    public async Task Replicas_and_primaries_go_to_Regions_of_the_same_partition(string region, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        await KmsAssert.FailsAsync("ValidationException", message, () => simulator.Kms.ReplicateKeyAsync(
            new ReplicateKeyRequest { KeyId = id, ReplicaRegion = region }, TestSimulator.Token));
        await KmsAssert.FailsAsync("ValidationException", message, () => simulator.Kms.UpdatePrimaryRegionAsync(
            new UpdatePrimaryRegionRequest { KeyId = id, PrimaryRegion = region }, TestSimulator.Token));
    }
}
