using System.Text.Json;

namespace KmsOperator.Api;

/// <summary>One customer managed KMS key for one AWS service.</summary>
public sealed record ServiceKey : IKeyResource
{
    /// <summary>The kind's name.</summary>
    public const string KindName = "ServiceKey";

    /// <summary>The plural in URLs.</summary>
    public const string Plural = "servicekeys";

    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? ApiGroup.ApiVersion; } = ApiGroup.ApiVersion;

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? KindName; } = KindName;

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>What the user wants.</summary>
    public ServiceKeySpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>What the operator saw.</summary>
    public KeyStatus? Status { get; init; }

    PublishSpec? IKeyResource.Publish => Spec.Publish;

    bool IKeyResource.Suspended => Spec.Suspend ?? false;

    AdoptSpec? IKeyResource.Adopt => Spec.Adopt;
}

/// <summary><c>ServiceKey.spec</c>.</summary>
public sealed record ServiceKeySpec
{
    /// <summary>The KeyClass; the default class when absent. Immutable once the key exists.</summary>
    public string? ClassName { get; init; }

    /// <summary>One of the catalogue's services; without it the key has only the common statements. Immutable.</summary>
    public string? Service { get; init; }

    /// <summary>For which resources the service may use the key.</summary>
    public ServiceParametersSpec? ServiceParameters { get; init; }

    /// <summary>Default <c>KMS key for encrypting {service}</c>. 8,192 characters at most.</summary>
    public string? Description { get; init; }

    /// <summary><c>alias/...</c>; overrides the class's template.</summary>
    public string? Alias { get; init; }

    /// <summary>More aliases of the key, <c>alias/...</c> each; 20 at most.</summary>
    public IReadOnlyList<string>? AdditionalAliases { get; init; }

    /// <summary>KMS's key spec, default <c>SYMMETRIC_DEFAULT</c>. Immutable.</summary>
    public string? KeySpec { get; init; }

    /// <summary>KMS's key usage, default <c>ENCRYPT_DECRYPT</c>. Immutable.</summary>
    public string? KeyUsage { get; init; }

    /// <summary>
    /// KMS's word for where the key material comes from. Default <c>AWS_KMS</c>; with <see cref="CustomKeyStoreId"/>, <c>AWS_CLOUDHSM</c> or, with
    /// <see cref="XksKeyId"/> too, <c>EXTERNAL_KEY_STORE</c>. Immutable.
    /// </summary>
    public string? Origin { get; init; }

    /// <summary>The key material that the operator imports into a key with origin <c>EXTERNAL</c>. Absent: somebody else imports it.</summary>
    public MaterialSpec? Material { get; init; }

    /// <summary>The id of the custom key store that the key is made in. Immutable.</summary>
    public string? CustomKeyStoreId { get; init; }

    /// <summary>The id of the key in an external key store, as its proxy knows it. Immutable.</summary>
    public string? XksKeyId { get; init; }

    /// <summary>Whether the key is a multi-Region key. Default false. Immutable.</summary>
    public bool? MultiRegion { get; init; }

    /// <summary>Regions in which the operator makes and owns a KeyReplica named <c>{name}-{region}</c>.</summary>
    public IReadOnlyList<string>? ReplicaRegions { get; init; }

    /// <summary>
    /// The Region whose key is the primary: one of <see cref="ReplicaRegions"/>, or the class's. Absent: the primary stays where it is.
    /// </summary>
    public string? PrimaryRegion { get; init; }

    /// <summary>Whether the key may be used. Default true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Overrides the class's rotation.</summary>
    public RotationSpec? Rotation { get; init; }

    /// <summary>Added to the class's access.</summary>
    public AccessSpec? Access { get; init; }

    /// <summary>Grants on the key, which the operator makes and revokes as listed; 50 at most.</summary>
    public IReadOnlyList<GrantSpec>? Grants { get; init; }

    /// <summary>Changes to the generated policy.</summary>
    public PolicySpec? Policy { get; init; }

    /// <summary>Added to the class's tags; a resource's own wins.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary><c>Retain</c> or <c>Delete</c>; overrides the class.</summary>
    public string? DeletionPolicy { get; init; }

    /// <summary>7 to 30 days; overrides the class.</summary>
    public int? PendingDeletionWindowDays { get; init; }

    /// <summary>An existing key to take over instead of making one.</summary>
    public AdoptSpec? Adopt { get; init; }

    /// <summary>Take the alias although another key has it, the class permitting. Default false.</summary>
    public bool? TakeOverAlias { get; init; }

    /// <summary>Make a new key when the old one is gone for good. Default false: a vanished key is never replaced.</summary>
    public bool? RecreateLostKey { get; init; }

    /// <summary><c>Full</c> (default) or <c>Observe</c>, which never writes to AWS.</summary>
    public string? ManagementPolicy { get; init; }

    /// <summary>Where to write the key's coordinates for workloads.</summary>
    public PublishSpec? Publish { get; init; }

    /// <summary>No reconciliation while true. Default false.</summary>
    public bool? Suspend { get; init; }
}

/// <summary><c>spec.policy</c> of ServiceKey and KeyReplica.</summary>
public sealed record PolicySpec
{
    /// <summary>A whole policy document, which replaces the generated one.</summary>
    public JsonElement? Override { get; init; }

    /// <summary>Statements appended to the generated policy.</summary>
    public IReadOnlyList<JsonElement>? AdditionalStatements { get; init; }

    /// <summary>Which generated policy; overrides the class's <c>policyPreset</c>.</summary>
    public string? Preset { get; init; }
}

/// <summary><c>spec.adopt</c> of ServiceKey and KeyReplica.</summary>
public sealed record AdoptSpec
{
    /// <summary>Key id, key ARN or <c>alias/...</c>.</summary>
    public string KeyId { get; init => field = value ?? ""; } = "";
}

/// <summary><c>spec.publish</c> of ServiceKey and KeyReplica.</summary>
public sealed record PublishSpec
{
    /// <summary>A ConfigMap in the same namespace, owned by the resource.</summary>
    public string ConfigMapName { get; init => field = value ?? ""; } = "";
}
