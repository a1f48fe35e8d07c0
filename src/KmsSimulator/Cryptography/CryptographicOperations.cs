using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>Encrypt, Decrypt, GenerateDataKey with symmetric keys, and GetKeyLastUsage, which remembers them.</summary>
internal static class CryptographicOperations
{
    public static JsonObject Encrypt(KmsCall call)
    {
        var plaintext = call.Input.Blob("Plaintext", 1, 4096, required: true);
        var (context, dryRun) = Common(call);
        var key = Usable(call);
        var blob = Ciphertext.Seal(key.KeyId, key.Shared.Materials[^1], plaintext, context);
        Use(call, key, dryRun);
        return new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(blob),
            ["KeyId"] = key.Arn,
            ["EncryptionAlgorithm"] = KeySpecs.Symmetric,
        };
    }

    public static JsonObject GenerateDataKey(KmsCall call)
    {
        var spec = call.Input.Choice("KeySpec", ["AES_256", "AES_128"]);
        var length = call.Input.Integer("NumberOfBytes", 1, 1024);
        var (context, dryRun) = Common(call);
        call.Input.Validate();
        if (spec is null == length is null)
            throw Errors.Validation("Please specify either number of bytes or key spec.");
        var key = Usable(call);
        var plaintext = RandomNumberGenerator.GetBytes(length ?? (spec == "AES_128" ? 16 : 32));
        var material = key.Shared.Materials[^1];
        var blob = Ciphertext.Seal(key.KeyId, material, plaintext, context);
        Use(call, key, dryRun);
        return new JsonObject
        {
            ["CiphertextBlob"] = Convert.ToBase64String(blob),
            ["Plaintext"] = Convert.ToBase64String(plaintext),
            ["KeyId"] = key.Arn,
            ["KeyMaterialId"] = material.Id,
        };
    }

    public static JsonObject Decrypt(KmsCall call)
    {
        var blob = call.Input.Blob("CiphertextBlob", 1, 6144, required: true)!;
        var given = call.Input.String("KeyId", 1, 2048);
        var (context, dryRun) = Common(call);
        call.Input.Validate();
        var keyId = Ciphertext.KeyId(blob) ?? throw Errors.InvalidCiphertext();
        var key = KeyLookup.FindNamed(call, given ?? keyId);
        if (key.KeyId != keyId)
        {
            throw new ServiceException(
                "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");
        }
        RequireUsable(call, key);
        var plaintext = Ciphertext.Open(blob, key.Shared.Materials, context, out var materialId)
            ?? throw Errors.InvalidCiphertext();
        Use(call, key, dryRun);
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["Plaintext"] = Convert.ToBase64String(plaintext),
            ["EncryptionAlgorithm"] = KeySpecs.Symmetric,
            ["KeyMaterialId"] = materialId,
        };
    }

    public static JsonObject GetKeyLastUsage(KmsCall call)
    {
        var (key, record) = call.KeyToRead();
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["KeyCreationDate"] = KeyMetadata.Time(record.CreationDate),
            ["TrackingStartDate"] = KeyMetadata.Time(KeyUsage.TrackingStart(record, call.Simulation.UsageTrackingSince)),

            // An empty object says that there was no use since then.
            ["KeyLastUsage"] = key.LastUsage is not { } usage ? [] : new JsonObject
            {
                ["Operation"] = usage.Operation,
                ["Timestamp"] = KeyMetadata.Time(usage.Timestamp),
                ["CloudTrailEventId"] = usage.EventId,
                ["KmsRequestId"] = usage.RequestId,
            },
        };
    }

    private static KeyEntry Usable(KmsCall call)
    {
        var key = KeyLookup.Find(call, "KeyId");
        RequireUsable(call, key);
        return key;
    }

    private static void RequireUsable(KmsCall call, KeyEntry key)
    {
        KmsCall.Require(key, key.Current, call.Operation.WorksIn);
        if (key.Group.KeyUsage != KeySpecs.EncryptDecrypt)
        {
            throw new ServiceException(
                "InvalidKeyUsageException", $"{key.Arn} key usage is {key.Group.KeyUsage} which is not valid for {call.Operation.Name}.");
        }

        if (!key.Group.IsSymmetricEncryption)
            throw Errors.Unsupported("KmsSimulator encrypts with symmetric keys only.");
    }

    /// <summary>What every one of them takes.</summary>
    private static (SortedDictionary<string, string>? Context, bool DryRun) Common(KmsCall call)
    {
        call.Input.GrantTokens();
        return (call.Input.Map("EncryptionContext"), call.Input.Boolean("DryRun") ?? false);
    }

    private static void Use(KmsCall call, KeyEntry key, bool dryRun)
    {
        if (dryRun)
            throw Errors.DryRun();
        if (call.Simulation.UsageTrackingSince > call.Now)
            return;
        key.LastUsage = new KeyUsage(call.Operation.Name, call.Now, call.RequestId, call.Owner.Ids.Uuid());
    }
}
