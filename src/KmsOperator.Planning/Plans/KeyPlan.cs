namespace KmsOperator.Planning;

/// <summary>What has to be done to a key, in this order, and what stands against it being as desired.</summary>
/// <param name="Steps">Steps to execute; empty when nothing differs or nothing may be done.</param>
/// <param name="Errors">What the steps cannot put right; the first is shown.</param>
public sealed record KeyPlan(IReadOnlyList<KeyStep> Steps, IReadOnlyList<ReconcileError> Errors)
{
    /// <summary>Whether the key is as desired.</summary>
    public bool IsEmpty => Steps.Count == 0 && Errors.Count == 0;

    /// <summary>A plan that does nothing, because of one error.</summary>
    public static KeyPlan Blocked(ReconcileError error) => new([], [error]);
}

/// <summary>What earlier reconciles recorded in the resource's status.</summary>
/// <param name="AliasName">The alias that the operator gave the key.</param>
/// <param name="TagKeys">Keys of the tags that the operator put.</param>
/// <param name="PendingAliasName">An alias that the operator was about to give to the key.</param>
public sealed record KeyRecord(string? AliasName, IReadOnlyCollection<string> TagKeys, string? PendingAliasName = null)
{
    /// <summary>The other aliases that the operator gave the key.</summary>
    public IReadOnlyList<string> AdditionalAliases { get; init; } = [];

    /// <summary>Aliases that the key had until lately, or was about to get beside its own.</summary>
    public IReadOnlyList<string> FormerAliasNames { get; init; } = [];

    /// <summary>The other resource, as <c>{kind}/{namespace}/{name}</c>, that has a wanted alias; wanted aliases that no other resource has are not in it.</summary>
    public IReadOnlyDictionary<string, string> AliasHolders { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Until when a call that was sent for another key may arrive and take an alias away again; wanted aliases for which there is none are not in it.
    /// </summary>
    public IReadOnlyDictionary<string, DateTimeOffset> LateAliasWrites { get; init; } = new Dictionary<string, DateTimeOffset>();

    /// <summary>Whether the key was created in this reconcile.</summary>
    public bool IsNew { get; init; }

    /// <summary>Whether KMS may not show yet what an earlier resource of the name put on the key.</summary>
    public bool TagsMayBeOld { get; init; }

    /// <summary>The key material that the operator imported last; null for none.</summary>
    public MaterialRecord? Material { get; init; }

    /// <summary>What was found of the material that the spec names; null where nobody looked, as for a plan without a cluster.</summary>
    public MaterialSource? MaterialSource { get; init; }

    /// <summary>Nothing recorded.</summary>
    public static KeyRecord Empty { get; } = new(null, []);
}
