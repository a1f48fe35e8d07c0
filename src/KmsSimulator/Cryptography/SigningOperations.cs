using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>Sign, Verify.</summary>
/// <remarks>Source: AWS KMS API reference; of the texts, localstack's tests that were validated at AWS.</remarks>
internal static class SigningOperations
{
    private const int MaxMessage = 4096;
    private const int MaxSignature = 6144;

    private static readonly string[] Algorithms =
    [
        "RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512", "RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384",
        "RSASSA_PKCS1_V1_5_SHA_512", "ECDSA_SHA_256", "ECDSA_SHA_384", "ECDSA_SHA_512", "SM2DSA", "ML_DSA_SHAKE_256", "ED25519_SHA_512",
        "ED25519_PH_SHA_512",
    ];

    public static JsonObject Sign(KmsCall call)
    {
        var request = Read(call);
        var key = KeyUse.Find(call, KeySpecs.SignVerify);
        var digest = request.Digest(key);
        byte[] signature;
        if (KeySecrets.RsaBits(key.Group.KeySpec) is not null)
        {
            using var rsa = AsymmetricKeys.OpenRsa(key);
            signature = rsa.SignHash(digest, request.Hash, request.Padding);
        }
        else
        {
            using var ecdsa = AsymmetricKeys.OpenEcdsa(key);
            signature = ecdsa.SignHash(digest, DSASignatureFormat.Rfc3279DerSequence);
        }

        KeyUse.Done(call, request.DryRun, key);
        return new JsonObject { ["KeyId"] = key.Arn, ["Signature"] = Convert.ToBase64String(signature), ["SigningAlgorithm"] = request.Algorithm };
    }

    public static JsonObject Verify(KmsCall call)
    {
        var signature = call.Input.Blob("Signature", 1, MaxSignature, required: true)!;
        var request = Read(call);
        var key = KeyUse.Find(call, KeySpecs.SignVerify);
        var digest = request.Digest(key);
        bool isValid;
        if (KeySecrets.RsaBits(key.Group.KeySpec) is not null)
        {
            using var rsa = AsymmetricKeys.OpenRsa(key);
            isValid = rsa.VerifyHash(digest, signature, request.Hash, request.Padding);
        }
        else
        {
            using var ecdsa = AsymmetricKeys.OpenEcdsa(key);
            isValid = ecdsa.VerifyHash(digest, signature, DSASignatureFormat.Rfc3279DerSequence);
        }

        if (!isValid)
            throw new ServiceException("KMSInvalidSignatureException", "");
        KeyUse.Done(call, request.DryRun, key);
        return new JsonObject { ["KeyId"] = key.Arn, ["SignatureValid"] = true, ["SigningAlgorithm"] = request.Algorithm };
    }

    private static Request Read(KmsCall call)
    {
        var message = call.Input.Blob("Message", 1, MaxMessage, required: true);
        var type = call.Input.Choice("MessageType", ["RAW", "DIGEST", "EXTERNAL_MU"]) ?? "RAW";
        var algorithm = call.Input.Choice("SigningAlgorithm", Algorithms);
        if (algorithm is null)
            call.Input.Missing("SigningAlgorithm");
        var dryRun = KeyUse.ReadCommon(call);
        call.Input.Validate();
        return new Request(message!, type, algorithm!, dryRun);
    }

    private sealed record Request(byte[] Message, string Type, string Algorithm, bool DryRun)
    {
        public HashAlgorithmName Hash { get; } =
            Algorithm.EndsWith("384", StringComparison.Ordinal) ? HashAlgorithmName.SHA384
            : Algorithm.EndsWith("512", StringComparison.Ordinal) ? HashAlgorithmName.SHA512
            : HashAlgorithmName.SHA256;

        public RSASignaturePadding Padding =>
            Algorithm.StartsWith("RSASSA_PSS", StringComparison.Ordinal) ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

        /// <summary>What is signed, once it is clear that the key can.</summary>
        public byte[] Digest(KeyEntry key)
        {
            KeyUse.RequireAlgorithm(key, Algorithm);
            if (KeySecrets.RsaBits(key.Group.KeySpec) is null && KeySecrets.Curve(key.Group.KeySpec) is null)
                throw KeySecrets.NotSupported(key.Group.KeySpec);
            if (Type == "EXTERNAL_MU")
                throw Errors.Validation($"MessageType EXTERNAL_MU is not for algorithm {Algorithm}.");
            if (Type == "RAW")
                return CryptographicOperations.HashData(Hash, Message);
            var length = Hash == HashAlgorithmName.SHA384 ? 48 : Hash == HashAlgorithmName.SHA512 ? 64 : 32;
            return Message.Length == length ? Message : throw Errors.Validation($"Digest is invalid length for algorithm {Algorithm}.");
        }
    }
}
