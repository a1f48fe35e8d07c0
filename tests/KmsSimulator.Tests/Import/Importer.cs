using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Import;

/// <summary>Wraps and imports key material as a client of KMS does.</summary>
internal static class Importer
{
    public static async Task<ImportKeyMaterialResponse> ImportAsync(
        IAmazonKeyManagementService kms,
        string keyId,
        byte[] material,
        Action<ImportKeyMaterialRequest>? change = null,
        string algorithm = "RSAES_OAEP_SHA_256",
        string wrappingKey = "RSA_2048")
    {
        var parameters = await kms.GetParametersForImportAsync(
            new GetParametersForImportRequest { KeyId = keyId, WrappingAlgorithm = algorithm, WrappingKeySpec = wrappingKey }, TestSimulator.Token);
        var request = new ImportKeyMaterialRequest
        {
            KeyId = keyId,
            ImportToken = parameters.ImportToken,
            EncryptedKeyMaterial = new MemoryStream(Wrap(parameters.PublicKey.ToArray(), material, algorithm)),
            ExpirationModel = "KEY_MATERIAL_DOES_NOT_EXPIRE",
        };
        change?.Invoke(request);
        return await kms.ImportKeyMaterialAsync(request, TestSimulator.Token);
    }

    public static byte[] Wrap(byte[] publicKey, byte[] material, string algorithm)
    {
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(publicKey, out _);
        var padding = algorithm.EndsWith("SHA_1", StringComparison.Ordinal) ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;
        if (!algorithm.StartsWith("RSA_AES", StringComparison.Ordinal))
            return rsa.Encrypt(material, padding);
        using var aes = Aes.Create();
        return [.. rsa.Encrypt(aes.Key, padding), .. aes.EncryptKeyWrapPadded(material)];
    }
}
