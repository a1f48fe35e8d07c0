namespace KmsOperator.Api;

/// <summary>
/// The part of Kubernetes' ObjectMeta that the operator reads. What is not modelled here (<c>managedFields</c> above all) is
/// dropped when an object is read, and survives because the operator never writes whole objects.
/// </summary>
/// <remarks>Source: Kubernetes API reference, ObjectMeta v1.</remarks>
public sealed record ObjectMeta
{
    /// <summary>Unique within the namespace and the kind.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Absent on cluster-scoped objects.</summary>
    public string? Namespace { get; init; }

    /// <summary>Distinguishes two objects that had the same name at different times.</summary>
    public string? Uid { get; init; }

    /// <summary>Opaque version for optimistic locking; compare for equality only.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Grows with each change of <c>spec</c>.</summary>
    public long? Generation { get; init; }

    /// <summary>When the API server stored the object first.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }

    /// <summary>Set once deletion was asked for; the object goes when its finalizers are gone.</summary>
    public DateTimeOffset? DeletionTimestamp { get; init; }

    /// <summary>Names of those who must act before the object goes.</summary>
    public IReadOnlyList<string>? Finalizers { get; init; }

    /// <summary>Objects that this one depends on.</summary>
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}

/// <summary>A reference from a dependent object to its owner.</summary>
/// <remarks>Source: Kubernetes API reference, OwnerReference v1.</remarks>
public sealed record OwnerReference
{
    /// <summary>API group and version of the owner.</summary>
    public string ApiVersion { get; init => field = value ?? ""; } = "";

    /// <summary>Kind of the owner.</summary>
    public string Kind { get; init => field = value ?? ""; } = "";

    /// <summary>Name of the owner, in the dependent's namespace or cluster-scoped.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Uid of the owner.</summary>
    public string Uid { get; init => field = value ?? ""; } = "";

    /// <summary>Whether this owner is the managing controller; one owner at most is.</summary>
    public bool? Controller { get; init; }

    /// <summary>Whether the owner's foreground deletion waits for this object.</summary>
    public bool? BlockOwnerDeletion { get; init; }
}
