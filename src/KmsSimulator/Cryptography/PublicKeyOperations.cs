using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>GetPublicKey, DeriveSharedSecret.</summary>
internal static class PublicKeyOperations
{
    private const int MaxPublicKey = 8192;

    public static JsonObject GetPublicKey(KmsCall call)
    {
        call.Input.GrantTokens();
        var (key, _) = call.KeyToRead();
        var group = key.Group;
        if (group.IsSymmetricEncryption || group.KeyUsage == KeySpecs.GenerateVerifyMac)
            throw Errors.WrongSpec(key);
        if (KeySecrets.RsaBits(group.KeySpec) is null && KeySecrets.Curve(group.KeySpec) is null)
            throw KeySecrets.NotSupported(group.KeySpec);

        // Of imported material the public key is known as soon as there was any.
        if (key.Shared.Materials.IsEmpty)
            throw Errors.WrongState(key.Arn, KeyState.PendingImport);
        var (field, algorithms) = KeySpecs.Algorithms(group.KeySpec, group.KeyUsage);
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["PublicKey"] = Convert.ToBase64String(AsymmetricKeys.PublicKey(group.KeySpec, key.Shared.Materials[^1].Secret.Bytes)),
            ["CustomerMasterKeySpec"] = group.KeySpec,
            ["KeySpec"] = group.KeySpec,
            ["KeyUsage"] = group.KeyUsage,
            [field] = new JsonArray([.. algorithms.Select(name => (JsonNode)name)]),
        };
    }

    public static JsonObject DeriveSharedSecret(KmsCall call)
    {
        var algorithm = call.Input.Choice("KeyAgreementAlgorithm", ["ECDH"]);
        if (algorithm is null)
            call.Input.Missing("KeyAgreementAlgorithm");
        var publicKey = call.Input.Blob("PublicKey", 1, MaxPublicKey, required: true)!;
        var dryRun = KeyUse.ReadCommon(call);
        var key = KeyUse.Find(call, KeySpecs.KeyAgreement);
        if (KeySecrets.Curve(key.Group.KeySpec) is null)
            throw KeySecrets.NotSupported(key.Group.KeySpec);
        var secret = Agree(key, publicKey);
        KeyUse.Done(call, dryRun, key);
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["SharedSecret"] = Convert.ToBase64String(secret),
            ["KeyAgreementAlgorithm"] = algorithm,
            ["KeyOrigin"] = key.Group.Origin,
        };
    }

    private static byte[] Agree(KeyEntry key, byte[] publicKey)
    {
        using var own = AsymmetricKeys.OpenEcdh(key);
        using var other = ECDiffieHellman.Create();
        try
        {
            other.ImportSubjectPublicKeyInfo(publicKey, out _);
            using var peer = other.PublicKey;
            return own.DeriveRawSecretAgreement(peer);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // AWS says no more either.
            throw Errors.Validation("");
        }
    }
}
