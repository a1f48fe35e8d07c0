using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;

namespace KmsOperator.Aws;

/// <summary>Says what an AWS failure means for a resource.</summary>
public static class AwsReconcileError
{
    /// <summary>The error for a failed step of a key. A guard of the KeyClass may have denied it, and then the message names that.</summary>
    /// <param name="failure">The failed call.</param>
    /// <param name="subject">ARN or alias that the call was about, for the message.</param>
    /// <param name="policy">The key's policy; empty where it is not known.</param>
    /// <param name="isRecent">Whether key or role are so new that AWS may not know them everywhere yet.</param>
    public static ReconcileError ForStep(AwsFailure failure, string subject, string policy, bool isRecent) =>
        failure is { Kind: AwsFailureKind.AccessDenied, Operation: { } operation } && GuardStatements.Find(policy, operation) is { } guard
            ? ReconcileError.Terminal(
                Reasons.AccessDenied,
                $"{operation} of {subject}: {failure.Code}: {failure.Message.TrimEnd('.')}. Statement {guard.Sid} of the key policy, by {guard.Field} of the KeyClass, binds the operator too."
                + $"{OperatorWords.Or}change the class.")
            : For(failure, subject, isRecent);

    /// <summary>The error for a failure.</summary>
    /// <param name="failure">The failed call.</param>
    /// <param name="subject">ARN, alias or account that the call was about, for the message.</param>
    /// <param name="isRecent">Whether key or role are so new that AWS may not know them everywhere yet.</param>
    public static ReconcileError For(AwsFailure failure, string subject, bool isRecent)
    {
        var call = failure.Operation is { } operation ? $"{operation} of {subject}" : subject;
        var said = $"{call}: {failure.Code}: {failure.Message.TrimEnd('.')}.";
        return failure.Kind switch
        {
            AwsFailureKind.Throttled => ReconcileError.Transient(Reasons.Throttled, $"{said}{OperatorWords.Sentence}"),
            AwsFailureKind.Unavailable => ReconcileError.Transient(Reasons.Unavailable, $"{said}{OperatorWords.Sentence}"),
            AwsFailureKind.NotFound => ReconcileError.Transient(Reasons.Progressing, $"{said}{OperatorWords.LookedForAgain}"),
            AwsFailureKind.InvalidState => ReconcileError.Transient(Reasons.Progressing, $"{said}{OperatorWords.Sentence}"),
            AwsFailureKind.InvalidImportToken => ReconcileError.Transient(Reasons.Progressing, $"{said}{OperatorWords.WithNewToken}"),
            AwsFailureKind.IncorrectKeyMaterial => ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"{said} spec.material.secretRef: the Secret has other key material than was imported before, or none for such a key. Put that back; only a symmetric encryption key takes another one."),
            AwsFailureKind.AccessDenied when isRecent => ReconcileError.Transient(
                Reasons.AccessDenied, $"{said} The key or its tags are new and permissions may not have spread yet{OperatorWords.Clause}"),
            AwsFailureKind.AccessDenied => ReconcileError.Terminal(
                Reasons.AccessDenied, $"{said}{OperatorWords.Permission}"),
            AwsFailureKind.AlreadyExists when failure.Operation == "ReplicateKey" => ReconcileError.Terminal(
                Reasons.ReplicaConflict, $"{said} Another replica of this key is in that Region, perhaps pending deletion."),
            AwsFailureKind.AlreadyExists => ReconcileError.Terminal(
                Reasons.AliasConflict, $"{said} Another key has this alias; choose another with spec.alias, or remove that one."),
            AwsFailureKind.InvalidPrincipal => ReconcileError.Terminal(
                Reasons.PrincipalNotFound, $"{said} A role or user named in access or policy does not exist, or not yet{OperatorWords.Clause}"),
            AwsFailureKind.InvalidRequest when failure is { Operation: "CreateGrant", Code: "InvalidArnException" } => ReconcileError.Terminal(
                Reasons.PrincipalNotFound, $"{said} A principal of the grant does not exist, or not yet{OperatorWords.Clause}"),
            AwsFailureKind.PolicyLockout => ReconcileError.Terminal(
                Reasons.PolicyLockout, $"{said} Keep a statement that lets the operator's principal or the account's root call kms:PutKeyPolicy."),
            AwsFailureKind.InvalidPolicy => ReconcileError.Terminal(Reasons.InvalidPolicy, $"{said} Correct spec.policy."),
            AwsFailureKind.TooManyTags => ReconcileError.Terminal(
                Reasons.QuotaExceeded, $"{said} A key has at most {KeyTags.MaxTags} tags, and AWS permits no more. Remove tags that are not needed{OperatorWords.Clause}"),
            AwsFailureKind.QuotaExceeded => ReconcileError.Terminal(
                Reasons.QuotaExceeded, $"{said} Ask AWS for a higher quota, or remove what is not needed{OperatorWords.Clause}"),
            _ => ReconcileError.Terminal(Reasons.InvalidSpec, said),
        };
    }
}
