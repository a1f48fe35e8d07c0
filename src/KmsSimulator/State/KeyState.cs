namespace KmsSimulator.State;

/// <summary>States of a key; as flags, so that an operation can name all that it works in. The names are KMS's.</summary>
[Flags]
internal enum KeyState
{
    None = 0,
    Creating = 1,
    Enabled = 2,
    Disabled = 4,
    PendingImport = 8,
    PendingDeletion = 16,
    PendingReplicaDeletion = 32,
    Updating = 64,

    /// <summary>Waiting for the end: of a window, or of the replicas.</summary>
    Pending = PendingDeletion | PendingReplicaDeletion,
    AllButPending = Creating | Enabled | Disabled | PendingImport | Updating,
    Any = AllButPending | Pending,
}
