using System.Collections.Immutable;
using System.Text.Json.Nodes;
using KmsSimulator.Cryptography;
using KmsSimulator.Policies;
using KmsSimulator.Protocol;
using KmsSimulator.State;
using KmsSimulator.Tags;

namespace KmsSimulator.Keys;

/// <summary>CreateKey. There is no client token: each call that arrives makes a key.</summary>
internal static class CreateKeyOperation
{
    public const int MaxDescription = 8192;

    /// <summary>Keys of an account in a Region, in whatever state.</summary>
    public const int MaxKeys = 100_000;

    private static readonly string[] Origins = ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];

    public static JsonObject Run(KmsCall call)
    {
        var input = call.Input;
        var policyText = PolicyOperations.ReadPolicy(input);
        var bypass = input.Boolean("BypassPolicyLockoutSafetyCheck") ?? false;
        var description = input.String("Description", 0, MaxDescription) ?? "";
        var oldSpec = input.Choice("CustomerMasterKeySpec", KeySpecs.UsagesBySpec.Keys);
        var newSpec = input.Choice("KeySpec", KeySpecs.UsagesBySpec.Keys);
        var givenUsage = input.Choice("KeyUsage", KeySpecs.Usages);
        var origin = input.Choice("Origin", Origins) ?? "AWS_KMS";
        var keyStore = input.String("CustomKeyStoreId", 1, 64);
        var externalKey = input.String("XksKeyId", 1, 128, Pattern.XksKeyId);
        var multiRegion = input.Boolean("MultiRegion") ?? false;
        var tags = TagRules.Read(input);
        input.Validate();

        if (oldSpec is not null && newSpec is not null)
            throw Errors.Validation("You cannot specify KeySpec and CustomerMasterKeySpec in the same request.");
        var spec = newSpec ?? oldSpec ?? KeySpecs.Symmetric;
        var usage = Usage(spec, givenUsage, call.Region);
        CheckOrigin(call, origin, keyStore, externalKey, multiRegion || spec != KeySpecs.Symmetric);
        TagRules.Check(tags);
        if (call.Here.KeyIds.Count >= MaxKeys)
            throw Errors.LimitExceeded("The account has reached its limit of KMS keys in this Region.");

        var keyId = NewId(call, multiRegion);
        var policy = policyText is null
            ? KeyPolicy.Default(call.Partition, call.Owner.Id)
            : KeyPolicy.Accept(policyText, bypass, call, Arn.Key(call.Owner.Id, call.Region, keyId));

        var group = new KeyGroup(keyId, spec, usage, origin, multiRegion) { CustomKeyStoreId = keyStore, XksKeyId = externalKey };
        var key = new KeyEntry(call.Owner.Id, call.Region, group);
        var record = new KeyRecord
        {
            State = origin == "EXTERNAL" ? KeyState.PendingImport : KeyState.Enabled,
            Description = description,
            Policy = policy,
            Tags = TagRules.NoTags.SetItems(tags),
            CreationDate = call.Now,
        };
        var shared = new SharedProperties
        {
            PrimaryRegion = call.Region,
            Regions = ImmutableSortedSet.Create(StringComparer.Ordinal, call.Region),
            Materials = origin == "EXTERNAL" ? [] : [NewMaterial(call.Owner, group, 0)],
        };
        group.Members.Add(call.Region, key);
        group.Shared.Write(shared, call.Now, call.Now);
        call.Here.Add(key);
        call.Owner.Write(key, record, call.Now);
        call.KeyArn = key.Arn;
        return new JsonObject { ["KeyMetadata"] = KeyMetadata.Of(key, record, shared, call.Now) };
    }

    /// <summary>A key's material of this number. It is secret, so the seed has no say in it, but for its id.</summary>
    public static KeyMaterial NewMaterial(
        KmsAccount account, KeyGroup group, int number, DateTimeOffset? rotationDate = null, string? rotationType = null) =>
        new(account.MaterialId(group.KeyId, number), KeySecrets.New(group.KeySpec), rotationDate, rotationType);

    private static string NewId(KmsCall call, bool multiRegion)
    {
        string id;
        do
            id = multiRegion ? $"mrk-{call.Owner.Ids.Hex(32)}" : call.Owner.Ids.Uuid();
        while (call.Here.Key(id) is not null);
        return id;
    }

    private static string Usage(string spec, string? given, string region)
    {
        if (spec == "SM2" && Arn.Partition(region) != "aws-cn")
            throw Errors.Unsupported("KeySpec SM2 is supported only in China Regions.");
        if (given is null && spec != KeySpecs.Symmetric)
            throw Errors.Validation("You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.");
        var usage = given ?? KeySpecs.EncryptDecrypt;
        return KeySpecs.UsagesBySpec[spec].Contains(usage)
            ? usage
            : throw Errors.Validation($"KeyUsage {usage} is not compatible with KeySpec {spec}");
    }

    private static void CheckOrigin(KmsCall call, string origin, string? keyStore, string? externalKey, bool isUnfitForStores)
    {
        var inKeyStore = origin is "AWS_CLOUDHSM" or "EXTERNAL_KEY_STORE";
        if (inKeyStore != keyStore is not null)
            throw Errors.Validation("CustomKeyStoreId goes with Origin AWS_CLOUDHSM and EXTERNAL_KEY_STORE, and with these only.");
        if ((origin == "EXTERNAL_KEY_STORE") != externalKey is not null)
            throw Errors.Validation("XksKeyId goes with Origin EXTERNAL_KEY_STORE, and with this only.");
        if (keyStore is null)
            return;
        if (isUnfitForStores)
            throw Errors.Unsupported("A key in a custom key store must be a symmetric encryption key in a single Region.");
        var storeOrigin = call.Simulation.KeyStores.OriginOf(keyStore)
            ?? throw new ServiceException("CustomKeyStoreNotFoundException", $"There is no custom key store {keyStore}.");
        if (storeOrigin != origin)
            throw Errors.Unsupported($"The keys of custom key store {keyStore} have Origin {storeOrigin}.");
        if (externalKey is not null && call.Here.KeyIds.Any(id => call.Here.Key(id)!.Group is { } group && group.CustomKeyStoreId == keyStore && group.XksKeyId == externalKey))
            throw new ServiceException("XksKeyAlreadyInUseException", $"External key {externalKey} is that of another KMS key.");
    }
}
