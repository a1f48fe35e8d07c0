namespace KmsOperator.Api;

/// <summary>One multi-Region replica of a primary key in another Region.</summary>
public sealed record KeyReplica : IKeyResource
{
    /// <summary>The kind's name.</summary>
    public const string KindName = "KeyReplica";

    /// <summary>The plural in URLs.</summary>
    public const string Plural = "keyreplicas";

    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? ApiGroup.ApiVersion; } = ApiGroup.ApiVersion;

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? KindName; } = KindName;

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>What the user wants.</summary>
    public KeyReplicaSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>What the operator saw.</summary>
    public KeyStatus? Status { get; init; }

    PublishSpec? IKeyResource.Publish => Spec.Publish;

    bool IKeyResource.Suspended => Spec.Suspend ?? false;

    AdoptSpec? IKeyResource.Adopt => Spec.Adopt;
}

/// <summary><c>KeyReplica.spec</c>.</summary>
public sealed record KeyReplicaSpec
{
    /// <summary>The primary, a ServiceKey in the same namespace. Exactly one of this and <see cref="PrimaryKeyArn"/>; immutable.</summary>
    public PrimaryRef? PrimaryRef { get; init; }

    /// <summary>ARN of a multi-Region primary that is managed elsewhere. Immutable.</summary>
    public string? PrimaryKeyArn { get; init; }

    /// <summary>With <see cref="PrimaryKeyArn"/>: the KeyClass; the default class when absent.</summary>
    public string? ClassName { get; init; }

    /// <summary>The replica's Region, never the primary's own. Immutable.</summary>
    public string Region { get; init => field = value ?? ""; } = "";

    /// <summary><c>alias/...</c>; default: the primary's alias name.</summary>
    public string? Alias { get; init; }

    /// <summary>More aliases of the replica, <c>alias/...</c> each; 20 at most. Not taken over from the primary.</summary>
    public IReadOnlyList<string>? AdditionalAliases { get; init; }

    /// <summary>Default <c>Multi-Region replica key for {service} from {primary Region}</c>.</summary>
    public string? Description { get; init; }

    /// <summary>Whether the replica may be used. Default true.</summary>
    public bool? Enabled { get; init; }

    /// <summary>Added to the class's access; default: what the primary has.</summary>
    public AccessSpec? Access { get; init; }

    /// <summary>Grants on the replica, which the operator makes and revokes as listed; 50 at most. Not taken over from the primary.</summary>
    public IReadOnlyList<GrantSpec>? Grants { get; init; }

    /// <summary>Each of its fields defaults to what the primary has, rendered for the replica's Region.</summary>
    public PolicySpec? Policy { get; init; }

    /// <summary>Added to the class's and the primary's tags; a resource's own wins.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary><c>Retain</c> or <c>Delete</c>; default: the primary's.</summary>
    public string? DeletionPolicy { get; init; }

    /// <summary>7 to 30 days; default: the primary's.</summary>
    public int? PendingDeletionWindowDays { get; init; }

    /// <summary>An existing key to take over instead of making one.</summary>
    public AdoptSpec? Adopt { get; init; }

    /// <summary>Take the alias although another key has it, the class permitting. Default false.</summary>
    public bool? TakeOverAlias { get; init; }

    /// <summary><c>Full</c> (default) or <c>Observe</c>, which never writes to AWS.</summary>
    public string? ManagementPolicy { get; init; }

    /// <summary>Where to write the key's coordinates for workloads.</summary>
    public PublishSpec? Publish { get; init; }

    /// <summary>No reconciliation while true. Default false.</summary>
    public bool? Suspend { get; init; }
}

/// <summary><c>KeyReplica.spec.primaryRef</c>.</summary>
public sealed record PrimaryRef
{
    /// <summary>Name of a ServiceKey in the same namespace.</summary>
    public string Name { get; init => field = value ?? ""; } = "";
}
