using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>Key material that the operator imports. It says where the material is, and never what it is.</summary>
/// <param name="SecretName">The Secret, in the resource's namespace.</param>
/// <param name="SecretKey">The entry of the Secret's data; null for its only one.</param>
/// <param name="ValidTo">When KMS deletes the material again, in whole seconds; null for never.</param>
public sealed record DesiredMaterial(string SecretName, string? SecretKey, DateTimeOffset? ValidTo)
{
    /// <summary>What a spec asks for; null where it leaves the import to somebody else.</summary>
    public static DesiredMaterial? Of(ServiceKeySpec spec) => spec.Material is not { SecretRef: { } secret } material
        ? null
        : new DesiredMaterial(secret.Name, secret.Key, material.ValidTo is { } end ? DateTimeOffset.FromUnixTimeSeconds(end.ToUnixTimeSeconds()) : null);

    /// <summary><c>Secret name, valid until 2027-01-01 00:00Z</c>, for people.</summary>
    public override string ToString() => $"Secret {SecretName}{(ValidTo is { } end ? $", valid until {end.UtcDateTime:yyyy-MM-dd HH:mm}Z" : "")}";
}
