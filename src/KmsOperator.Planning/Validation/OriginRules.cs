using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>The rules of where a key's material comes from.</summary>
/// <remarks>Source: AWS KMS API reference, CreateKey.</remarks>
internal static class OriginRules
{
    private const string Store = "spec.customKeyStoreId";
    private const string ExternalKey = "spec.xksKeyId";

    /// <summary>The origin that a spec asks for: what it says, or what follows from its custom key store.</summary>
    public static string OriginOf(ServiceKeySpec spec) =>
        spec.Origin ?? (spec.XksKeyId is not null ? KeyOrigins.ExternalKeyStore : spec.CustomKeyStoreId is not null ? KeyOrigins.CloudHsm : KeyOrigins.Kms);

    public static void Check(FieldErrors errors, ServiceKeySpec spec)
    {
        errors.OneOf("spec.origin", spec.Origin, KeyOrigins.All);
        errors.Text(Store, spec.CustomKeyStoreId, 64, Patterns.CustomKeyStoreId, "the id of a custom key store (cks-...)", minLength: 1);
        errors.Text(ExternalKey, spec.XksKeyId, 128, Patterns.XksKeyId, "the id of an external key (letters, digits and _ . -)", minLength: 1);
        var isInStore = spec.Origin is KeyOrigins.CloudHsm or KeyOrigins.ExternalKeyStore;
        errors.Require(
            !isInStore || spec.CustomKeyStoreId is not null, Store, "customKeyStoreId is required with origin AWS_CLOUDHSM or EXTERNAL_KEY_STORE");
        errors.Require(
            spec.Origin is null || isInStore || spec.CustomKeyStoreId is null, Store, "customKeyStoreId needs origin AWS_CLOUDHSM or EXTERNAL_KEY_STORE, change one of the two");
        errors.Require(
            spec.Origin != KeyOrigins.ExternalKeyStore || spec.XksKeyId is not null, ExternalKey, "xksKeyId is required with origin EXTERNAL_KEY_STORE");
        errors.Require(
            spec.XksKeyId is null || (spec.CustomKeyStoreId is not null && spec.Origin is null or KeyOrigins.ExternalKeyStore), ExternalKey,
            "xksKeyId needs customKeyStoreId and origin EXTERNAL_KEY_STORE, remove it or set these");
        errors.Require(
            spec.CustomKeyStoreId is null || (spec.KeySpec ?? KeySpecs.Default) == KeySpecs.Default, "spec.keySpec",
            "keySpec must be SYMMETRIC_DEFAULT with customKeyStoreId, a custom key store has no other keys");
        errors.Require(
            spec.CustomKeyStoreId is null || spec.MultiRegion is not true, "spec.multiRegion",
            "multiRegion must be false with customKeyStoreId, a custom key store has no multi-Region keys");
        Material(errors, spec);
        errors.Require(
            spec.Rotation?.Enabled is not true || OriginOf(spec) == KeyOrigins.Kms, "spec.rotation.enabled",
            "rotation.enabled needs origin AWS_KMS, KMS rotates no other key material by itself; remove it");
    }

    private static void Material(FieldErrors errors, ServiceKeySpec spec)
    {
        const string field = "spec.material";
        if (spec.Material is not { } material) return;
        errors.Require(spec.Origin == KeyOrigins.External, field, "material needs origin EXTERNAL, no other key material is imported; remove it or set origin");
        errors.Require(material.SecretRef is not null, $"{field}.secretRef", "Required value: the Secret that holds the key material");
        if (material.SecretRef is not { } secret) return;
        SharedRules.Name(errors, $"{field}.secretRef.name", secret.Name);
        errors.Text($"{field}.secretRef.key", secret.Key, 253, Patterns.SecretKey, "a key of a Secret (letters, digits, '-', '_' and '.')", minLength: 1);
    }
}
