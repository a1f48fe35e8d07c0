namespace KmsOperator.Api;

/// <summary>Status of a ServiceKey or KeyReplica.</summary>
public sealed record KeyStatus
{
    /// <summary>The generation that was last acted on; -1 until the operator has seen the resource.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>KMS's key id.</summary>
    public string? KeyId { get; init; }

    /// <summary>The key's ARN.</summary>
    public string? Arn { get; init; }

    /// <summary>The account that holds the key.</summary>
    public string? AccountId { get; init; }

    /// <summary>The key's Region.</summary>
    public string? Region { get; init; }

    /// <summary><c>alias/...</c>, once it was seen to point at the key.</summary>
    public string? AliasName { get; init; }

    /// <summary>The aliases of <c>spec.additionalAliases</c> that were seen to point at the key.</summary>
    public IReadOnlyList<string>? AdditionalAliases { get; init; }

    /// <summary>An alias that is about to be given to the key; recorded first, so that it is known to be ours whatever happens.</summary>
    public string? PendingAliasName { get; init; }

    /// <summary>Aliases that the key had, or was about to get beside its own; on record until a later comparison does not find them any more.</summary>
    public IReadOnlyList<string>? FormerAliasNames { get; init; }

    /// <summary>The alias's ARN.</summary>
    public string? AliasArn { get; init; }

    /// <summary>KMS's own word, for example <c>Enabled</c> or <c>PendingDeletion</c>.</summary>
    public string? KeyState { get; init; }

    /// <summary><c>PRIMARY</c> or <c>REPLICA</c>; absent for single-Region keys.</summary>
    public string? MultiRegionKeyType { get; init; }

    /// <summary>Region of the primary; absent for single-Region keys.</summary>
    public string? PrimaryRegion { get; init; }

    /// <summary>The primary's replicas, by Region.</summary>
    public IReadOnlyList<ReplicaStatus>? Replicas { get; init; }

    /// <summary>SHA-256 (lower-case hex) of the canonical form of the key policy last put.</summary>
    public string? PolicySha256 { get; init; }

    /// <summary>What KMS says of rotation; absent for keys that cannot rotate.</summary>
    public RotationStatus? Rotation { get; init; }

    /// <summary>The key material that the operator imported last; absent where it imported none.</summary>
    public MaterialStatus? Material { get; init; }

    /// <summary>The grants that the operator made, and those of others that are what the spec lists, as they were last listed.</summary>
    public IReadOnlyList<GrantStatus>? Grants { get; init; }

    /// <summary>Grants of others that were what the spec listed, and are no more. They still give access: the operator revokes only what it made.</summary>
    public IReadOnlyList<GrantStatus>? LeftGrants { get; init; }

    /// <summary>Grants, by their name in the spec, that the key had or was about to get; on record until a later comparison does not find them any more.</summary>
    public IReadOnlyList<string>? FormerGrantNames { get; init; }

    /// <summary>When somebody last used the key on data, as KMS said when the key was compared; absent where KMS knows of no use.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>When KMS deletes the key, while it is pending deletion.</summary>
    public DateTimeOffset? DeletionDate { get; init; }

    /// <summary>Present only while the outcome of a rotation on demand is undecided.</summary>
    public RotationAttemptStatus? RotationAttempt { get; init; }

    /// <summary>The last value of the <c>rotate-at</c> annotation that was acted on.</summary>
    public string? LastHandledRotateAt { get; init; }

    /// <summary>How often the key was rotated on demand, as far as is known. KMS permits 25 in a key's life.</summary>
    public int? OnDemandRotations { get; init; }

    /// <summary>What deleting the resource does to its key, class and defaults resolved: <c>Retain</c> or <c>Delete</c>.</summary>
    public string? DeletionPolicy { get; init; }

    /// <summary>Days that a deletion would leave to cancel it, class and defaults resolved: 7 to 30.</summary>
    public int? PendingDeletionWindowDays { get; init; }

    /// <summary>With <c>managementPolicy: Observe</c>: what <c>Full</c> would do.</summary>
    public IReadOnlyList<PlannedStep>? Plan { get; init; }

    /// <summary>The KeyClass that the key was made under.</summary>
    public string? ClassName { get; init; }

    /// <summary>The service that the key was made for; held against <c>spec.service</c> on servers that evaluate no CEL.</summary>
    public string? Service { get; init; }

    /// <summary>SHA-256 (lower-case hex) of the resolved desired state that AWS was last brought to.</summary>
    public string? DesiredSha256 { get; init; }

    /// <summary>When the operator last wrote to the key. KMS may show the state before that for the consistency window.</summary>
    public DateTimeOffset? LastChangedAt { get; init; }

    /// <summary>When all of the key was last compared with AWS.</summary>
    public DateTimeOffset? LastVerifiedAt { get; init; }

    /// <summary>Keys of the tags that the operator put, so that it removes these and no others.</summary>
    public IReadOnlyList<string>? TagKeys { get; init; }

    /// <summary>The ConfigMap that was last published to.</summary>
    public string? PublishedConfigMapName { get; init; }

    /// <summary>The last value of the <c>reconcile-at</c> annotation that was acted on.</summary>
    public string? LastHandledReconcileAt { get; init; }

    /// <summary>Conditions, by type.</summary>
    public IReadOnlyList<Condition>? Conditions { get; init; }
}

/// <summary>One replica as the primary's status shows it.</summary>
public sealed record ReplicaStatus
{
    /// <summary>The replica's Region; unique within the list.</summary>
    public string Region { get; init => field = value ?? ""; } = "";

    /// <summary>The replica's ARN, once it exists.</summary>
    public string? Arn { get; init; }

    /// <summary>KMS's own word.</summary>
    public string? KeyState { get; init; }

    /// <summary>Name of the KeyReplica, if one manages it.</summary>
    public string? Name { get; init; }
}

/// <summary>What KMS says of a key's rotation.</summary>
public sealed record RotationStatus
{
    /// <summary>Whether automatic rotation is on.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Days between rotations.</summary>
    public int? PeriodDays { get; init; }

    /// <summary>When KMS rotates next.</summary>
    public DateTimeOffset? NextRotationDate { get; init; }

    /// <summary>When KMS rotated last, where that is known.</summary>
    public DateTimeOffset? LastRotationDate { get; init; }

    /// <summary>The rotations so far, the latest first; 25 at most.</summary>
    public IReadOnlyList<RotationRecord>? History { get; init; }

    /// <summary>How many of the 25 rotations on demand that KMS permits in a key's life are used up, one under way included.</summary>
    public int? OnDemandUsed { get; init; }
}

/// <summary>What was imported last. The material cannot be found from it.</summary>
public sealed record MaterialStatus
{
    /// <summary>KMS's id of the material, where KMS gave one.</summary>
    public string? KeyMaterialId { get; init; }

    /// <summary>The Secret that it came from.</summary>
    public string SecretName { get; init => field = value ?? ""; } = "";

    /// <summary>The entry of the Secret that the spec named; absent for its only one.</summary>
    public string? SecretKey { get; init; }

    /// <summary>The Secret's uid.</summary>
    public string SecretUid { get; init => field = value ?? ""; } = "";

    /// <summary>The Secret's resourceVersion.</summary>
    public string SecretResourceVersion { get; init => field = value ?? ""; } = "";

    /// <summary>When KMS deletes the material; absent for never.</summary>
    public DateTimeOffset? ValidTo { get; init; }
}

/// <summary>One rotation of a key's material.</summary>
public sealed record RotationRecord
{
    /// <summary>When it was finished.</summary>
    public DateTimeOffset Date { get; init; }

    /// <summary>KMS's own word: <c>AUTOMATIC</c> or <c>ON_DEMAND</c>.</summary>
    public string Type { get; init => field = value ?? ""; } = "";
}

/// <summary>The record of a rotation on demand, written before the call.</summary>
public sealed record RotationAttemptStatus
{
    /// <summary>The value of the <c>rotate-at</c> annotation that asked for it.</summary>
    public string RotateAt { get; init => field = value ?? ""; } = "";

    /// <summary>When the record was written.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>How many on-demand rotations the key had before; one more says that this one took place.</summary>
    public int RotationsBefore { get; init; }
}

/// <summary>One step of <c>status.plan</c>.</summary>
public sealed record PlannedStep
{
    /// <summary>The KMS operation.</summary>
    public string Operation { get; init => field = value ?? ""; } = "";

    /// <summary>What changes, for people.</summary>
    public string Summary { get; init => field = value ?? ""; } = "";
}
