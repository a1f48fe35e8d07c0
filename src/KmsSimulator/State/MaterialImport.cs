namespace KmsSimulator.State;

/// <summary>That a key material is imported in a Region.</summary>
/// <param name="ValidTo">When it expires; null for never.</param>
/// <param name="Description">What the importer says about it.</param>
internal sealed record MaterialImport(DateTimeOffset? ValidTo, string? Description)
{
    /// <summary>The model, as KMS names it.</summary>
    public string ExpirationModel => ValidTo is null ? "KEY_MATERIAL_DOES_NOT_EXPIRE" : "KEY_MATERIAL_EXPIRES";
}
