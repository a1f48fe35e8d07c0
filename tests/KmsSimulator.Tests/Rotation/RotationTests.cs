using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Rotation;

public sealed class RotationTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task Rotation_is_off_until_it_is_enabled_and_counts_from_the_latest_enabling()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        var off = await simulator.Kms.GetKeyRotationStatusAsync(id, Token);
        Assert.False(off.KeyRotationEnabled);
        Assert.Null(off.NextRotationDate);

        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id }, Token);
        var on = await simulator.Kms.GetKeyRotationStatusAsync(id, Token);
        Assert.Equal((true, 365), (on.KeyRotationEnabled, on.RotationPeriodInDays));
        Assert.Equal(simulator.Time.GetUtcNow().AddDays(365).UtcDateTime, on.NextRotationDate);

        simulator.Time.Advance(TimeSpan.FromDays(10));
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id, RotationPeriodInDays = 90 }, Token);
        Assert.Equal(simulator.Time.GetUtcNow().AddDays(90).UtcDateTime, (await simulator.Kms.GetKeyRotationStatusAsync(id, Token)).NextRotationDate);

        await simulator.Kms.DisableKeyRotationAsync(id, Token);
        Assert.False((await simulator.Kms.GetKeyRotationStatusAsync(id, Token)).KeyRotationEnabled);
    }

    [Theory]
    [InlineData(89, "greater than or equal to 90")]
    [InlineData(2561, "less than or equal to 2560")]
    public async Task Periods_have_a_range(int days, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await KmsAssert.FailsAsync("ValidationException", message, () => simulator.Kms.EnableKeyRotationAsync(
            new EnableKeyRotationRequest { KeyId = id, RotationPeriodInDays = days }, Token));
    }

    [Theory]
    [InlineData("RSA_2048", "SIGN_VERIFY", "AWS_KMS", "asymmetric keys do not rotate")]
    [InlineData("HMAC_256", "GENERATE_VERIFY_MAC", "AWS_KMS", "nor do HMAC keys")]
    [InlineData("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "EXTERNAL", "nor imported material by itself")]
    public async Task Only_symmetric_encryption_keys_of_KMSs_own_material_rotate(string spec, string usage, string origin, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = usage, Origin = origin })).KeyId;
        var error = await KmsAssert.FailsAsync("UnsupportedOperationException", "which is not valid for this operation.", () =>
            simulator.Kms.EnableKeyRotationAsync(
            new EnableKeyRotationRequest { KeyId = id }, Token));
        Assert.Contains(origin == "EXTERNAL" ? "origin is EXTERNAL" : $"key spec is {spec}", error.Message + reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ECC_NIST_P256", "SIGN_VERIFY", "terraform reads the rotation of every key of KMS's own material, and applies such keys at AWS")]
    [InlineData("HMAC_256", "GENERATE_VERIFY_MAC", "and those")]
    public async Task Keys_that_do_not_rotate_say_that_rotation_is_off(string spec, string usage, string reason)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = spec, KeyUsage = usage });
        var status = await simulator.Kms.GetKeyRotationStatusAsync(key.KeyId, Token);
        Assert.True(status is { KeyRotationEnabled: false, RotationPeriodInDays: null, NextRotationDate: null }, reason);
        Assert.Equal(key.Arn, status.KeyId);
    }

    // Source: AWS KMS developer guide, "Key states of AWS KMS keys", footnote 6.
    [Fact]
    public async Task Keys_of_imported_material_have_no_rotation_status()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        await KmsAssert.FailsAsync("UnsupportedOperationException", $"{key.Arn} origin is EXTERNAL which is not valid for this operation.", () =>
            simulator.Kms.GetKeyRotationStatusAsync(key.KeyId, Token));
    }

    [Fact]
    public async Task A_disabled_key_is_refused_for_its_state_before_it_is_for_its_spec()
    {
        // Source: localstack's test_rotate_key_on_demand_raises_error_given_key_is_disabled, which makes an RSA key; validated at AWS.
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { KeySpec = "RSA_4096", KeyUsage = "ENCRYPT_DECRYPT" })).KeyId;
        await simulator.Kms.DisableKeyAsync(id, Token);
        await KmsAssert.FailsAsync("DisabledException", "is disabled.", () =>
            simulator.Kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = id }, Token));
    }

    [Fact]
    public async Task Material_rotates_when_the_date_comes_and_old_ciphertexts_still_open()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        var sealedBefore = (await simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = key.KeyId, Plaintext = new MemoryStream([1, 2]) }, Token)).CiphertextBlob;
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key.KeyId, RotationPeriodInDays = 100 }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromDays(250));

        var rotations = (await simulator.Kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = key.KeyId }, Token)).Rotations;
        Assert.Equal(["AUTOMATIC", "AUTOMATIC"], rotations.Select(rotation => rotation.RotationType.Value));
        Assert.All(rotations, rotation => Assert.Equal(key.Arn, rotation.KeyId)); // As every example of AWS's API reference shows it.
        Assert.Equal([100, 200], rotations.Select(rotation => (rotation.RotationDate - key.CreationDate)!.Value.Days));
        Assert.NotEqual(key.CurrentKeyMaterialId, (await simulator.DescribeAsync(key.KeyId)).CurrentKeyMaterialId);
        var opened = await simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = sealedBefore }, Token);
        Assert.Equal([1, 2], opened.Plaintext.ToArray());
        Assert.Equal(key.CurrentKeyMaterialId, opened.KeyMaterialId);

        var all = (await simulator.Kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = key.KeyId, IncludeKeyMaterial = "ALL_KEY_MATERIAL" }, Token)).Rotations;
        Assert.Equal(["NON_CURRENT", "NON_CURRENT", "CURRENT"], all.Select(rotation => rotation.KeyMaterialState.Value));
        Assert.Null(all[0].RotationDate);
    }

    [Fact]
    public async Task A_key_disabled_on_its_date_rotates_when_it_is_enabled()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id, RotationPeriodInDays = 90 }, Token);
        await simulator.Kms.DisableKeyAsync(id, Token);
        await simulator.AdvanceAsync(TimeSpan.FromDays(95));
        Assert.Empty((await simulator.Kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = id }, Token)).Rotations ?? []);
        await simulator.Kms.EnableKeyAsync(id, Token);
        Assert.Single((await simulator.Kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = id }, Token)).Rotations);
    }

    [Fact]
    public async Task While_deletion_is_pending_rotation_reads_as_off_and_comes_back_when_it_is_cancelled()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id, RotationPeriodInDays = 200 }, Token);
        await simulator.Kms.ScheduleKeyDeletionAsync(id, 7, Token);
        Assert.False((await simulator.Kms.GetKeyRotationStatusAsync(id, Token)).KeyRotationEnabled);
        await simulator.Kms.CancelKeyDeletionAsync(id, Token);
        Assert.Equal(200, (await simulator.Kms.GetKeyRotationStatusAsync(id, Token)).RotationPeriodInDays);
    }

    [Fact]
    public async Task A_rotation_on_demand_takes_a_moment_leaves_the_schedule_alone_and_happens_25_times_at_most()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id }, Token);
        var date = (await simulator.Kms.GetKeyRotationStatusAsync(id, Token)).NextRotationDate;
        for (var i = 0; i < 25; i++)
        {
            await simulator.Kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = id }, Token);
            Assert.NotNull((await simulator.Kms.GetKeyRotationStatusAsync(id, Token)).OnDemandRotationStartDate);
            await KmsAssert.FailsAsync("ConflictException", "in progress", () =>
                simulator.Kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = id }, Token));
            await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        await KmsAssert.FailsAsync("LimitExceededException", "The on-demand rotations limit has been reached for the given keyId.", () =>
            simulator.Kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = id }, Token));
        var status = await simulator.Kms.GetKeyRotationStatusAsync(id, Token);
        Assert.Equal(date, status.NextRotationDate);
        Assert.Null(status.OnDemandRotationStartDate);
        Assert.Equal(25, (await simulator.Kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = id }, Token)).Rotations.Count(rotation => rotation.RotationType == "ON_DEMAND"));
    }

    [Fact]
    public async Task A_rotation_on_demand_waits_for_an_automatic_one_that_is_due()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id, RotationPeriodInDays = 90 }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromDays(90) - TimeSpan.FromMinutes(19));
        await KmsAssert.FailsAsync("ConflictException", "20 minutes", () =>
            simulator.Kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = id }, Token));
    }

    [Fact]
    public async Task Replicas_show_the_primarys_rotation_and_do_not_set_it()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = id, RotationPeriodInDays = 180 }, Token);
        var abroad = simulator.KmsIn("eu-west-1");
        Assert.Equal(180, (await abroad.GetKeyRotationStatusAsync(id, Token)).RotationPeriodInDays);
        await KmsAssert.FailsAsync("UnsupportedOperationException", "replica", () => abroad.DisableKeyRotationAsync(id, Token));
    }
}
