using System.Collections.Immutable;

namespace KmsSimulator.Model;

/// <summary>A KMS key in one Region.</summary>
internal sealed record KeyRecord
{
    public required string AccountId { get; init; }

    public required string Region { get; init; }

    public required string KeyId { get; init; }

    public required DateTimeOffset CreationDate { get; init; }

    public string Description { get; init; } = "";

    public required string KeySpec { get; init; }

    public required string KeyUsage { get; init; }

    public string Origin { get; init; } = "AWS_KMS";

    /// <summary>The state; replicas are Creating until <see cref="TransitionUntil"/>, which <see cref="StateAt"/> takes into account.</summary>
    public required string State { get; init; }

    /// <summary>When a replica's creation, or a change of the primary Region, is complete.</summary>
    public DateTimeOffset? TransitionUntil { get; init; }

    public string? TransitionState { get; init; }

    public required string Policy { get; init; }

    public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary<string, string>.Empty.WithComparers(StringComparer.Ordinal);

    public DateTimeOffset? DeletionDate { get; init; }

    public int? PendingWindowDays { get; init; }

    public Family? Family { get; init; }

    public required byte[] Material { get; init; }

    public Rotation Rotation { get; init; } = Rotation.Off;

    public LastUsage? LastUsage { get; init; }

    public ImmutableList<Grant> Grants { get; init; } = [];

    public string Arn => Arns.Key(AccountId, Region, KeyId);

    public bool IsPendingDeletion => State is KeyState.PendingDeletion or KeyState.PendingReplicaDeletion;

    public string StateAt(DateTimeOffset now) => TransitionUntil is { } until && now < until ? TransitionState! : State;
}

/// <summary>What the members of a multi-Region family share. The members' Regions are in the world.</summary>
internal sealed record Family(string PrimaryRegion);

/// <summary>Automatic rotation; replicas show their primary's.</summary>
internal sealed record Rotation(bool Enabled, int PeriodDays, DateTimeOffset Since, ImmutableList<RotationEntry> Done)
{
    public static Rotation Off { get; } = new(false, 365, DateTimeOffset.UnixEpoch, []);
}

internal sealed record RotationEntry(DateTimeOffset Date, string Type);

internal sealed record LastUsage(string Operation, DateTimeOffset Timestamp, string RequestId);

internal sealed record Grant(
    string GrantId, string GranteePrincipal, string? RetiringPrincipal, string? Name, ImmutableArray<string> Operations, DateTimeOffset CreationDate, string? ConstraintsJson);

internal static class KeyState
{
    public const string Enabled = "Enabled";
    public const string Disabled = "Disabled";
    public const string PendingDeletion = "PendingDeletion";
    public const string PendingReplicaDeletion = "PendingReplicaDeletion";
    public const string PendingImport = "PendingImport";
    public const string Creating = "Creating";
    public const string Updating = "Updating";
}
