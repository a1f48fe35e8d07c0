namespace KmsOperator.Planning;

/// <summary>What was imported last, as the resource's status remembers it. The material cannot be found from it.</summary>
/// <param name="KeyMaterialId">KMS's id of the material; null where KMS gave none.</param>
/// <param name="SecretName">The Secret that it came from.</param>
/// <param name="SecretKey">The entry that the spec named; null for the only one.</param>
/// <param name="Version">The version of the Secret.</param>
/// <param name="ValidTo">When KMS deletes it; null for never.</param>
public sealed record MaterialRecord(string? KeyMaterialId, string SecretName, string? SecretKey, SecretVersion Version, DateTimeOffset? ValidTo);

/// <summary>Which Secret, and which content of it.</summary>
/// <param name="Uid">The Secret's uid.</param>
/// <param name="ResourceVersion">Changes with every change of the Secret.</param>
public sealed record SecretVersion(string Uid, string ResourceVersion);

/// <summary>What was found of the material that the spec names.</summary>
/// <param name="Version">The version of the Secret; null where it was not read.</param>
/// <param name="Error">Why the material cannot be imported; null when it can.</param>
public sealed record MaterialSource(SecretVersion? Version, ReconcileError? Error);
