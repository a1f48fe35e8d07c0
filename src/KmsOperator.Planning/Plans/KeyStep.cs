using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>One change of one key, as one KMS call.</summary>
/// <param name="Operation">The KMS operation.</param>
/// <param name="Summary">For people: what changes, without the operation's name.</param>
public abstract record KeyStep(string Operation, string Summary)
{
    /// <summary>The key as it is once the step has succeeded.</summary>
    public abstract ObservedKey ApplyTo(ObservedKey key);

    /// <summary><c>Operation: summary</c>, for events, logs and plans.</summary>
    public sealed override string ToString() => $"{Operation}: {Summary}";
}

/// <summary>Makes the key usable.</summary>
public sealed record EnableKeyStep() : KeyStep("EnableKey", "the key is disabled")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { KeyState = KeyStates.Enabled };
}

/// <summary>Makes the key unusable.</summary>
public sealed record DisableKeyStep() : KeyStep("DisableKey", "spec.enabled is false")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { KeyState = KeyStates.Disabled };
}

/// <summary>Replaces the key policy.</summary>
/// <param name="Policy">The new policy.</param>
public sealed record PutKeyPolicyStep(KeyPolicy Policy) : KeyStep("PutKeyPolicy", "the key policy differs")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Policy = Policy.Text };
}

/// <summary>Replaces the description.</summary>
/// <param name="Description">The new description.</param>
public sealed record UpdateKeyDescriptionStep(string Description)
    : KeyStep("UpdateKeyDescription", $"the description becomes \"{Description}\"")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Description = Description };
}

/// <summary>Sets tags.</summary>
/// <param name="Tags">Tags to add or change.</param>
public sealed record TagResourceStep(IReadOnlyDictionary<string, string> Tags)
    : KeyStep("TagResource", string.Join(", ", Tags.Order(TagOrder).Select(tag => $"{tag.Key}={tag.Value}")))
{
    private static readonly Comparer<KeyValuePair<string, string>> TagOrder =
        Comparer<KeyValuePair<string, string>>.Create((x, y) => string.CompareOrdinal(x.Key, y.Key));

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key)
    {
        var tags = new Dictionary<string, string>(key.Tags);
        foreach (var (name, value) in Tags)
        {
            tags[name] = value;
        }

        return key with { Tags = tags };
    }
}

/// <summary>Removes tags that the operator put earlier.</summary>
/// <param name="TagKeys">Keys of the tags.</param>
public sealed record UntagResourceStep(IReadOnlyList<string> TagKeys)
    : KeyStep("UntagResource", string.Join(", ", TagKeys.Order(StringComparer.Ordinal)))
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) =>
        key with { Tags = key.Tags.Where(tag => !TagKeys.Contains(tag.Key)).ToDictionary() };
}

/// <summary>Makes an alias.</summary>
/// <param name="AliasName">Full name, <c>alias/...</c>.</param>
public sealed record CreateAliasStep(string AliasName) : KeyStep("CreateAlias", AliasName)
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) =>
        key with { AliasTargets = new Dictionary<string, string>(key.AliasTargets) { [AliasName] = key.KeyId } };
}

/// <summary>Points an alias of ours back at the key.</summary>
/// <param name="AliasName">Full name.</param>
/// <param name="FromKeyId">The key that it points at now.</param>
public sealed record UpdateAliasStep(string AliasName, string FromKeyId)
    : KeyStep("UpdateAlias", $"{AliasName} points at key {FromKeyId}")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) =>
        key with { AliasTargets = new Dictionary<string, string>(key.AliasTargets) { [AliasName] = key.KeyId } };
}

/// <summary>Removes an alias of ours.</summary>
/// <param name="AliasName">Full name.</param>
public sealed record DeleteAliasStep(string AliasName) : KeyStep("DeleteAlias", AliasName)
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) =>
        key with { AliasTargets = key.AliasTargets.Where(alias => alias.Key != AliasName).ToDictionary() };
}

/// <summary>Turns automatic rotation on, or changes its period.</summary>
/// <param name="PeriodDays">90 to 2560.</param>
public sealed record EnableKeyRotationStep(int PeriodDays) : KeyStep("EnableKeyRotation", $"every {PeriodDays} days")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Rotation = new ObservedRotation(true, PeriodDays, null) };
}

/// <summary>Turns automatic rotation off.</summary>
public sealed record DisableKeyRotationStep() : KeyStep("DisableKeyRotation", "rotation.enabled is false")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { Rotation = new ObservedRotation(false, null, null) };
}

/// <summary>Starts the key's deletion window.</summary>
/// <param name="PendingWindowInDays">7 to 30.</param>
public sealed record ScheduleKeyDeletionStep(int PendingWindowInDays)
    : KeyStep("ScheduleKeyDeletion", $"in {PendingWindowInDays} days")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { KeyState = KeyStates.PendingDeletion };
}

/// <summary>Takes the key back from its deletion. KMS leaves it disabled.</summary>
public sealed record CancelKeyDeletionStep() : KeyStep("CancelKeyDeletion", "the key is pending deletion")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key with { KeyState = KeyStates.Disabled, DeletionDate = null };
}

/// <summary>Rotates the key material now; automatic rotation goes on as before.</summary>
/// <param name="RotateAt">The value of the annotation that asked for it.</param>
public sealed record RotateKeyOnDemandStep(string RotateAt) : KeyStep("RotateKeyOnDemand", $"asked for by rotate-at {RotateAt}")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) => key;
}
