using System.Collections.Frozen;
using System.Text.Json.Nodes;
using KmsSimulator.Aliases;
using KmsSimulator.Cryptography;
using KmsSimulator.Deletion;
using KmsSimulator.Grants;
using KmsSimulator.Import;
using KmsSimulator.Keys;
using KmsSimulator.Policies;
using KmsSimulator.Replicas;
using KmsSimulator.Rotation;
using KmsSimulator.State;
using KmsSimulator.Tags;
using static KmsSimulator.State.KeyState;

namespace KmsSimulator.Protocol;

/// <summary>The operations that are simulated, a row each, and the names of those that are not.</summary>
/// <remarks>Source of quotas and states: AWS KMS developer guide, "Request quotas" and "Key states of AWS KMS keys".</remarks>
internal static class OperationTable
{
    private const KeyState Usable = Enabled | Updating;
    private const KeyState Switchable = Enabled | Disabled;

    /// <summary>Simulated operations by name.</summary>
    public static FrozenDictionary<string, KmsOperation> Simulated { get; } = new KmsOperation[]
    {
        new("CreateKey", 5, CreateKeyOperation.Run),
        new("DescribeKey", 2000, KeyOperations.DescribeKey) { CrossAccount = true, TakesAlias = true },
        new("ListKeys", 500, KeyOperations.ListKeys),
        new("UpdateKeyDescription", 5, KeyOperations.UpdateKeyDescription) { WorksIn = AllButPending },
        new("EnableKey", 5, KeyOperations.EnableKey) { WorksIn = Switchable },
        new("DisableKey", 5, KeyOperations.DisableKey) { WorksIn = Switchable },
        new("PutKeyPolicy", 15, PolicyOperations.PutKeyPolicy),
        new("GetKeyPolicy", 1000, PolicyOperations.GetKeyPolicy),
        new("ListKeyPolicies", 100, PolicyOperations.ListKeyPolicies),
        new("CreateAlias", 5, AliasOperations.CreateAlias) { WorksIn = AllButPending },
        new("UpdateAlias", 5, AliasOperations.UpdateAlias) { WorksIn = AllButPending },
        new("DeleteAlias", 15, AliasOperations.DeleteAlias),
        new("ListAliases", 500, AliasOperations.ListAliases) { ByKeyPolicy = false },
        new("TagResource", 10, TagOperations.TagResource) { WorksIn = AllButPending },
        new("UntagResource", 5, TagOperations.UntagResource) { WorksIn = AllButPending },
        new("ListResourceTags", 2000, TagOperations.ListResourceTags),
        new("EnableKeyRotation", 15, RotationOperations.EnableKeyRotation) { WorksIn = Usable | PendingImport },
        new("DisableKeyRotation", 5, RotationOperations.DisableKeyRotation) { WorksIn = Usable | PendingImport },
        new("GetKeyRotationStatus", 1000, RotationOperations.GetKeyRotationStatus) { CrossAccount = true },
        new("RotateKeyOnDemand", 5, RotationOperations.RotateKeyOnDemand) { WorksIn = Usable },
        new("ListKeyRotations", 100, RotationListing.ListKeyRotations),
        new("ScheduleKeyDeletion", 15, DeletionOperations.ScheduleKeyDeletion) { WorksIn = Switchable | PendingImport | Creating },
        new("CancelKeyDeletion", 5, DeletionOperations.CancelKeyDeletion) { WorksIn = Pending },
        new("ReplicateKey", 5, ReplicaOperations.ReplicateKey) { WorksIn = Enabled },
        new("UpdatePrimaryRegion", 5, ReplicaOperations.UpdatePrimaryRegion) { WorksIn = Usable },
        new("CreateGrant", 50, GrantOperations.CreateGrant) { WorksIn = Usable, CrossAccount = true },
        new("ListGrants", 100, GrantOperations.ListGrants) { CrossAccount = true },
        new("RevokeGrant", 50, GrantOperations.RevokeGrant) { CrossAccount = true },
        new("RetireGrant", 50, GrantOperations.RetireGrant) { CrossAccount = true, ByKeyPolicy = false },
        new("ListRetirableGrants", 100, GrantOperations.ListRetirableGrants),
        new("GetKeyLastUsage", 5, LastUsageOperation.Run),
        new("GetParametersForImport", 1, ImportOperations.GetParametersForImport) { WorksIn = Switchable | PendingImport },
        new("ImportKeyMaterial", 15, ImportOperations.ImportKeyMaterial) { WorksIn = Switchable | PendingImport | Updating },
        new("DeleteImportedKeyMaterial", 15, ImportOperations.DeleteImportedKeyMaterial) { WorksIn = Any & ~(Creating | Updating) },
        new("GetPublicKey", 2000, PublicKeyOperations.GetPublicKey)
        {
            WorksIn = Usable | Disabled | PendingImport, CrossAccount = true, TakesAlias = true,
        },
        Symmetric("Encrypt", EncryptionOperations.Encrypt),
        Symmetric("Decrypt", EncryptionOperations.Decrypt),
        Symmetric("ReEncrypt", EncryptionOperations.ReEncrypt),
        Symmetric("GenerateDataKey", DataKeyOperations.GenerateDataKey),
        Symmetric("GenerateDataKeyWithoutPlaintext", DataKeyOperations.GenerateDataKeyWithoutPlaintext),
        Symmetric("GenerateRandom", DataKeyOperations.GenerateRandom),
        Symmetric("GenerateMac", MacOperations.GenerateMac),
        Symmetric("VerifyMac", MacOperations.VerifyMac),
        Cryptographic("GenerateDataKeyPair", 100, "data key pairs", DataKeyOperations.GenerateDataKeyPair),
        Cryptographic("GenerateDataKeyPairWithoutPlaintext", 100, "data key pairs", DataKeyOperations.GenerateDataKeyPairWithoutPlaintext),
        Asymmetric("Sign", SigningOperations.Sign),
        Asymmetric("Verify", SigningOperations.Verify),
        Asymmetric("DeriveSharedSecret", PublicKeyOperations.DeriveSharedSecret),
    }.ToFrozenDictionary(operation => operation.Name, StringComparer.Ordinal);

    /// <summary>Operations that KMS has and the simulator has not.</summary>
    public static FrozenSet<string> NotSimulated { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "ConnectCustomKeyStore", "CreateCustomKeyStore", "Decapsulate", "DeleteCustomKeyStore", "DescribeCustomKeyStores",
        "DisconnectCustomKeyStore", "Encapsulate", "UpdateCustomKeyStore");

    private static KmsOperation Symmetric(string name, Func<KmsCall, JsonObject> run) =>
        Cryptographic(name, 10_000, "cryptographic operations (symmetric)", run);

    private static KmsOperation Asymmetric(string name, Func<KmsCall, JsonObject> run) =>
        Cryptographic(name, 1000, "cryptographic operations (asymmetric)", run);

    private static KmsOperation Cryptographic(string name, double requestsPerSecond, string quota, Func<KmsCall, JsonObject> run) =>
        new(name, requestsPerSecond, run) { WorksIn = Usable, CrossAccount = true, TakesAlias = true, Quota = quota };
}
