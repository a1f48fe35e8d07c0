using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Material;

/// <summary>
/// Reads key material from the Secret that a spec names. It is asked only for what the class permits, since no other desired key has a material. What it
/// reads and does not hand on is overwritten at once; no message has any of it.
/// </summary>
internal sealed class SecretMaterials(IKubernetesApi api, OperatorSettings settings)
{
    private const string Field = "spec.material.secretRef";

    // KMS takes 6,144 bytes of wrapped material: PKCS #8 of any key fits in, whatever else does not.
    private const int MaxBytes = 5000;
    private const byte DerSequence = 0x30;
    private static readonly TimeSpan LongestValidity = TimeSpan.FromDays(365);

    /// <summary>Reads the material of a key, if there is one to import.</summary>
    /// <param name="namespace">The resource's namespace.</param>
    /// <param name="desired">What the key must be.</param>
    /// <param name="key">The key as it is.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The caller disposes of it.</returns>
    /// <exception cref="KubernetesApiException">The server cannot say.</exception>
    public async Task<MaterialReading> ReadAsync(string @namespace, DesiredKey desired, ObservedKey key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (desired.Material is not { } wanted || desired.ObserveOnly || key.Origin != KeyOrigins.External)
        {
            return MaterialReading.None;
        }

        if (!settings.ReadsMaterial)
        {
            return new MaterialReading(null, KeyMaterial.Placeholder);
        }

        if (wanted.ValidTo <= now)
        {
            return MaterialReading.Failed(Invalid(
                "spec.material.validTo", $"{wanted.ValidTo.Value.UtcDateTime:yyyy-MM-dd HH:mm}Z has passed, and the key material of {key.Arn} with it. Set a later time, or remove it, to import the material again."));
        }

        if (wanted.ValidTo - now > LongestValidity)
        {
            return MaterialReading.Failed(Invalid("spec.material.validTo", $"{wanted.ValidTo!.Value.UtcDateTime:yyyy-MM-dd HH:mm}Z is more than 365 days ahead. Set an earlier time, or remove it for material that stays."));
        }

        try
        {
            var secret = await api.GetAsync(BuiltInTypes.Secrets, new NamespacedName(@namespace, wanted.SecretName), cancellationToken);
            return secret is null
                ? MaterialReading.Failed(ReconcileError.Transient(Reasons.Progressing, $"{Field}.name: there is no Secret {wanted.SecretName} in namespace {@namespace}; its key material is imported once it is there."))
                : Take(secret, wanted, key.KeySpec);
        }
        catch (KubernetesApiException e) when (e.IsForbidden)
        {
            return MaterialReading.Failed(ReconcileError.Terminal(
                Reasons.AccessDenied,
                $"{Field}.name: Kubernetes does not let the operator read Secret {wanted.SecretName} in namespace {@namespace}. Permit it: the chart's value rbac.materialSecrets makes the Role.{OperatorWords.Sentence}"));
        }
        catch (JsonException)
        {
            // What the parser says may quote what it read.
            return MaterialReading.Failed(Invalid($"{Field}.name", $"Secret {wanted.SecretName} cannot be read. Make it again."));
        }
    }

    private static MaterialReading Take(Secret secret, DesiredMaterial wanted, string keySpec)
    {
        var version = new SecretVersion(secret.Metadata.Uid ?? "", secret.Metadata.ResourceVersion ?? "");
        try
        {
            var data = secret.Data ?? new Dictionary<string, byte[]>();
            if (wanted.SecretKey is null && data.Count != 1)
            {
                return MaterialReading.Failed(Invalid($"{Field}.key", $"is required, since Secret {wanted.SecretName} has {data.Count} entries."), version);
            }

            if (data.GetValueOrDefault(wanted.SecretKey ?? data.Keys.First()) is not { } bytes)
            {
                return MaterialReading.Failed(Invalid($"{Field}.key", $"Secret {wanted.SecretName} has no entry {wanted.SecretKey}."), version);
            }

            return FindMistake(bytes, keySpec) is { } mistake
                ? MaterialReading.Failed(Invalid(Field, $"the entry of Secret {wanted.SecretName} {mistake} Nothing was sent to KMS."), version)
                : new MaterialReading(new MaterialSource(version, null), new KeyMaterial([.. bytes]));
        }
        finally
        {
            secret.Clear();
        }
    }

    private static string? FindMistake(ReadOnlySpan<byte> bytes, string keySpec)
    {
        if (KeySpecs.MaterialBytes(keySpec) is { } length)
        {
            return bytes.Length == length ? null : $"has {bytes.Length} bytes; the key material of a key with keySpec {keySpec} has {length}.";
        }

        return bytes.Length is > 0 and <= MaxBytes && bytes[0] == DerSequence
            ? null
            : $"is no private key as KMS takes it for keySpec {keySpec}: PKCS #8 in DER, neither PEM nor encrypted.";
    }

    private static ReconcileError Invalid(string field, string message) => ReconcileError.Terminal(Reasons.InvalidSpec, $"{field}: {message}");
}
