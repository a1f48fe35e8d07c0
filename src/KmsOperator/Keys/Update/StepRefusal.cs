using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Promote;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Keys.Update;

/// <summary>Explains why KMS has refused a step of a plan.</summary>
internal static class StepRefusal
{
    // A condition that names 50 tags of 128 characters would hide what it says.
    private const int MaxNamedTags = 20;

    /// <summary>The error for the resource's condition.</summary>
    /// <param name="failure">What AWS answered.</param>
    /// <param name="step">The step.</param>
    /// <param name="before">The key before it.</param>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="isRecent">Whether key or role are so new that AWS may not know them everywhere yet.</param>
    public static ReconcileError Explain(AwsFailure failure, KeyStep step, ObservedKey before, DesiredKey desired, bool isRecent)
    {
        if (failure.Kind == AwsFailureKind.TooManyTags)
        {
            var foreign = before.Tags.Keys.Except(desired.Tags.Keys).Where(tag => !tag.StartsWith(TagNames.Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToArray();
            var names = string.Join(", ", foreign.Take(MaxNamedTags)) + (foreign.Length > MaxNamedTags ? $" and {foreign.Length - MaxNamedTags} more" : "");
            return ReconcileError.Terminal(
                Reasons.QuotaExceeded,
                $"{before.Arn} has {before.Tags.Count} tags, a key has at most {KeyTags.MaxTags}, and AWS permits no more ({failure.Code}: {failure.Message.TrimEnd('.')}). "
                + $"{foreign.Length} of them are not this resource's: {names}. Remove some from the key, or tags from spec.tags or the KeyClass{OperatorWords.Clause}");
        }

        if (failure.Kind == AwsFailureKind.InvalidPrincipal && DeletedPrincipals.Find(before.Policy) is [var deleted, ..])
        {
            return ReconcileError.Terminal(
                Reasons.PrincipalDeleted,
                $"{before.Arn}: {deleted.PrincipalId} in statement {deleted.Statement} stands for a principal that was deleted, and the policy "
                + "cannot be put again while it does not exist. Create the role or user again, or remove it from access or policy.");
        }

        if (step is ImportKeyMaterialStep && before.MultiRegionKeyType == "REPLICA" && failure.Kind == AwsFailureKind.IncorrectKeyMaterial)
        {
            return ReconcileError.Transient(
                Reasons.Progressing, $"{before.Arn} is a replica, and its primary has not got the new key material yet. It is imported here once it is there.");
        }

        if (step is ImportKeyMaterialStep import && failure.Kind == AwsFailureKind.InvalidState && before.Materials?.FirstOrDefault(material => MaterialStates.IsPending(material.State)) is { } pending)
        {
            return ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.material: {before.Arn} does not take the material of Secret {import.Material.SecretName} while it has the material {pending.Id}, to which it has not rotated yet "
                + $"({failure.Code}: {failure.Message.TrimEnd('.')}). {RotateTo(pending, before, desired)}, or delete it "
                + $"(aws kms delete-imported-key-material --key-id {before.Arn} --key-material-id {pending.Id}){OperatorWords.Clause}");
        }

        if (step is UpdateAliasStep { Name: var name, FromKeyId: var from } && failure.Kind == AwsFailureKind.InvalidRequest)
        {
            // KMS moves an alias only between keys of the same type and usage. To delete it and make it again would leave workloads without it in between, so people decide.
            return ReconcileError.Terminal(
                Reasons.AliasConflict,
                $"{name} points at key {from}, and KMS does not let it point at {before.Arn} ({failure.Code}: {failure.Message.TrimEnd('.')}). "
                + $"Delete the alias (aws kms delete-alias --alias-name {name}), and the operator makes it again, or set another name.");
        }

        var subject = step switch
        {
            CreateAliasStep alias => alias.Name,
            CreateGrantStep create => $"{create.Grant.Name} of {before.Arn}",
            RevokeGrantStep revoke => $"{GrantName.InSpec(revoke.Grant.KmsName)} of {before.Arn}",
            _ => before.Arn,
        };
        return PrimaryNotes.FindMoved(failure, before.Arn) ?? AwsReconcileError.ForStep(failure, subject, before.Policy, isRecent);
    }

    /// <summary>What a person can do so that a key rotates to a material that waits for it. The operator rotates by itself only to what the Secret has.</summary>
    private static string RotateTo(ObservedMaterial pending, ObservedKey key, DesiredKey desired) => pending switch
    {
        { State: MaterialStates.PendingMultiRegionImport } => "All replicas need that material first: put it back into the Secret until the key has rotated",
        { IsImported: false } => "That material is deleted, or has expired: put it back into the Secret until the key has rotated",
        _ when !desired.Enabled => "A disabled key does not rotate: put that material back into the Secret, and enable the key until it has rotated",
        _ => $"Rotate the key to that material (aws kms rotate-key-on-demand --key-id {key.Arn})",
    };
}
