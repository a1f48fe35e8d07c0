using System.Security.Cryptography;
using System.Text.Json.Nodes;
using KmsSimulator.Cryptography;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Import;

/// <summary>GetParametersForImport, ImportKeyMaterial, DeleteImportedKeyMaterial.</summary>
/// <remarks>Source: AWS KMS API reference; developer guide, "Importing key material"; of the texts, localstack's tests that were validated at AWS.</remarks>
internal static class ImportOperations
{
    private const int MaxBlob = 6144;
    private static readonly TimeSpan TokenLife = TimeSpan.FromHours(24);
    private static readonly TimeSpan LongestValidity = TimeSpan.FromDays(365);

    private static readonly string[] WrappingAlgorithms =
        ["RSAES_PKCS1_V1_5", "RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "RSA_AES_KEY_WRAP_SHA_1", "RSA_AES_KEY_WRAP_SHA_256", "SM2PKE"];

    public static JsonObject GetParametersForImport(KmsCall call)
    {
        var algorithm = Required(call.Input, "WrappingAlgorithm", WrappingAlgorithms);
        var spec = Required(call.Input, "WrappingKeySpec", ["RSA_2048", "RSA_3072", "RSA_4096", "SM2"]);
        var key = ExternalKey(call);
        if (algorithm is "RSAES_PKCS1_V1_5" or "SM2PKE" || KeySecrets.RsaBits(spec!) is not { } bits)
            throw Errors.Unsupported($"KmsSimulator does not wrap key material with {algorithm} and {spec}.");
        var keys = call.Simulation.WrappingKeys;
        var token = new ImportToken(key.Arn, algorithm!, spec!, call.Now + TokenLife);
        using var rsa = WrappingKeys.Open(bits);
        return new JsonObject
        {
            ["KeyId"] = key.Arn,
            ["ImportToken"] = Convert.ToBase64String(token.Write(keys.TokenSecret)),
            ["PublicKey"] = Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()),
            ["ParametersValidTo"] = KeyMetadata.Time(token.ValidTo),
        };
    }

    public static JsonObject ImportKeyMaterial(KmsCall call)
    {
        var input = call.Input;
        var tokenBytes = input.Blob("ImportToken", 1, MaxBlob, required: true)!;
        var wrapped = input.Blob("EncryptedKeyMaterial", 1, MaxBlob, required: true)!;
        var type = input.Choice("ImportType", ["NEW_KEY_MATERIAL", "EXISTING_KEY_MATERIAL"]);
        var description = input.String("KeyMaterialDescription", 0, 256);
        var wantedId = input.String("KeyMaterialId", 64, 64);
        var model = input.Choice("ExpirationModel", ["KEY_MATERIAL_EXPIRES", "KEY_MATERIAL_DOES_NOT_EXPIRE"]) ?? "KEY_MATERIAL_EXPIRES";
        var validTo = input.Time("ValidTo");
        var key = ExternalKey(call);
        CheckValidity(model, validTo, call.Now);
        var secret = Unwrap(call, key, tokenBytes, wrapped);
        if (!KeySecrets.Fits(key.Group.KeySpec, secret))
            throw IncorrectMaterial($"The key material is none of a key with KeySpec {key.Group.KeySpec}.");
        var id = call.Owner.MaterialId(key.KeyId, secret);
        if (wantedId is not null && wantedId != id)
            throw IncorrectMaterial("The key material is not the one that KeyMaterialId names.");

        var shared = key.Shared;
        var isNew = type is null ? shared.Materials.IsEmpty : type == "NEW_KEY_MATERIAL";
        var isKnown = shared.Materials.Any(material => material.Id == id) || shared.PendingMaterial?.Id == id;
        if (isNew)
            call.Owner.Write(key.Group, AddMaterial(key, new KeyMaterial(id, new KeySecret(secret), null, null), isKnown), call.Now);
        else if (!isKnown)
            throw IncorrectMaterial("The key material is none that was imported into this key before.");

        var imports = key.Current.Imports.SetItem(id, new MaterialImport(validTo, description));
        call.Owner.Write(key, ImportedMaterial.Settled(key.Shared, key.Current with { Imports = imports }), call.Now);
        if (validTo is { } end)
            ImportedMaterial.ExpireLater(call.Owner, key, id, end);
        return new JsonObject { ["KeyId"] = key.Arn, ["KeyMaterialId"] = id };
    }

    public static JsonObject DeleteImportedKeyMaterial(KmsCall call)
    {
        var given = call.Input.String("KeyMaterialId", 64, 64);
        var key = ExternalKey(call);
        var shared = key.Shared;
        var id = given ?? (shared.Materials.IsEmpty ? null : shared.Materials[^1].Id);
        if (given is not null && shared.PendingMaterial?.Id != given && shared.Materials.All(material => material.Id != given))
            throw Errors.NotFound($"{key.Arn} has no key material {given}.");
        var answer = new JsonObject { ["KeyId"] = key.Arn };
        if (id is null)
            return answer;

        // A material that never was current is forgotten; others can be imported again.
        if (shared.PendingMaterial?.Id == id && key.IsPrimary)
            call.Owner.Write(key.Group, shared with { PendingMaterial = null }, call.Now);
        var record = key.Current with { Imports = key.Current.Imports.Remove(id) };
        call.Owner.Write(key, ImportedMaterial.Settled(key.Shared, record), call.Now);
        answer["KeyMaterialId"] = id;
        return answer;
    }

    /// <summary>The shared properties with another material: the first is current at once, a later one waits for a rotation.</summary>
    private static SharedProperties AddMaterial(KeyEntry key, KeyMaterial material, bool isKnown)
    {
        var shared = key.Shared;
        if (!key.IsPrimary)
            throw Errors.Unsupported($"{key.Arn} is not a multi-Region primary key: new key material is imported there first.");
        if (isKnown)
            throw IncorrectMaterial("The key material was imported into this key before: its ImportType is EXISTING_KEY_MATERIAL.");
        if (shared.Materials.IsEmpty)
            return shared with { Materials = [material] };
        if (!key.Group.IsSymmetricEncryption)
            throw IncorrectMaterial("A key that does not rotate takes the key material that was imported first, and no other.");
        if (shared.PendingMaterial is { } pending)
        {
            throw Errors.InvalidState(
                $"New key material (id: {material.Id}) cannot be imported into KMS key {key.Arn}, because another key material (id: {pending.Id}) is "
                + "pending rotation.");
        }

        return shared with { PendingMaterial = material };
    }

    private static KeyEntry ExternalKey(KmsCall call)
    {
        var key = KeyLookup.Find(call, "KeyId");
        if (key.Group.Origin != "EXTERNAL")
            throw Errors.WrongOrigin(key);
        KmsCall.Require(key, key.Current, call.Operation.WorksIn);
        return key;
    }

    private static void CheckValidity(string model, DateTimeOffset? validTo, DateTimeOffset now)
    {
        if (model == "KEY_MATERIAL_EXPIRES" && validTo is null)
            throw Errors.Validation("A validTo date must be set if the ExpirationModel is KEY_MATERIAL_EXPIRES");
        if (model == "KEY_MATERIAL_DOES_NOT_EXPIRE" && validTo is not null)
            throw Errors.Validation("A validTo date must not be set if the ExpirationModel is KEY_MATERIAL_DOES_NOT_EXPIRE");
        if (validTo <= now || validTo - now > LongestValidity)
            throw Errors.Validation("The validTo date must be in the future, and within 365 days.");
    }

    private static byte[] Unwrap(KmsCall call, KeyEntry key, byte[] tokenBytes, byte[] wrapped)
    {
        var keys = call.Simulation.WrappingKeys;
        if (ImportToken.Read(tokenBytes, keys.TokenSecret) is not { } token || token.KeyArn != key.Arn)
            throw new ServiceException("InvalidImportTokenException", "The import token is not valid for this key.");
        if (token.ValidTo <= call.Now)
            throw new ServiceException("ExpiredImportTokenException", "The import token has expired.");
        using var rsa = WrappingKeys.Open(KeySecrets.RsaBits(token.WrappingKeySpec)!.Value);
        var padding = token.WrappingAlgorithm.EndsWith("SHA_1", StringComparison.Ordinal) ? RSAEncryptionPadding.OaepSHA1 : RSAEncryptionPadding.OaepSHA256;
        try
        {
            if (!token.WrappingAlgorithm.StartsWith("RSA_AES", StringComparison.Ordinal))
                return rsa.Decrypt(wrapped, padding);

            // An AES key, wrapped with the RSA key, and the material, wrapped with the AES key.
            var length = rsa.KeySize / 8;
            if (wrapped.Length <= length)
                throw Errors.InvalidCiphertext();
            using var aes = Aes.Create();
            aes.Key = rsa.Decrypt(wrapped.AsSpan(0, length), padding);
            return aes.DecryptKeyWrapPadded(wrapped.AsSpan(length));
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw Errors.InvalidCiphertext();
        }
    }

    private static string? Required(KmsInput input, string name, string[] allowed)
    {
        var value = input.Choice(name, allowed);
        if (value is null)
            input.Missing(name);
        return value;
    }

    private static ServiceException IncorrectMaterial(string message) => new("IncorrectKeyMaterialException", message);
}
