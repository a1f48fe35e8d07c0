using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsSimulator.Model;
using KmsSimulator.Protocol;

namespace KmsSimulator.Operations;

/// <summary>Encrypt, Decrypt, GenerateDataKey for symmetric keys, and GetKeyLastUsage.</summary>
internal static class UsageOperations
{
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    public static JsonNode Encrypt(KmsCall call)
    {
        var key = Usable(call, "Encrypt");
        return new JsonObject { ["CiphertextBlob"] = Convert.ToBase64String(Seal(call, key, Blob(call, "Plaintext", 4096))), ["KeyId"] = key.Arn, ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT" };
    }

    public static JsonNode GenerateDataKey(KmsCall call)
    {
        var key = Usable(call, "GenerateDataKey");
        var plain = call.World.Bytes(call.Integer("NumberOfBytes", 1, 1024) ?? (call.String("KeySpec") == "AES_128" ? 16 : 32));
        return new JsonObject { ["CiphertextBlob"] = Convert.ToBase64String(Seal(call, key, plain)), ["Plaintext"] = Convert.ToBase64String(plain), ["KeyId"] = key.Arn };
    }

    public static JsonNode Decrypt(KmsCall call)
    {
        var blob = Blob(call, "CiphertextBlob", 6144);
        if (blob.Length < 36 + NonceBytes + TagBytes)
        {
            throw new KmsException("InvalidCiphertextException", "The ciphertext is not valid.");
        }

        var keyId = System.Text.Encoding.ASCII.GetString(blob, 0, 36);
        var key = call.Region.True(keyId) ?? throw KmsException.KeyNotFound(Arns.Key(call.Caller.AccountId, call.RegionName, keyId));
        call.Subject = key.Arn;
        key.RequireState(call.Now, KeyState.Enabled, KeyState.Updating);
        var plain = new byte[blob.Length - 36 - NonceBytes - TagBytes];
        using var aes = new AesGcm(key.Material, TagBytes);
        try
        {
            aes.Decrypt(blob.AsSpan(36, NonceBytes), blob.AsSpan(36 + NonceBytes, plain.Length), blob.AsSpan(blob.Length - TagBytes), plain);
        }
        catch (CryptographicException)
        {
            throw new KmsException("InvalidCiphertextException", "The ciphertext is not valid.");
        }

        call.Region.Put(key with { LastUsage = new LastUsage("Decrypt", call.Now, call.RequestId) });
        return new JsonObject { ["Plaintext"] = Convert.ToBase64String(plain), ["KeyId"] = key.Arn, ["EncryptionAlgorithm"] = "SYMMETRIC_DEFAULT" };
    }

    public static JsonNode GetKeyLastUsage(KmsCall call)
    {
        var key = call.Key();
        var answer = new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["KeyCreationDate"] = KeyMetadataJson.Time(key.CreationDate),
            ["TrackingStartDate"] = KeyMetadataJson.Time(key.CreationDate),
        };
        if (key.LastUsage is { } usage)
        {
            answer["KeyLastUsage"] = new JsonObject
            {
                ["Operation"] = usage.Operation,
                ["Timestamp"] = KeyMetadataJson.Time(usage.Timestamp),
                ["KmsRequestId"] = usage.RequestId,
            };
        }

        return answer;
    }

    private static KeyRecord Usable(KmsCall call, string operation)
    {
        var key = call.KeyOrAlias();
        key.RequireState(call.Now, KeyState.Enabled, KeyState.Updating);
        if (key.KeySpec != "SYMMETRIC_DEFAULT")
        {
            throw KmsException.Unsupported("The simulator encrypts with symmetric keys only.");
        }

        var used = key with { LastUsage = new LastUsage(operation, call.Now, call.RequestId) };
        call.Region.Put(used);
        return used;
    }

    private static byte[] Blob(KmsCall call, string name, int max)
    {
        try
        {
            var bytes = Convert.FromBase64String(call.Required(name, 1, max * 2));
            return bytes.Length <= max ? bytes : throw KmsException.Validation($"{name} has more than {max} bytes");
        }
        catch (FormatException)
        {
            throw new KmsException("SerializationException", $"{name} is not base64");
        }
    }

    /// <summary>Key id, nonce, ciphertext, tag. Replicas share id and material, so each decrypts what another encrypted.</summary>
    private static byte[] Seal(KmsCall call, KeyRecord key, byte[] plain)
    {
        var nonce = call.World.Bytes(NonceBytes);
        var cipher = new byte[plain.Length];
        var tag = new byte[TagBytes];
        using var aes = new AesGcm(key.Material, TagBytes);
        aes.Encrypt(nonce, plain, cipher, tag);
        return [.. System.Text.Encoding.ASCII.GetBytes(key.KeyId), .. nonce, .. cipher, .. tag];
    }
}
