using System.Security.Cryptography;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Import;

/// <summary>Keys of imported material.</summary>
/// <remarks>
/// Source: AWS KMS developer guide, "Importing key material" and "Key states of AWS KMS keys"; of codes and texts, answers recorded at AWS by
/// localstack's tests/aws/services/kms/test_kms.py, test_import_….
/// </remarks>
public sealed class ImportTests
{
    private static readonly byte[] Material = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task A_key_works_while_its_material_is_imported()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        Assert.Equal(("PendingImport", false, null), (key.KeyState.Value, key.Enabled, key.CurrentKeyMaterialId));
        await KmsAssert.FailsAsync("KMSInvalidStateException", $"{key.Arn} is pending import.", EncryptAsync);

        var imported = await Importer.ImportAsync(simulator.Kms, key.KeyId, Material);
        Assert.Equal(key.Arn, imported.KeyId);
        var enabled = await simulator.DescribeAsync(key.KeyId);
        Assert.Equal(("Enabled", "KEY_MATERIAL_DOES_NOT_EXPIRE", imported.KeyMaterialId), (enabled.KeyState.Value, enabled.ExpirationModel.Value, enabled.CurrentKeyMaterialId));
        var blob = (await EncryptAsync()).CiphertextBlob.ToArray();

        await simulator.Kms.DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = key.KeyId }, Token);
        var empty = await simulator.DescribeAsync(key.KeyId);
        Assert.Equal(("PendingImport", null), (empty.KeyState.Value, empty.ExpirationModel));
        await KmsAssert.FailsAsync("KMSInvalidStateException", "is pending import.", EncryptAsync);

        Assert.Equal(imported.KeyMaterialId, (await Importer.ImportAsync(simulator.Kms, key.KeyId, Material)).KeyMaterialId);
        Assert.Equal([1], (await simulator.Kms.DecryptAsync(new DecryptRequest { CiphertextBlob = new MemoryStream(blob) }, Token)).Plaintext.ToArray());

        Task<EncryptResponse> EncryptAsync() => simulator.Kms.EncryptAsync(new EncryptRequest { KeyId = key.KeyId, Plaintext = new MemoryStream([1]) }, Token);
    }

    [Theory]
    [InlineData("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "RSAES_OAEP_SHA_1", "RSA_4096")]
    [InlineData("HMAC_224", "GENERATE_VERIFY_MAC", "RSAES_OAEP_SHA_256", "RSA_2048")]
    [InlineData("HMAC_512", "GENERATE_VERIFY_MAC", "RSAES_OAEP_SHA_256", "RSA_2048")]
    [InlineData("ECC_NIST_P256", "SIGN_VERIFY", "RSAES_OAEP_SHA_1", "RSA_2048")]
    [InlineData("ECC_NIST_P384", "KEY_AGREEMENT", "RSA_AES_KEY_WRAP_SHA_1", "RSA_2048")]
    [InlineData("ECC_NIST_P521", "SIGN_VERIFY", "RSAES_OAEP_SHA_256", "RSA_3072")]
    [InlineData("ECC_SECG_P256K1", "SIGN_VERIFY", "RSAES_OAEP_SHA_1", "RSA_2048")]
    [InlineData("RSA_2048", "ENCRYPT_DECRYPT", "RSA_AES_KEY_WRAP_SHA_256", "RSA_2048")]
    public async Task Every_kind_of_key_can_be_imported_and_has_the_importers_public_key(string spec, string usage, string algorithm, string wrappingKey)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL", KeySpec = spec, KeyUsage = usage });
        var (material, publicKey) = New(spec);
        await Importer.ImportAsync(simulator.Kms, key.KeyId, material, null, algorithm, wrappingKey);
        Assert.Equal("Enabled", (await simulator.DescribeAsync(key.KeyId)).KeyState.Value);
        if (publicKey is not null)
            Assert.Equal(publicKey, (await simulator.Kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = key.KeyId }, Token)).PublicKey.ToArray());
        var (other, _) = New(spec);
        await KmsAssert.FailsAsync("IncorrectKeyMaterialException", "", () => Importer.ImportAsync(simulator.Kms, key.KeyId, other, null, algorithm, wrappingKey));
        await KmsAssert.FailsAsync("IncorrectKeyMaterialException", "", () => Importer.ImportAsync(simulator.Kms, key.KeyId, [1, 2, 3], null, algorithm, wrappingKey));
    }

    [Fact]
    public async Task Material_that_expires_leaves_the_key_waiting_for_it()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        var validTo = simulator.Time.GetUtcNow().AddDays(10).UtcDateTime;
        await Importer.ImportAsync(simulator.Kms, key.KeyId, Material, request => (request.ExpirationModel, request.ValidTo) = ("KEY_MATERIAL_EXPIRES", validTo));
        var described = await simulator.DescribeAsync(key.KeyId);
        Assert.Equal(("KEY_MATERIAL_EXPIRES", validTo), (described.ExpirationModel.Value, described.ValidTo));
        await simulator.AdvanceAsync(TimeSpan.FromDays(9));
        Assert.Equal("Enabled", (await simulator.DescribeAsync(key.KeyId)).KeyState.Value);

        // Imported again, it stays as long as the new import says.
        await Importer.ImportAsync(simulator.Kms, key.KeyId, Material, request => (request.ExpirationModel, request.ValidTo) = ("KEY_MATERIAL_EXPIRES", validTo.AddDays(10)));
        await simulator.AdvanceAsync(TimeSpan.FromDays(2));
        Assert.Equal("Enabled", (await simulator.DescribeAsync(key.KeyId)).KeyState.Value);
        await simulator.AdvanceAsync(TimeSpan.FromDays(10));
        Assert.Equal("PendingImport", (await simulator.DescribeAsync(key.KeyId)).KeyState.Value);
    }

    // what is wrong, the error, its text
    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "no date", "ValidationException", "A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES" },
        { "a date too many", "ValidationException", "must not be set" },
        { "a date in the past", "ValidationException", "in the future" },
        { "a date too far", "ValidationException", "within 365 days" },
        { "the token", "InvalidImportTokenException", "" },
        { "the wrapping", "InvalidCiphertextException", "" },
        { "another material id", "IncorrectKeyMaterialException", "KeyMaterialId" },
        { "existing", "IncorrectKeyMaterialException", "none that was imported" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Imports_that_make_no_sense_are_refused(string mistake, string code, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        var now = simulator.Time.GetUtcNow().UtcDateTime;
        await KmsAssert.FailsAsync(code, message, () => Importer.ImportAsync(simulator.Kms, key.KeyId, Material, request =>
        {
            switch (mistake)
            {
                case "no date": request.ExpirationModel = null; break;
                case "a date too many": request.ValidTo = now.AddDays(1); break;
                case "a date in the past": (request.ExpirationModel, request.ValidTo) = (null, now.AddDays(-1)); break;
                case "a date too far": (request.ExpirationModel, request.ValidTo) = (null, now.AddDays(366)); break;
                case "the token": request.ImportToken = new MemoryStream(new byte[100]); break;
                case "the wrapping": request.EncryptedKeyMaterial = new MemoryStream(new byte[256]); break;
                case "another material id": request.KeyMaterialId = new string('a', 64); break;
                case "existing": request.ImportType = "EXISTING_KEY_MATERIAL"; break;
            }
        }));
        Assert.Equal("PendingImport", (await simulator.DescribeAsync(key.KeyId)).KeyState.Value);
    }

    [Fact]
    public async Task A_token_is_for_one_key_and_one_day()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        var other = await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" });
        var parameters = await simulator.Kms.GetParametersForImportAsync(
            new GetParametersForImportRequest { KeyId = key.KeyId, WrappingAlgorithm = "RSAES_OAEP_SHA_256", WrappingKeySpec = "RSA_2048" }, Token);
        Assert.Equal(simulator.Time.GetUtcNow().AddHours(24).UtcDateTime, parameters.ParametersValidTo);
        await KmsAssert.FailsAsync("InvalidImportTokenException", "", () => ImportAsync(other.KeyId));
        await simulator.AdvanceAsync(TimeSpan.FromHours(24));
        await KmsAssert.FailsAsync("ExpiredImportTokenException", "", () => ImportAsync(key.KeyId));

        Task<ImportKeyMaterialResponse> ImportAsync(string id) => simulator.Kms.ImportKeyMaterialAsync(
            new ImportKeyMaterialRequest
            {
                KeyId = id,
                ImportToken = new MemoryStream(parameters.ImportToken.ToArray()),
                EncryptedKeyMaterial = new MemoryStream(Importer.Wrap(parameters.PublicKey.ToArray(), Material, "RSAES_OAEP_SHA_256")),
                ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE",
            },
            Token);
    }

    [Fact]
    public async Task Keys_of_KMSs_own_material_import_nothing()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        var message = $"{key.Arn} origin is AWS_KMS which is not valid for this operation.";
        await KmsAssert.FailsAsync("UnsupportedOperationException", message, () => Importer.ImportAsync(simulator.Kms, key.KeyId, Material));
        await KmsAssert.FailsAsync("UnsupportedOperationException", message, () =>
            simulator.Kms.DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = key.KeyId }, Token));
    }

    [Fact]
    public async Task Material_can_go_while_the_key_waits_for_its_end_and_is_missed_when_it_comes_back()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { Origin = "EXTERNAL" })).KeyId;
        await Importer.ImportAsync(simulator.Kms, id, Material);
        await simulator.Kms.ScheduleKeyDeletionAsync(id, 7, Token);
        await simulator.Kms.DeleteImportedKeyMaterialAsync(new DeleteImportedKeyMaterialRequest { KeyId = id }, Token);
        Assert.Equal("PendingDeletion", (await simulator.DescribeAsync(id)).KeyState.Value);
        await simulator.Kms.CancelKeyDeletionAsync(id, Token);
        Assert.Equal("PendingImport", (await simulator.DescribeAsync(id)).KeyState.Value);
    }

    private static (byte[] Material, byte[]? PublicKey) New(string spec)
    {
        if (spec == "SYMMETRIC_DEFAULT")
            return (RandomNumberGenerator.GetBytes(32), null);
        if (spec.StartsWith("HMAC", StringComparison.Ordinal))
            return (RandomNumberGenerator.GetBytes(int.Parse(spec[^3..], System.Globalization.CultureInfo.InvariantCulture) / 8), null);
        if (spec.StartsWith("RSA", StringComparison.Ordinal))
        {
            using var rsa = RSA.Create(2048);
            return (rsa.ExportPkcs8PrivateKey(), rsa.ExportSubjectPublicKeyInfo());
        }

        using var key = ECDsa.Create(spec switch
        {
            "ECC_NIST_P256" => ECCurve.NamedCurves.nistP256,
            "ECC_NIST_P384" => ECCurve.NamedCurves.nistP384,
            "ECC_NIST_P521" => ECCurve.NamedCurves.nistP521,
            _ => ECCurve.CreateFromFriendlyName("secp256k1"),
        });
        return (key.ExportPkcs8PrivateKey(), key.ExportSubjectPublicKeyInfo());
    }
}
