using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>Encrypt, Decrypt, ReEncrypt, with symmetric keys and with RSA.</summary>
/// <remarks>Source: AWS KMS API reference; of the texts, localstack's tests that were validated at AWS.</remarks>
internal static class EncryptionOperations
{
    private const int MaxPlaintext = 4096;
    private const int MaxCiphertext = 6144;
    private static readonly string[] Algorithms = [KeySpecs.Symmetric, "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE"];

    public static JsonObject Encrypt(KmsCall call)
    {
        var plaintext = call.Input.Blob("Plaintext", 1, MaxPlaintext, required: true)!;
        var algorithm = Algorithm(call.Input, "EncryptionAlgorithm");
        var context = call.Input.Map("EncryptionContext");
        var dryRun = KeyUse.ReadCommon(call);
        var key = KeyUse.Find(call, KeySpecs.EncryptDecrypt);
        var (blob, _) = Seal(key, plaintext, algorithm, context);
        KeyUse.Done(call, dryRun, key);
        return new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(blob),
            ["KeyId"] = key.Arn,
            ["EncryptionAlgorithm"] = algorithm,
        };
    }

    public static JsonObject Decrypt(KmsCall call)
    {
        var blob = call.Input.Blob("CiphertextBlob", 1, MaxCiphertext, required: true)!;
        var given = call.Input.String("KeyId", 1, 2048);
        var algorithm = Algorithm(call.Input, "EncryptionAlgorithm");
        var context = call.Input.Map("EncryptionContext");
        var dryRun = KeyUse.ReadCommon(call);
        call.Input.Validate();
        var (key, plaintext, material) = Open(call, blob, given, algorithm, context, "Decrypt");
        KeyUse.Done(call, dryRun, key);
        var answer = new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["Plaintext"] = Convert.ToBase64String(plaintext),
            ["EncryptionAlgorithm"] = algorithm,
        };
        if (material is not null)
            answer["KeyMaterialId"] = material;
        return answer;
    }

    public static JsonObject ReEncrypt(KmsCall call)
    {
        var input = call.Input;
        var blob = input.Blob("CiphertextBlob", 1, MaxCiphertext, required: true)!;
        var given = input.String("SourceKeyId", 1, 2048);
        var destinationId = input.String("DestinationKeyId", 1, 2048, required: true)!;
        var (from, to) = (Algorithm(input, "SourceEncryptionAlgorithm"), Algorithm(input, "DestinationEncryptionAlgorithm"));
        var (fromContext, toContext) = (input.Map("SourceEncryptionContext"), input.Map("DestinationEncryptionContext"));
        var dryRun = KeyUse.ReadCommon(call);
        input.Validate();
        var (source, plaintext, oldMaterial) = Open(call, blob, given, from, fromContext, "ReEncryptFrom");
        var destination = KeyLookup.FindNamed(call, destinationId, "ReEncryptTo");
        KeyUse.Require(call, destination, KeySpecs.EncryptDecrypt, "ReEncryptTo");
        var (sealedAgain, newMaterial) = Seal(destination, plaintext, to, toContext);
        KeyUse.Done(call, dryRun, source, destination);
        var answer = new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(sealedAgain),
            ["SourceKeyId"] = source.Arn,
            ["KeyId"] = destination.Arn,
            ["SourceEncryptionAlgorithm"] = from,
            ["DestinationEncryptionAlgorithm"] = to,
        };
        if (oldMaterial is not null)
            answer["SourceKeyMaterialId"] = oldMaterial;
        if (newMaterial is not null)
            answer["DestinationKeyMaterialId"] = newMaterial;
        return answer;
    }

    private static string Algorithm(KmsInput input, string parameter) => input.Choice(parameter, Algorithms) ?? KeySpecs.Symmetric;

    private static (byte[] Blob, string? MaterialId) Seal(
        KeyEntry key, byte[] plaintext, string algorithm, SortedDictionary<string, string>? context)
    {
        KeyUse.RequireAlgorithm(key, algorithm);
        if (key.Group.IsSymmetricEncryption)
            return (Ciphertext.Seal(key.KeyId, key.Shared.Materials[^1], plaintext, context), key.Shared.Materials[^1].Id);
        RefuseContext(context);
        var bits = KeySecrets.RsaBits(key.Group.KeySpec) ?? throw KeySecrets.NotSupported(key.Group.KeySpec);
        var padding = Padding(algorithm);
        var longest = (bits / 8) - (2 * (padding == RSAEncryptionPadding.OaepSHA1 ? 20 : 32)) - 2;
        if (plaintext.Length > longest)
            throw Errors.Validation($"Algorithm {algorithm} and key spec {key.Group.KeySpec} cannot encrypt data larger than {longest} bytes.");
        using var rsa = AsymmetricKeys.OpenRsa(key);
        return (rsa.Encrypt(plaintext, padding), null);
    }

    private static (KeyEntry Key, byte[] Plaintext, string? MaterialId) Open(
        KmsCall call, byte[] blob, string? keyId, string algorithm, SortedDictionary<string, string>? context, string operation)
    {
        if (algorithm != KeySpecs.Symmetric)
        {
            // What an asymmetric key encrypted does not tell which key that was.
            var asymmetric = KeyLookup.FindNamed(call, keyId ?? throw Errors.Validation("The key must be named for an asymmetric algorithm."), operation);
            KeyUse.Require(call, asymmetric, KeySpecs.EncryptDecrypt, operation);
            KeyUse.RequireAlgorithm(asymmetric, algorithm);
            RefuseContext(context);
            return (asymmetric, OpenRsa(asymmetric, blob, algorithm), null);
        }

        var named = keyId is null ? null : KeyLookup.FindNamed(call, keyId, operation);
        var ownId = Ciphertext.KeyId(blob) ?? throw Errors.InvalidCiphertext();
        if (named is not null && named.KeyId != ownId)
        {
            throw KeyLookup.IsKeyId(ownId)
                ? new ServiceException(
                    "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
                : Errors.InvalidCiphertext();
        }

        if (!KeyLookup.IsKeyId(ownId))
            throw Errors.InvalidCiphertext();
        var key = named ?? KeyLookup.FindNamed(call, ownId, operation);
        KeyUse.Require(call, key, KeySpecs.EncryptDecrypt, operation);
        KeyUse.RequireAlgorithm(key, algorithm);
        var plaintext = Ciphertext.Open(blob, key.Shared.Materials, context, out var material) ?? throw Errors.InvalidCiphertext();
        return (key, plaintext, material);
    }

    private static byte[] OpenRsa(KeyEntry key, byte[] blob, string algorithm)
    {
        if (KeySecrets.RsaBits(key.Group.KeySpec) is null)
            throw KeySecrets.NotSupported(key.Group.KeySpec);
        using var rsa = AsymmetricKeys.OpenRsa(key);
        try
        {
            return rsa.Decrypt(blob, Padding(algorithm));
        }
        catch (CryptographicException)
        {
            throw Errors.InvalidCiphertext();
        }
    }

    private static void RefuseContext(SortedDictionary<string, string>? context)
    {
        if (context is { Count: > 0 })
            throw Errors.Validation("An asymmetric algorithm takes no encryption context.");
    }

    private static RSAEncryptionPadding Padding(string algorithm) =>
        algorithm == "RSAES_OAEP_SHA_1" ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;
}
