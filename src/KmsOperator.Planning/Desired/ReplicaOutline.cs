using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>What a replica must be, as far as that is known without asking AWS for its primary.</summary>
public sealed record ReplicaOutline
{
    /// <summary>The KeyReplica.</summary>
    public required KeyOwner Owner { get; init; }

    /// <summary>Account and Region of the replica.</summary>
    public required KeyLocation Location { get; init; }

    /// <summary>KMS description.</summary>
    public required string Description { get; init; }

    /// <summary>Full alias name; null where it is the primary's, which AWS knows.</summary>
    public string? AliasName { get; init; }

    /// <summary>Full names of the replica's other aliases.</summary>
    public IReadOnlyList<string> AdditionalAliases { get; init; } = [];

    /// <summary>The key policy; null where it is the primary's, which AWS knows.</summary>
    public KeyPolicy? Policy { get; init; }

    /// <summary>The grants that the operator keeps on the replica.</summary>
    public IReadOnlyList<DesiredGrant> Grants { get; init; } = [];

    /// <summary>Tags as in <see cref="DesiredKey.Tags"/>; without <c>Name</c> where that depends on an unknown alias.</summary>
    public required IReadOnlyDictionary<string, string> Tags { get; init; }
}
