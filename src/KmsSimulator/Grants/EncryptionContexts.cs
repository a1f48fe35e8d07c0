using KmsSimulator.Protocol;

namespace KmsSimulator.Grants;

/// <summary>The encryption context of a call.</summary>
internal static class EncryptionContexts
{
    /// <summary>That of an operation as permissions name it; null when there is none.</summary>
    public static SortedDictionary<string, string>? Of(KmsCall call, string operation) => call.Input.Map(operation switch
    {
        "ReEncryptFrom" => "SourceEncryptionContext",
        "ReEncryptTo" => "DestinationEncryptionContext",
        _ => "EncryptionContext",
    });
}
