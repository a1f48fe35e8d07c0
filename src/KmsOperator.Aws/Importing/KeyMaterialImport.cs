using System.Diagnostics;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Planning;

namespace KmsOperator.Aws;

/// <summary>Imports key material: a wrapping key and a token from KMS, and the material wrapped with that key.</summary>
public static class KeyMaterialImport
{
    /// <summary>The operations that it calls.</summary>
    internal static readonly string[] Operations = ["GetParametersForImport", "ImportKeyMaterial"];

    /// <summary>
    /// Imports. Without an ImportType KMS takes the first material of a key, or one that the key had before. Only what it does not know is sent once
    /// more, as new material of a symmetric encryption key. So a repeated import changes nothing.
    /// </summary>
    /// <param name="kms">Writing client of the key's Region.</param>
    /// <param name="step">What to do.</param>
    /// <param name="key">The key as it is before the step.</param>
    /// <param name="material">The material; the caller disposes of it.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <returns>The step, with KMS's id of the material.</returns>
    public static async Task<ImportKeyMaterialStep> ExecuteAsync(
        IAmazonKeyManagementService kms, ImportKeyMaterialStep step, ObservedKey key, KeyMaterial material, CancellationToken cancellationToken)
    {
        using var span = Activity.Current?.Source.StartActivity($"step {step.Operation}")?.SetTag("keyId", key.KeyId);
        var (token, wrapped) = material.IsPlaceholder ? ([0], [0]) : await WrapAsync(kms, key, material, cancellationToken);
        try
        {
            return await SendAsync(kms, step, key, token, wrapped, null, cancellationToken);
        }
        catch (AmazonKeyManagementServiceException e) when (TakesNewMaterial(key) && AwsFailure.Of(e)!.Kind == AwsFailureKind.IncorrectKeyMaterial)
        {
            return await SendAsync(kms, step, key, token, wrapped, ImportType.NEW_KEY_MATERIAL, cancellationToken);
        }
    }

    /// <summary>Whether a key can get another material than its first, here.</summary>
    private static bool TakesNewMaterial(ObservedKey key) => key.KeySpec == KeySpecs.Default && key.MultiRegionKeyType != "REPLICA";

    private static async Task<(byte[] Token, byte[] Wrapped)> WrapAsync(
        IAmazonKeyManagementService kms, ObservedKey key, KeyMaterial material, CancellationToken cancellationToken)
    {
        var algorithm = MaterialWrapping.AlgorithmFor(key.KeySpec);
        var parameters = await kms.GetParametersForImportAsync(
            new GetParametersForImportRequest { KeyId = key.KeyId, WrappingAlgorithm = algorithm, WrappingKeySpec = WrappingKeySpec.RSA_4096 }, cancellationToken);
        return (parameters.ImportToken.ToArray(), MaterialWrapping.Wrap(parameters.PublicKey.ToArray(), algorithm, material.Span));
    }

    private static async Task<ImportKeyMaterialStep> SendAsync(
        IAmazonKeyManagementService kms, ImportKeyMaterialStep step, ObservedKey key, byte[] token, byte[] wrapped, ImportType? type, CancellationToken cancellationToken)
    {
        var validTo = step.Material.ValidTo;
        var answer = await kms.ImportKeyMaterialAsync(
            new ImportKeyMaterialRequest
            {
                KeyId = key.KeyId,
                ImportToken = new MemoryStream(token),
                EncryptedKeyMaterial = new MemoryStream(wrapped),
                ImportType = type,
                ExpirationModel = validTo is null ? ExpirationModelType.KEY_MATERIAL_DOES_NOT_EXPIRE : ExpirationModelType.KEY_MATERIAL_EXPIRES,
                ValidTo = validTo?.UtcDateTime,
            },
            cancellationToken);
        return step with { KeyMaterialId = answer.KeyMaterialId };
    }
}
