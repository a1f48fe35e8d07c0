using KmsSimulator.State;

namespace KmsSimulator.Import;

/// <summary>What imports do to a key's state: it can be used while all materials that encrypted with it are there.</summary>
/// <remarks>Source: AWS KMS developer guide, "Key states of AWS KMS keys" and "Importing key material".</remarks>
internal static class ImportedMaterial
{
    /// <summary>Whether a Region has all materials that are or were current.</summary>
    public static bool IsComplete(SharedProperties shared, KeyRecord record) =>
        !shared.Materials.IsEmpty && shared.Materials.All(material => record.Imports.ContainsKey(material.Id));

    /// <summary>The record in the state that follows from what is imported.</summary>
    public static KeyRecord Settled(SharedProperties shared, KeyRecord record)
    {
        var isComplete = IsComplete(shared, record);
        return record with { State = After(record.State), StateAfter = After(record.StateAfter) };

        KeyState After(KeyState state) => state switch
        {
            KeyState.PendingImport when isComplete => KeyState.Enabled,
            KeyState.Enabled or KeyState.Disabled when !isComplete => KeyState.PendingImport,
            _ => state,
        };
    }

    /// <summary>Lets a material expire, unless it was deleted or imported again by then.</summary>
    public static void ExpireLater(KmsAccount account, KeyEntry key, string materialId, DateTimeOffset validTo) => account.At(validTo, at =>
    {
        if (key.Current.Imports.GetValueOrDefault(materialId)?.ValidTo == validTo)
            key.Record.Become(Settled(key.Shared, key.Current with { Imports = key.Current.Imports.Remove(materialId) }), at);
    });
}
