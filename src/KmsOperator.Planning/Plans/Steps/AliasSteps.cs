namespace KmsOperator.Planning;

/// <summary>A step that writes an alias. The aliases of a Region are one list, so their recent writes are kept with that list.</summary>
/// <param name="Operation">The KMS operation.</param>
/// <param name="Name">Full name, <c>alias/...</c>.</param>
/// <param name="Summary">What changes.</param>
public abstract record AliasStep(string Operation, string Name, string Summary) : KeyStep(Operation, DriftField.Alias, Summary)
{
    /// <inheritdoc />
    public sealed override string AliasName => Name;

    /// <inheritdoc />
    public sealed override bool DelaysRelease => true;

    /// <inheritdoc />
    public sealed override ObservedKey ReplaceStale(ObservedKey seen, ObservedKey before) => seen;
}

/// <summary>Creates an alias for the key.</summary>
/// <param name="Name">Full name.</param>
public sealed record CreateAliasStep(string Name) : AliasStep("CreateAlias", Name, Name)
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) =>
        key with { AliasTargets = new Dictionary<string, string>(key.AliasTargets) { [Name] = key.KeyId } };
}

/// <summary>Points an existing alias at the key.</summary>
/// <param name="Name">Full name.</param>
/// <param name="FromKeyId">The key that it points at now.</param>
public sealed record UpdateAliasStep(string Name, string FromKeyId) : AliasStep("UpdateAlias", Name, $"{Name} points at key {FromKeyId}")
{
    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) =>
        key with { AliasTargets = new Dictionary<string, string>(key.AliasTargets) { [Name] = key.KeyId } };
}

/// <summary>Deletes an alias of the key.</summary>
/// <param name="Name">Full name.</param>
public sealed record DeleteAliasStep(string Name) : AliasStep("DeleteAlias", Name, Name)
{
    /// <inheritdoc />
    /// <remarks>A key must not be left without a name: an old alias stays until the new one is there.</remarks>
    public override bool DependsOn(KeyStep refused) => refused is CreateAliasStep or UpdateAliasStep || base.DependsOn(refused);

    /// <inheritdoc />
    public override ObservedKey ApplyTo(ObservedKey key) =>
        key with { AliasTargets = key.AliasTargets.Where(alias => alias.Key != Name).ToDictionary() };
}
