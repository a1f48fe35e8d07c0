using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>What is to become of a deleted resource's key.</summary>
/// <param name="Owner">The resource.</param>
/// <param name="DeleteKey">Whether the key's deletion is scheduled; else it stays.</param>
/// <param name="PendingDeletionWindowDays">7 to 30.</param>
/// <param name="Access">How to get to the key; null when the class is gone.</param>
/// <param name="LeftBecause">Why nothing may be written to AWS; null where it may.</param>
/// <param name="NamespaceIsTerminating">Whether the namespace goes too: what would hold the resource back would hold all of it.</param>
/// <param name="Maker">The ServiceKey that made the KeyReplica: what its annotations say of its key holds for its replicas as well.</param>
/// <param name="IsCurrentAsync">Reads whatever else this request rests on from the server; false when that has changed.</param>
internal sealed record DeletionRequest(
    KeyOwner Owner,
    bool DeleteKey,
    int PendingDeletionWindowDays,
    AwsAccess? Access,
    string? LeftBecause,
    bool NamespaceIsTerminating,
    ServiceKey? Maker,
    Func<CancellationToken, Task<bool>> IsCurrentAsync);
