using System.Globalization;
using System.Text.Json.Nodes;
using KmsSimulator.Keys;
using KmsSimulator.Protocol;
using KmsSimulator.State;

namespace KmsSimulator.Rotation;

/// <summary>ListKeyRotations.</summary>
/// <remarks>Source: AWS KMS API reference, ListKeyRotations and RotationsListEntry.</remarks>
internal static class RotationListing
{
    public static JsonObject ListKeyRotations(KmsCall call)
    {
        var all = call.Input.Choice("IncludeKeyMaterial", ["ALL_KEY_MATERIAL", "ROTATIONS_ONLY"]) == "ALL_KEY_MATERIAL";
        var paging = call.Paging(100, 1000);
        var (key, record) = call.KeyToRead();
        if (!key.Group.IsSymmetricEncryption)
            throw Errors.WrongSpec(key);
        var shared = call.SharedToRead(key);
        var listed = shared.Materials.Where(material => all || material.RotationDate is not null)
            .Select(material => (Material: material, State: material == shared.Materials[^1] ? "CURRENT" : "NON_CURRENT"));
        if (all && shared.PendingMaterial is { } pending)
            listed = listed.Append((pending, PendingState(key.Group, pending)));

        // Oldest first: the number of the material is the name to page by.
        var entries = listed.ToArray();
        var numbers = Enumerable.Range(0, entries.Length).Select(i => i.ToString("D6", CultureInfo.InvariantCulture));
        return paging.Page("Rotations", new SortedSet<string>(numbers, StringComparer.Ordinal), number => number, number =>
        {
            var (material, state) = entries[int.Parse(number, CultureInfo.InvariantCulture)];
            return Show(key, record, material, state);
        });
    }

    private static string PendingState(KeyGroup group, KeyMaterial pending) =>
        group.Members.Values.All(member => member.Current.Imports.ContainsKey(pending.Id))
            ? "PENDING_ROTATION" : "PENDING_MULTI_REGION_IMPORT_AND_ROTATION";

    private static JsonObject Show(KeyEntry key, KeyRecord record, KeyMaterial material, string state)
    {
        var entry = new JsonObject { ["KeyId"] = key.Arn, ["KeyMaterialId"] = material.Id, ["KeyMaterialState"] = state };
        if (material.RotationDate is { } date)
        {
            entry["RotationDate"] = KeyMetadata.Time(date);
            entry["RotationType"] = material.RotationType;
        }

        if (key.Group.Origin != "EXTERNAL")
            return entry;
        var import = record.Imports.GetValueOrDefault(material.Id);
        entry["ImportState"] = import is null ? "PENDING_IMPORT" : "IMPORTED";
        if (import is null)
            return entry;
        entry["ExpirationModel"] = import.ExpirationModel;
        if (import.ValidTo is { } validTo)
            entry["ValidTo"] = KeyMetadata.Time(validTo);
        if (import.Description is { } description)
            entry["KeyMaterialDescription"] = description;
        return entry;
    }
}
