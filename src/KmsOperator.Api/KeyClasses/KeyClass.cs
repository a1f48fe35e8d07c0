namespace KmsOperator.Api;

/// <summary>Account, Region, naming, tags, access and guard rails shared by many keys.</summary>
public sealed record KeyClass : IResource
{
    /// <summary>The kind's name.</summary>
    public const string KindName = "KeyClass";

    /// <summary>The plural in URLs.</summary>
    public const string Plural = "keyclasses";

    /// <inheritdoc />
    public string ApiVersion { get; init => field = value ?? ApiGroup.ApiVersion; } = ApiGroup.ApiVersion;

    /// <inheritdoc />
    public string Kind { get; init => field = value ?? KindName; } = KindName;

    /// <inheritdoc />
    public ObjectMeta Metadata { get; init => field = value ?? new(); } = new();

    /// <summary>What the administrator wants.</summary>
    public KeyClassSpec Spec { get; init => field = value ?? new(); } = new();

    /// <summary>What the operator saw.</summary>
    public KeyClassStatus? Status { get; init; }
}

/// <summary><c>KeyClass.spec</c>.</summary>
public sealed record KeyClassSpec
{
    /// <summary>Home Region of the keys, for example <c>eu-central-1</c>.</summary>
    public string Region { get; init => field = value ?? ""; } = "";

    /// <summary>The account and how to get there; without it, wherever the ambient credentials are.</summary>
    public AccountSpec? Account { get; init; }

    /// <summary>Keys get <c>alias/{aliasPrefix}/{service}</c>.</summary>
    public string AliasPrefix { get; init => field = value ?? ""; } = "";

    /// <summary>Template of alias names, without <c>alias/</c>; may use <c>{prefix}</c>, <c>{service}</c>, <c>{namespace}</c>, <c>{name}</c>. Default <c>{prefix}/{service}</c>.</summary>
    public string? AliasTemplate { get; init; }

    /// <summary>Tags for every key of the class.</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Access put into every generated policy of the class.</summary>
    public AccessSpec? Access { get; init; }

    /// <summary>Which generated policy: <c>Canonical</c> (default).</summary>
    public string? PolicyPreset { get; init; }

    /// <summary>Default for keys that can rotate.</summary>
    public RotationSpec? Rotation { get; init; }

    /// <summary><c>Retain</c> (default) or <c>Delete</c>.</summary>
    public string? DeletionPolicy { get; init; }

    /// <summary>Days between scheduling and deletion, 7 to 30, default 30.</summary>
    public int? PendingDeletionWindowDays { get; init; }

    /// <summary>What resources of the class may ask for. Without it, anything.</summary>
    public AllowedSpec? Allowed { get; init; }

    /// <summary>What every key policy of the class denies to everybody.</summary>
    public GuardsSpec? Guards { get; init; }

    /// <summary>Who may use the class.</summary>
    public AllowedNamespacesSpec? AllowedNamespaces { get; init; }

    /// <summary>What a resource of this class may do.</summary>
    public PermissionsSpec? Permissions { get; init; }
}

/// <summary><c>KeyClass.spec.account</c>.</summary>
public sealed record AccountSpec
{
    /// <summary>12 digits; checked against the credentials before the first write.</summary>
    public string? Id { get; init; }

    /// <summary>The role that the operator assumes for this class.</summary>
    public string? RoleArn { get; init; }

    /// <summary>External id for assuming <see cref="RoleArn"/>.</summary>
    public string? ExternalId { get; init; }
}

/// <summary><c>KeyClass.spec.allowedNamespaces</c>.</summary>
public sealed record AllowedNamespacesSpec
{
    /// <summary><c>All</c> (default), <c>Selector</c> or <c>None</c>.</summary>
    public string? From { get; init; }

    /// <summary>With <c>Selector</c>: labels that the namespace must carry.</summary>
    public LabelSelector? Selector { get; init; }
}

/// <summary>A label selector; an empty one selects everything.</summary>
/// <remarks>Source: Kubernetes API reference, LabelSelector v1.</remarks>
public sealed record LabelSelector
{
    /// <summary>Labels that must have exactly these values.</summary>
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }

    /// <summary>Further requirements, all of which must hold.</summary>
    public IReadOnlyList<LabelSelectorRequirement>? MatchExpressions { get; init; }
}

/// <summary>One requirement of a <see cref="LabelSelector"/>.</summary>
public sealed record LabelSelectorRequirement
{
    /// <summary>The label's key.</summary>
    public string Key { get; init => field = value ?? ""; } = "";

    /// <summary><c>In</c>, <c>NotIn</c>, <c>Exists</c> or <c>DoesNotExist</c>.</summary>
    public string Operator { get; init => field = value ?? ""; } = "";

    /// <summary>Values for <c>In</c> and <c>NotIn</c>; empty for the others.</summary>
    public IReadOnlyList<string>? Values { get; init; }
}

/// <summary><c>KeyClass.spec.permissions</c>: <c>Allow</c> or <c>Deny</c> each.</summary>
public sealed record PermissionsSpec
{
    /// <summary>May resources replace the generated policy? Default <c>Allow</c>.</summary>
    public string? PolicyOverride { get; init; }

    /// <summary>May resources add principals, trusted accounts or statements? Default <c>Allow</c>.</summary>
    public string? AdditionalAccess { get; init; }

    /// <summary>May resources take over existing keys? Default <c>Deny</c>.</summary>
    public string? Adoption { get; init; }

    /// <summary>May resources take an alias from another key? Default <c>Deny</c>.</summary>
    public string? AliasTakeOver { get; init; }

    /// <summary>May resources with deletion policy <c>Retain</c> cancel somebody else's scheduled deletion of their key? Default <c>Deny</c>.</summary>
    public string? Undelete { get; init; }
}

/// <summary><c>KeyClass.status</c>.</summary>
public sealed record KeyClassStatus
{
    /// <summary>The generation that was last acted on; -1 until then.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>The account that the credentials belong to.</summary>
    public string? AccountId { get; init; }

    /// <summary>Conditions, by type.</summary>
    public IReadOnlyList<Condition>? Conditions { get; init; }
}
