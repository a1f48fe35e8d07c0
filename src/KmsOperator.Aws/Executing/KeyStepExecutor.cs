using System.Diagnostics;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using KmsOperator.Planning;

namespace KmsOperator.Aws;

/// <summary>Turns one step of a plan into its KMS call. The one that needs a secret as well, the import of key material, is <see cref="KeyMaterialImport"/>'s.</summary>
public static class KeyStepExecutor
{
    /// <summary>The operations of all steps, as <see cref="ExecuteAsync"/> calls them.</summary>
    internal static readonly string[] Operations =
    [
        "CancelKeyDeletion", "CreateAlias", "CreateGrant", "DeleteAlias", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation", "PutKeyPolicy", "RevokeGrant",
        "RotateKeyOnDemand", "ScheduleKeyDeletion", "TagResource", "UntagResource", "UpdateAlias", "UpdateKeyDescription", "UpdatePrimaryRegion",
    ];

    /// <summary>Executes a step on a key.</summary>
    /// <param name="kms">Writing client of the key's Region.</param>
    /// <param name="step">What to do.</param>
    /// <param name="key">The key as it is before the step.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <returns>The key as it is after the step.</returns>
    public static async Task<ObservedKey> ExecuteAsync(
        IAmazonKeyManagementService kms, KeyStep step, ObservedKey key, CancellationToken cancellationToken)
    {
        // Below the reconciliation's span, where there is one. Never what the step writes: policies are nobody's business but the key's.
        using var span = Activity.Current?.Source.StartActivity($"step {step.Operation}")?.SetTag("keyId", key.KeyId);
        var keyId = key.KeyId;
        switch (step)
        {
            case EnableKeyStep:
                await kms.EnableKeyAsync(new EnableKeyRequest { KeyId = keyId }, cancellationToken);
                break;
            case DisableKeyStep:
                await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = keyId }, cancellationToken);
                break;
            case PutKeyPolicyStep put:
                await kms.PutKeyPolicyAsync(
                    new PutKeyPolicyRequest { KeyId = keyId, PolicyName = "default", Policy = put.Policy.Text }, cancellationToken);
                break;
            case UpdateKeyDescriptionStep update:
                await kms.UpdateKeyDescriptionAsync(
                    new UpdateKeyDescriptionRequest { KeyId = keyId, Description = update.Description }, cancellationToken);
                break;
            case TagResourceStep tag:
                await kms.TagResourceAsync(new TagResourceRequest { KeyId = keyId, Tags = KeyCreator.ToTags(tag.Tags) }, cancellationToken);
                break;
            case UntagResourceStep untag:
                await kms.UntagResourceAsync(new UntagResourceRequest { KeyId = keyId, TagKeys = [.. untag.TagKeys] }, cancellationToken);
                break;
            case CreateAliasStep alias:
                await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = alias.AliasName, TargetKeyId = keyId }, cancellationToken);
                break;
            case UpdateAliasStep alias:
                await kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = alias.AliasName, TargetKeyId = keyId }, cancellationToken);
                break;
            case DeleteAliasStep alias:
                await kms.DeleteAliasAsync(new DeleteAliasRequest { AliasName = alias.AliasName }, cancellationToken);
                break;
            case EnableKeyRotationStep rotation:
                await kms.EnableKeyRotationAsync(
                    new EnableKeyRotationRequest { KeyId = keyId, RotationPeriodInDays = rotation.PeriodDays }, cancellationToken);
                break;
            case DisableKeyRotationStep:
                await kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = keyId }, cancellationToken);
                break;
            case RotateKeyOnDemandStep:
                await kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = keyId }, cancellationToken);
                break;
            case CreateGrantStep create:
                // The answer's grant token is a credential of a kind. Nobody here needs it.
                var created = await kms.CreateGrantAsync(GrantRequests.Of(create.Grant, keyId), cancellationToken);
                return (create with { GrantId = created.GrantId }).ApplyTo(key);
            case RevokeGrantStep revoke:
                await kms.RevokeGrantAsync(new RevokeGrantRequest { KeyId = keyId, GrantId = revoke.Grant.Id }, cancellationToken);
                break;
            case UpdatePrimaryRegionStep move:
                await kms.UpdatePrimaryRegionAsync(new UpdatePrimaryRegionRequest { KeyId = keyId, PrimaryRegion = move.Region }, cancellationToken);
                break;
            case CancelKeyDeletionStep:
                await kms.CancelKeyDeletionAsync(new CancelKeyDeletionRequest { KeyId = keyId }, cancellationToken);
                break;
            case ScheduleKeyDeletionStep schedule:
                var scheduled = await kms.ScheduleKeyDeletionAsync(
                    new ScheduleKeyDeletionRequest { KeyId = keyId, PendingWindowInDays = schedule.PendingWindowInDays }, cancellationToken);
                return step.ApplyTo(key) with
                {
                    // A primary with replicas answers PendingReplicaDeletion and no date.
                    KeyState = scheduled.KeyState?.Value ?? KeyStates.PendingDeletion,
                    DeletionDate = scheduled.DeletionDate is { } date ? new DateTimeOffset(date.ToUniversalTime()) : null,
                };
            default:
                throw new ArgumentOutOfRangeException(nameof(step), step.Operation, "No KMS call is known for this step.");
        }

        return step.ApplyTo(key);
    }
}
