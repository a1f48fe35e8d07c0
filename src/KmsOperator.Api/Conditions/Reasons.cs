namespace KmsOperator.Api;

/// <summary>Every reason that a condition or event may carry. Each has a section in <c>docs/troubleshooting.md</c>.</summary>
public static class Reasons
{
    /// <summary>The key exists and is as described.</summary>
    public const string Available = "Available";

    /// <summary>Work is under way.</summary>
    public const string Progressing = "Progressing";

    /// <summary><c>spec.suspend</c> is true.</summary>
    public const string Suspended = "Suspended";

    /// <summary>The resource is being deleted.</summary>
    public const string Deleting = "Deleting";

    /// <summary>The key waits for its deletion in KMS.</summary>
    public const string PendingDeletion = "PendingDeletion";

    /// <summary>The key is disabled, as <c>spec.enabled: false</c> asks.</summary>
    public const string KeyDisabled = "KeyDisabled";

    /// <summary>No KeyClass of that name, or no default class.</summary>
    public const string ClassNotFound = "ClassNotFound";

    /// <summary>The KeyClass is there but not Ready.</summary>
    public const string ClassNotReady = "ClassNotReady";

    /// <summary>The KeyClass does not admit this namespace.</summary>
    public const string NamespaceNotAllowed = "NamespaceNotAllowed";

    /// <summary>The KeyClass forbids what the spec asks.</summary>
    public const string PermissionDenied = "PermissionDenied";

    /// <summary>The credentials belong to another account than the class names.</summary>
    public const string AccountMismatch = "AccountMismatch";

    /// <summary>AWS refused a call, or Kubernetes the Secret with the key material.</summary>
    public const string AccessDenied = "AccessDenied";

    /// <summary>The spec breaks a rule of the API.</summary>
    public const string InvalidSpec = "InvalidSpec";

    /// <summary>KMS refused the key policy.</summary>
    public const string InvalidPolicy = "InvalidPolicy";

    /// <summary>The key policy is over 32,768 bytes.</summary>
    public const string PolicyTooLarge = "PolicyTooLarge";

    /// <summary>A principal of the policy does not exist, or not yet.</summary>
    public const string PrincipalNotFound = "PrincipalNotFound";

    /// <summary>An AROA or AIDA id stands where a principal was.</summary>
    public const string PrincipalDeleted = "PrincipalDeleted";

    /// <summary>The policy would lock its own editor out.</summary>
    public const string PolicyLockout = "PolicyLockout";

    /// <summary>The alias belongs to another key.</summary>
    public const string AliasConflict = "AliasConflict";

    /// <summary>The key is gone.</summary>
    public const string KeyNotFound = "KeyNotFound";

    /// <summary>Another resource manages the key.</summary>
    public const string KeyConflict = "KeyConflict";

    /// <summary>The replica's name or Region is taken by something else.</summary>
    public const string ReplicaConflict = "ReplicaConflict";

    /// <summary>The primary is not there yet.</summary>
    public const string PrimaryNotReady = "PrimaryNotReady";

    /// <summary>The primary is a single-Region key.</summary>
    public const string NotMultiRegion = "NotMultiRegion";

    /// <summary>The key cannot go while replicas remain.</summary>
    public const string ReplicasRemain = "ReplicasRemain";

    /// <summary>KMS asked to slow down, or the operator's own rate limit is reached.</summary>
    public const string Throttled = "Throttled";

    /// <summary>A resource quota of the account is used up.</summary>
    public const string QuotaExceeded = "QuotaExceeded";

    /// <summary>AWS could not be reached or failed.</summary>
    public const string Unavailable = "Unavailable";

    /// <summary>The ConfigMap to publish to belongs to someone else.</summary>
    public const string PublishConflict = "PublishConflict";
}
