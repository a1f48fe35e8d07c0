namespace KmsOperator.Api;

/// <summary><c>ServiceKey.spec.material</c>: key material of the user's own, which the operator imports.</summary>
public sealed record MaterialSpec
{
    /// <summary>The Secret that holds it.</summary>
    public MaterialSecretRef? SecretRef { get; init; }

    /// <summary>When KMS deletes the imported material again; 365 days ahead at most. Absent: never.</summary>
    public DateTimeOffset? ValidTo { get; init; }
}

/// <summary><c>spec.material.secretRef</c>: one entry of a Secret in the resource's namespace.</summary>
public sealed record MaterialSecretRef
{
    /// <summary>The Secret's name, which the class must permit by <c>allowed.materialSecrets</c>.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Which entry of its data is the material. Absent: its only one.</summary>
    public string? Key { get; init; }
}
