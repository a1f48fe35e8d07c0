using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>GenerateDataKey, GenerateDataKeyPair, both with and without plaintext, and GenerateRandom.</summary>
internal static class DataKeyOperations
{
    private const int MaxBytes = 1024;

    private static readonly string[] PairSpecs =
    [
        "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "SM2", "ECC_NIST_EDWARDS25519",
    ];

    public static JsonObject GenerateDataKey(KmsCall call) => DataKey(call, withPlaintext: true);

    public static JsonObject GenerateDataKeyWithoutPlaintext(KmsCall call) => DataKey(call, withPlaintext: false);

    public static JsonObject GenerateDataKeyPair(KmsCall call) => Pair(call, withPlaintext: true);

    public static JsonObject GenerateDataKeyPairWithoutPlaintext(KmsCall call) => Pair(call, withPlaintext: false);

    public static JsonObject GenerateRandom(KmsCall call)
    {
        var length = call.Input.Integer("NumberOfBytes", 1, MaxBytes);
        var keyStore = call.Input.String("CustomKeyStoreId", 1, 64);
        KeyUse.ReadCommon(call);
        call.Input.Validate();
        if (length is null)
            throw Errors.Validation("NumberOfBytes is required.");
        if (keyStore is not null)
            throw new ServiceException("CustomKeyStoreNotFoundException", $"There is no custom key store {keyStore}.");
        return new JsonObject { ["Plaintext"] = Convert.ToBase64String(RandomNumberGenerator.GetBytes(length.Value)) };
    }

    private static JsonObject DataKey(KmsCall call, bool withPlaintext)
    {
        var spec = call.Input.Choice("KeySpec", ["AES_256", "AES_128"]);
        var length = call.Input.Integer("NumberOfBytes", 1, MaxBytes);
        var context = call.Input.Map("EncryptionContext");
        var dryRun = KeyUse.ReadCommon(call);
        call.Input.Validate();
        if (spec is null == length is null)
            throw Errors.Validation("Please specify either number of bytes or key spec.");
        var key = SymmetricKey(call);
        var plaintext = RandomNumberGenerator.GetBytes(length ?? (spec == "AES_128" ? 16 : 32));
        var material = key.Shared.Materials[^1];
        var answer = new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(Ciphertext.Seal(key.KeyId, material, plaintext, context)),
            ["KeyId"] = key.Arn,
            ["KeyMaterialId"] = material.Id,
        };
        if (withPlaintext)
            answer["Plaintext"] = Convert.ToBase64String(plaintext);
        KeyUse.Done(call, dryRun, key);
        return answer;
    }

    private static JsonObject Pair(KmsCall call, bool withPlaintext)
    {
        var spec = call.Input.Choice("KeyPairSpec", PairSpecs);
        if (spec is null)
            call.Input.Missing("KeyPairSpec");
        var context = call.Input.Map("EncryptionContext");
        var dryRun = KeyUse.ReadCommon(call);
        var key = SymmetricKey(call);
        var secret = KeySecrets.New(spec!).Bytes;
        var material = key.Shared.Materials[^1];
        var answer = new JsonObject
        {
            ["PrivateKeyCiphertextBlob"] = Convert.ToBase64String(Ciphertext.Seal(key.KeyId, material, secret, context)),
            ["PublicKey"] = Convert.ToBase64String(AsymmetricKeys.PublicKey(spec!, secret)),
            ["KeyId"] = key.Arn,
            ["KeyPairSpec"] = spec,
            ["KeyMaterialId"] = material.Id,
        };
        if (withPlaintext)
            answer["PrivateKeyPlaintext"] = Convert.ToBase64String(secret);
        KeyUse.Done(call, dryRun, key);
        return answer;
    }

    private static KeyEntry SymmetricKey(KmsCall call)
    {
        var key = KeyUse.Find(call, KeySpecs.EncryptDecrypt);
        return key.Group.IsSymmetricEncryption ? key : throw new ServiceException(
            "InvalidKeyUsageException", $"{key.Arn} key spec is {key.Group.KeySpec} which is not valid for {call.Operation.Name}.");
    }
}
