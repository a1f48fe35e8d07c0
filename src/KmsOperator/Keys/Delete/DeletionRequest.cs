using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Delete;

/// <summary>What is to happen to the key of a resource that is being deleted.</summary>
/// <param name="Owner">The resource.</param>
/// <param name="DeletionPolicy">One of <see cref="DeletionPolicies"/>.</param>
/// <param name="PendingDeletionWindowDays">7 to 30.</param>
/// <param name="Access">The way to the key; null when the class is gone.</param>
/// <param name="UntouchedBecause">Why nothing may be written to AWS; null where it may.</param>
/// <param name="NamespaceIsTerminating">Whether the namespace is being deleted too. It remains as long as the resource does.</param>
/// <param name="Parent">The ServiceKey that created the KeyReplica. Its annotations count for the replica's key as well.</param>
/// <param name="IsInheritanceCurrentAsync">Reads from the server what the resource inherits its policy from: its class, and of a replica the primary; false when that has changed, or is there and was gone.</param>
internal sealed record DeletionRequest(
    KeyOwner Owner,
    string DeletionPolicy,
    int PendingDeletionWindowDays,
    AwsAccess? Access,
    string? UntouchedBecause,
    bool NamespaceIsTerminating,
    ServiceKey? Parent,
    Func<CancellationToken, Task<bool>> IsInheritanceCurrentAsync)
{
    /// <summary>Reads from the server whether the key has KeyReplicas, which go first. Null where it can have none.</summary>
    public Func<CancellationToken, Task<bool>>? HasReplicasAsync { get; init; }

    /// <summary>What has to go after the key, before the resource goes: the KeyReplica that has the primary. It returns what remains, null for nothing.</summary>
    public Func<CancellationToken, Task<ReconcileError?>>? FindRemainingAsync { get; init; }

    /// <summary>Whether the key's deletion is scheduled; otherwise the key is retained.</summary>
    public bool DeleteKey => DeletionPolicy == DeletionPolicies.Delete;

    /// <summary>Whether the key is disabled and retained.</summary>
    public bool DisableKey => DeletionPolicy == DeletionPolicies.Disable;

    /// <summary>Whether the key is left in AWS as the policy says, enabled or disabled, or untouched.</summary>
    public bool LeavesKey => !DeleteKey || UntouchedBecause is not null;

    /// <summary>Why the key of a resource that is being deleted must not be written to, whatever its deletion policy; null where it may be.</summary>
    /// <param name="isSuspended">Whether <c>spec.suspend</c> is true, for the resource or for the ServiceKey that created it.</param>
    /// <param name="observeOnly">Whether <c>managementPolicy</c> is <c>Observe</c>.</param>
    public static string? WhyUntouched(bool isSuspended, bool observeOnly) =>
        isSuspended ? "spec.suspend is true, and the namespace is being deleted"
        : observeOnly ? "managementPolicy: Observe writes nothing"
        : null;
}
