namespace KmsOperator.Api;

/// <summary><c>KeyClass.spec.guards</c>: statements in every key policy of the class that deny something to everybody, the operator included.</summary>
public sealed record GuardsSpec
{
    /// <summary>No key that was used lately is disabled or scheduled for deletion.</summary>
    public KeepKeysInUseSpec? KeepKeysInUse { get; init; }

    /// <summary>No deletion is scheduled with a shorter waiting period: 7 to 30 days.</summary>
    public int? MinimumPendingDeletionWindowDays { get; init; }

    /// <summary>Automatic rotation has no other period.</summary>
    public RotationPeriodLimitsSpec? RotationPeriodDays { get; init; }

    /// <summary>Id of an organization (<c>o-...</c>). No principal of another one, or of none, may do anything with the key; AWS services are not concerned.</summary>
    public string? OnlyOrganization { get; init; }
}

/// <summary><c>KeyClass.spec.guards.keepKeysInUse</c>.</summary>
public sealed record KeepKeysInUseSpec
{
    /// <summary>For so many days after its last use, or after its creation, a key counts as in use: 1 to 3650.</summary>
    public int? Days { get; init; }
}

/// <summary><c>KeyClass.spec.guards.rotationPeriodDays</c>.</summary>
public sealed record RotationPeriodLimitsSpec
{
    /// <summary>The shortest period, 90 to 2560 days.</summary>
    public int? Minimum { get; init; }

    /// <summary>The longest period, 90 to 2560 days.</summary>
    public int? Maximum { get; init; }
}
