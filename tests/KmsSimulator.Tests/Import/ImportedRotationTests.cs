using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Import;

/// <summary>Rotation of imported material on demand, and multi-Region keys of it.</summary>
/// <remarks>Source: AWS KMS developer guide, "Rotating AWS KMS keys" and "Importing key material into multi-Region keys"; API reference, RotationsListEntry.</remarks>
public sealed class ImportedRotationTests
{
    private static readonly byte[] First = [.. Enumerable.Repeat((byte)1, 32)];
    private static readonly byte[] Second = [.. Enumerable.Repeat((byte)2, 32)];
    private static readonly byte[] Third = [.. Enumerable.Repeat((byte)3, 32)];

    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task A_second_material_waits_for_a_rotation_and_both_are_needed_from_then_on()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        var first = (await Importer.ImportAsync(simulator.Kms, key.KeyId, First)).KeyMaterialId;
        var blob = (await simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = key.KeyId, Plaintext = new MemoryStream([1]) }, Token)).CiphertextBlob;
        await KmsAssert.FailsAsync("KMSInvalidStateException", $"No available key material pending rotation for the key: {key.Arn}.", () => RotateAsync(simulator, key.KeyId));

        await KmsAssert.FailsAsync("IncorrectKeyMaterialException", "", () => Importer.ImportAsync(simulator.Kms, key.KeyId, Second));
        var second = (await Importer.ImportAsync(simulator.Kms, key.KeyId, Second, New)).KeyMaterialId;
        await KmsAssert.FailsAsync("KMSInvalidStateException", $"another key material (id: {second}) is pending rotation.", () =>
            Importer.ImportAsync(simulator.Kms, key.KeyId, Third, New));
        Assert.Equal(first, (await simulator.DescribeAsync(key.KeyId)).CurrentKeyMaterialId);
        Assert.Equal(["CURRENT IMPORTED", "PENDING_ROTATION IMPORTED"], await StatesAsync(simulator, key.KeyId));

        Assert.Equal(key.Arn, (await RotateAsync(simulator, key.KeyId)).KeyId);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(second, (await simulator.DescribeAsync(key.KeyId)).CurrentKeyMaterialId);
        Assert.Equal(["NON_CURRENT IMPORTED", "CURRENT IMPORTED"], await StatesAsync(simulator, key.KeyId));
        var opened = await simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = blob }, Token);
        Assert.Equal(first, opened.KeyMaterialId);

        await simulator.Kms.DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = key.KeyId, KeyMaterialId = first }, Token);
        Assert.Equal("PendingImport", (await simulator.DescribeAsync(key.KeyId)).KeyState.Value);
        Assert.Equal(["NON_CURRENT PENDING_IMPORT", "CURRENT IMPORTED"], await StatesAsync(simulator, key.KeyId));
        await Importer.ImportAsync(simulator.Kms, key.KeyId, First);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(key.KeyId)).KeyState.Value);
    }

    [Fact]
    public async Task A_key_without_material_is_refused_for_its_state_first()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        await KmsAssert.FailsAsync("KMSInvalidStateException", $"{key.Arn} is pending import.", () => RotateAsync(simulator, key.KeyId));
    }

    [Fact]
    public async Task Each_Region_needs_the_same_material_by_itself()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL", MultiRegion = true })).KeyId;
        await Importer.ImportAsync(simulator.Kms, id, First);
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        var abroad = simulator.KmsIn("eu-west-1");
        Assert.Equal("PendingImport", (await simulator.DescribeAsync(id, "eu-west-1")).KeyState.Value);
        await KmsAssert.FailsAsync("IncorrectKeyMaterialException", "", () => Importer.ImportAsync(abroad, id, Second));
        await KmsAssert.FailsAsync("UnsupportedOperationException", "not a multi-Region primary key", () => Importer.ImportAsync(abroad, id, Second, New));
        await Importer.ImportAsync(abroad, id, First);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(id, "eu-west-1")).KeyState.Value);
        var blob = (await simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = id, Plaintext = new MemoryStream([1]) }, Token)).CiphertextBlob;
        await abroad.DecryptAsync(new DecryptRequest { CiphertextBlob = blob }, Token);

        await Importer.ImportAsync(simulator.Kms, id, Second, New);
        Assert.Equal(["CURRENT IMPORTED", "PENDING_MULTI_REGION_IMPORT_AND_ROTATION IMPORTED"], await StatesAsync(simulator, id));
        await KmsAssert.FailsAsync("KMSInvalidStateException", "No available key material", () => RotateAsync(simulator, id));
        await Importer.ImportAsync(abroad, id, Second);
        await RotateAsync(simulator, id);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("Enabled", (await simulator.DescribeAsync(id, "eu-west-1")).KeyState.Value);

        await abroad.DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = id }, Token);
        Assert.Equal("PendingImport", (await simulator.DescribeAsync(id, "eu-west-1")).KeyState.Value);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(id)).KeyState.Value);
    }

    private static void New(ImportKeyMaterialRequest request) => request.ImportType = "NEW_KEY_MATERIAL";

    private static Task<RotateKeyOnDemandResponse> RotateAsync(TestSimulator simulator, string id) =>
        simulator.Kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = id }, Token);

    private static async Task<string[]> StatesAsync(TestSimulator simulator, string id) =>
    [
        .. (await simulator.Kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = id, IncludeKeyMaterial = "ALL_KEY_MATERIAL" }, Token)).Rotations
            .Select(rotation => $"{rotation.KeyMaterialState} {rotation.ImportState}"),
    ];
}
