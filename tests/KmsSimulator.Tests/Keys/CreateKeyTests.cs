using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Keys;

public sealed class CreateKeyTests
{
    [Fact]
    public async Task A_key_made_of_nothing_is_an_enabled_symmetric_single_Region_key_of_the_account()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        Assert.Equal("123456789012", key.AWSAccountId);
        Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", key.KeyId);
        Assert.Equal($"arn:aws:kms:us-east-1:123456789012:key/{key.KeyId}", key.Arn);
        Assert.Equal("SYMMETRIC_DEFAULT", key.KeySpec.Value);
        Assert.Equal("ENCRYPT_DECRYPT", key.KeyUsage.Value);
        Assert.Equal("Enabled", key.KeyState.Value);
        Assert.True(key.Enabled);
        Assert.Equal("", key.Description);
        Assert.Equal("AWS_KMS", key.Origin.Value);
        Assert.Equal("CUSTOMER", key.KeyManager.Value);
        Assert.Equal(["SYMMETRIC_DEFAULT"], key.EncryptionAlgorithms);
        Assert.False(key.MultiRegion);
        Assert.Null(key.MultiRegionConfiguration);
        Assert.Matches("^[0-9a-f]{64}$", key.CurrentKeyMaterialId);
        Assert.Equal(simulator.Time.GetUtcNow().UtcDateTime, key.CreationDate);
    }

    [Fact]
    public async Task Policy_description_and_tags_come_with_the_key_at_once()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Description = "orders", Tags = [new Tag { TagKey = "owner", TagValue = "a" }] });
        Assert.Equal("orders", key.Description);
        var tags = await simulator.Kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = key.KeyId }, TestSimulator.Token);
        Assert.Equal(("owner", "a"), (Assert.Single(tags.Tags).TagKey, tags.Tags[0].TagValue));
        var policy = await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key.KeyId }, TestSimulator.Token);
        Assert.Contains("arn:aws:iam::123456789012:root", policy.Policy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SYMMETRIC_DEFAULT", null, "ENCRYPT_DECRYPT", "the only usage need not be named for symmetric keys")]
    [InlineData("RSA_2048", "ENCRYPT_DECRYPT", "ENCRYPT_DECRYPT", "RSA encrypts")]
    [InlineData("RSA_4096", "SIGN_VERIFY", "SIGN_VERIFY", "or signs")]
    [InlineData("ECC_NIST_P256", "SIGN_VERIFY", "SIGN_VERIFY", "NIST curves sign")]
    [InlineData("ECC_NIST_P521", "KEY_AGREEMENT", "KEY_AGREEMENT", "or agree")]
    [InlineData("ECC_NIST_EDWARDS25519", "SIGN_VERIFY", "SIGN_VERIFY", "Edwards signs only")]
    [InlineData("ECC_SECG_P256K1", "SIGN_VERIFY", "SIGN_VERIFY", "so does the coin curve")]
    [InlineData("HMAC_384", "GENERATE_VERIFY_MAC", "GENERATE_VERIFY_MAC", "HMAC keys make MACs")]
    [InlineData("ML_DSA_65", "SIGN_VERIFY", "SIGN_VERIFY", "post-quantum signatures")]
    [InlineData("ML_KEM_768", "ENCAPSULATE_DECAPSULATE", "ENCAPSULATE_DECAPSULATE", "post-quantum encapsulation")]
    public async Task Specs_and_usages_that_fit_make_a_key(string spec, string? usage, string shown, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = usage });
        Assert.True(key.KeyUsage == shown, reason);
        Assert.Equal(spec, key.KeySpec.Value);
        var algorithms = new[]
        {
            key.EncryptionAlgorithms, key.SigningAlgorithms, key.MacAlgorithms, key.KeyAgreementAlgorithms, key.EncapsulationAlgorithms,
        };
        Assert.Single(algorithms, list => list is { Count: > 0 });
    }

    [Theory]
    [InlineData("SYMMETRIC_DEFAULT", "SIGN_VERIFY", "ValidationException", "not compatible")]
    [InlineData("HMAC_256", "ENCRYPT_DECRYPT", "ValidationException", "not compatible")]
    [InlineData("ECC_SECG_P256K1", "KEY_AGREEMENT", "ValidationException", "not compatible")]
    [InlineData("ECC_NIST_EDWARDS25519", "KEY_AGREEMENT", "ValidationException", "not compatible")]
    [InlineData("ML_DSA_44", "ENCRYPT_DECRYPT", "ValidationException", "not compatible")]
    [InlineData("RSA_2048", null, "ValidationException", "You must specify a KeyUsage")]
    [InlineData("HMAC_256", null, "ValidationException", "You must specify a KeyUsage")]
    [InlineData("AES_256", "ENCRYPT_DECRYPT", "ValidationException", "'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [")]
    [InlineData("SYMMETRIC_DEFAULT", "encrypt", "ValidationException", "'keyUsage' failed to satisfy constraint")]
    [InlineData("SM2", "SIGN_VERIFY", "UnsupportedOperationException", "China")]
    public async Task Specs_and_usages_that_do_not_fit_are_refused(string spec, string? usage, string code, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await KmsAssert.FailsAsync(code, message, () =>
            simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = usage }));
    }

    [Fact]
    public async Task SM2_keys_can_be_made_in_China()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = "SM2", KeyUsage = "SIGN_VERIFY" }, simulator.KmsIn("cn-north-1"));
        Assert.StartsWith("arn:aws-cn:kms:cn-north-1:", key.Arn, StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_that_is_wrong_with_the_input_is_reported_at_once()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var error = await KmsAssert.FailsAsync("ValidationException", "2 validation errors detected: ", () => simulator.CreateKeyAsync(
            new CreateKeyRequest { Description = new string('x', 8193), Tags = [new Tag { TagKey = string.Empty, TagValue = "" }] }));
        Assert.Contains("'description' failed to satisfy constraint: Member must have length less than or equal to 8192", error.Message, StringComparison.Ordinal);
        Assert.Contains("'tags.1.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_for_imported_material_wait_for_it()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        Assert.Equal("PendingImport", key.KeyState.Value);
        Assert.False(key.Enabled);
    }

    [Theory]
    [InlineData("AWS_CLOUDHSM", null, "ValidationException", "a key store must be named")]
    [InlineData("AWS_CLOUDHSM", "cks-1", "CustomKeyStoreNotFoundException", "and there is none")]
    [InlineData("AWS_KMS", "cks-1", "ValidationException", "KMS's own keys are in no key store")]
    public async Task Custom_key_stores_do_not_exist_by_themselves(string origin, string? store, string code, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var error = await KmsAssert.FailsAsync(code, "", () =>
            simulator.CreateKeyAsync(new CreateKeyRequest { Origin = origin, CustomKeyStoreId = store }));
        Assert.True(error.Message.Length > 0, reason);
    }

    // Source: AWS KMS API reference, CreateKey and KeyMetadata.
    [Fact]
    public async Task A_custom_key_store_that_was_added_takes_symmetric_keys_of_one_Region_each_with_an_external_key_of_its_own()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.PostAsync("/_sim/custom-key-stores", """{"id": "cks-1", "type": "EXTERNAL_KEY_STORE"}""");

        var key = await simulator.CreateKeyAsync(Request("a"));
        Assert.Equal(("Enabled", "EXTERNAL_KEY_STORE", "cks-1", "a", null), (key.KeyState.Value, key.Origin.Value, key.CustomKeyStoreId, key.XksKeyConfiguration.Id, key.CurrentKeyMaterialId));
        await KmsAssert.FailsAsync("XksKeyAlreadyInUseException", "", () => simulator.CreateKeyAsync(Request("a")));
        await KmsAssert.FailsAsync("UnsupportedOperationException", "", () => simulator.CreateKeyAsync(Request("b", request => request.MultiRegion = true)));
        await KmsAssert.FailsAsync("UnsupportedOperationException", "", () => simulator.CreateKeyAsync(Request("b", request => (request.KeySpec, request.KeyUsage) = ("RSA_2048", "SIGN_VERIFY"))));
        await KmsAssert.FailsAsync("UnsupportedOperationException", "", () => simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "AWS_CLOUDHSM", CustomKeyStoreId = "cks-1" }));
        await KmsAssert.FailsAsync("UnsupportedOperationException", "origin is EXTERNAL_KEY_STORE", () => simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key.KeyId }, TestSimulator.Token));

        static CreateKeyRequest Request(string externalKey, Action<CreateKeyRequest>? change = null)
        {
            var request = new CreateKeyRequest { Origin = "EXTERNAL_KEY_STORE", CustomKeyStoreId = "cks-1", XksKeyId = externalKey };
            change?.Invoke(request);
            return request;
        }
    }

    [Fact]
    public async Task A_multi_Region_key_says_so_in_its_id_and_configuration()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true });
        Assert.Matches("^mrk-[0-9a-f]{32}$", key.KeyId);
        Assert.True(key.MultiRegion);
        Assert.Equal("PRIMARY", key.MultiRegionConfiguration.MultiRegionKeyType.Value);
        Assert.Equal((key.Arn, "us-east-1"), (key.MultiRegionConfiguration.PrimaryKey.Arn, key.MultiRegionConfiguration.PrimaryKey.Region));
        Assert.Empty(key.MultiRegionConfiguration.ReplicaKeys ?? []);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_ids_and_each_call_another_key()
    {
        await using var one = await TestSimulator.StartAsync(new SimulatorOptions { QuotaScale = 0, Seed = 7 });
        await using var two = await TestSimulator.StartAsync(new SimulatorOptions { QuotaScale = 0, Seed = 7 });
        var (first, second) = ((await one.CreateKeyAsync()).KeyId, (await one.CreateKeyAsync()).KeyId);
        Assert.NotEqual(first, second);
        Assert.Equal((first, second), ((await two.CreateKeyAsync()).KeyId, (await two.CreateKeyAsync()).KeyId));
    }
}
