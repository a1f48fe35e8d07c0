using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Planning;

namespace KmsOperator.Publishing;

/// <summary>
/// The public keys that are published. The public key of a KMS key never changes, so a process reads it once. It is not taken from the ConfigMap that
/// has it: somebody may have put another one there.
/// </summary>
internal sealed class PublicKeys(RegionalClientFactory regions)
{
    /// <summary>The name of the ConfigMap's entry.</summary>
    public const string EntryName = "publicKey";

    /// <summary>Whether a key has a public key.</summary>
    public static bool IsFor(KeyResult result) => result.Resolved is { Desired.KeySpec: var spec } && KeySpecs.IsAsymmetric(spec);

    /// <summary>The public key of a key, as PEM.</summary>
    /// <param name="cache">What this process remembers of the resource.</param>
    /// <param name="result">The key.</param>
    /// <param name="published">What was published before; null if nothing was.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Null where there is none, or KMS does not give it now; the error then says why.</returns>
    public async Task<(string? Pem, ReconcileError? Error)> GetAsync(
        ReconcileCacheEntry cache, KeyResult result, IReadOnlyDictionary<string, string>? published, CancellationToken cancellationToken)
    {
        var status = result.Status;
        if (result.Resolved is null && published?.GetValueOrDefault("keyId") == status.KeyId)
        {
            return (published?.GetValueOrDefault(EntryName), null);
        }

        if (!IsFor(result) || cache.PublicKey?.KeyId == status.KeyId)
        {
            return (IsFor(result) ? cache.PublicKey!.Pem : null, null);
        }

        try
        {
            var pem = await KeyObserver.GetPublicKeyAsync(regions.For(result.Resolved!.Access).Clients.Reading, status.KeyId!, cancellationToken);
            cache.PublicKey = new PublishedKey(status.KeyId!, pem);
            return (pem, null);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, "GetPublicKey") is { } failure)
        {
            // KMS gives no public key of a key that it does not let anybody use. The rest is as described all the same.
            return (null, failure.Kind == AwsFailureKind.InvalidState && status.KeyState != KeyStates.Enabled ? null : AwsReconcileError.For(failure, status.Arn!, isRecent: false));
        }
    }
}
