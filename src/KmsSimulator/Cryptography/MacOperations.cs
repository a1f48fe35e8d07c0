using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Cryptography;

/// <summary>GenerateMac, VerifyMac.</summary>
/// <remarks>Source: AWS KMS API reference; of the texts, localstack's tests that were validated at AWS.</remarks>
internal static class MacOperations
{
    private const int MaxMessage = 4096;
    private const int MaxMac = 6144;
    private static readonly string[] Algorithms = ["HMAC_SHA_384", "HMAC_SHA_256", "HMAC_SHA_224", "HMAC_SHA_512"];

    public static JsonObject GenerateMac(KmsCall call)
    {
        var (message, algorithm, dryRun) = Read(call);
        var key = KeyUse.Find(call, KeySpecs.GenerateVerifyMac);
        var mac = Mac(key, message, algorithm);
        KeyUse.Done(call, dryRun, key);
        return new JsonObject { ["KeyId"] = key.Arn, ["Mac"] = Convert.ToBase64String(mac), ["MacAlgorithm"] = algorithm };
    }

    public static JsonObject VerifyMac(KmsCall call)
    {
        var given = call.Input.Blob("Mac", 1, MaxMac, required: true)!;
        var (message, algorithm, dryRun) = Read(call);
        var key = KeyUse.Find(call, KeySpecs.GenerateVerifyMac);
        if (!CryptographicOperations.FixedTimeEquals(Mac(key, message, algorithm), given))
            throw new ServiceException("KMSInvalidMacException", "");
        KeyUse.Done(call, dryRun, key);
        return new JsonObject { ["KeyId"] = key.Arn, ["MacValid"] = true, ["MacAlgorithm"] = algorithm };
    }

    private static (byte[] Message, string Algorithm, bool DryRun) Read(KmsCall call)
    {
        var message = call.Input.Blob("Message", 1, MaxMessage, required: true);
        var algorithm = call.Input.Choice("MacAlgorithm", Algorithms);
        if (algorithm is null)
            call.Input.Missing("MacAlgorithm");
        var dryRun = KeyUse.ReadCommon(call);
        call.Input.Validate();
        return (message!, algorithm!, dryRun);
    }

    private static byte[] Mac(KeyEntry key, byte[] message, string algorithm)
    {
        KeyUse.RequireAlgorithm(key, algorithm);
        var secret = key.Shared.Materials[^1].Secret.Bytes;
        return algorithm switch
        {
            "HMAC_SHA_224" => Sha224.Mac(secret, message),
            "HMAC_SHA_256" => HMACSHA256.HashData(secret, message),
            "HMAC_SHA_384" => HMACSHA384.HashData(secret, message),
            _ => HMACSHA512.HashData(secret, message),
        };
    }
}
