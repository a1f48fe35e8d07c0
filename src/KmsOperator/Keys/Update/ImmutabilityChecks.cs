using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>
/// The rules of what cannot change once a resource has a key. Recent API servers refuse these changes by the CRD's CEL rules, as far as one
/// resource alone shows them; the operator checks them all.
/// </summary>
internal static class ImmutabilityChecks
{
    /// <summary>Why the desired key cannot be the one that the resource has: it would be in another account or Region. Null if it would not.</summary>
    /// <param name="status">The resource's status.</param>
    /// <param name="isUndecided">Whether it is open if an attempt on record made a key.</param>
    /// <param name="resolved">The desired key.</param>
    public static ReconcileError? FindMove(KeyStatus status, bool isUndecided, ResolvedKey resolved) =>
        status.KeyId is not null || isUndecided ? FindMove(status, resolved.Desired.Location, resolved.ClassName) : null;

    /// <summary>Why a ServiceKey's class cannot be used: it now names another account or Region than the ServiceKey's key has.</summary>
    public static ReconcileError? FindMove(ServiceKey resource, KeyClass keyClass) => resource.Status?.KeyId is not null || CreateAttempt.Of(resource) is not null
        ? FindMove(CreateAttempt.StatusOf(resource), new KeyLocation(keyClass.Status!.AccountId!, keyClass.Spec.Region), keyClass.Metadata.Name)
        : null;

    /// <summary>Whether <c>spec.service</c> of a ServiceKey differs from the service that its key was created for.</summary>
    public static ReconcileError? FindServiceChange(ServiceKey resource) =>
        resource.Status is not { KeyId: not null } status || status.Service == resource.Spec.Service
            ? null
            : ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.service: cannot be changed; {status.Arn} was created for {status.Service ?? "no service"}. Put that back, or create another resource.");

    /// <summary>Whether <c>spec.region</c> of a KeyReplica differs from the Region that its key is in.</summary>
    public static ReconcileError? FindRegionChange(KeyReplica resource) =>
        (resource.Status?.KeyId is null && CreateAttempt.Of(resource)?.Region is null)
        || CreateAttempt.StatusOf(resource) is not { } status || status.Region == resource.Spec.Region
            ? null
            : ReconcileError.Terminal(
                Reasons.InvalidSpec, $"spec.region: cannot be changed; the replica is in {status.Region}. Put that back, or create another resource.");

    /// <summary>Whether a KeyReplica that has a key now names another ServiceKey as its primary.</summary>
    public static ReconcileError? FindPrimaryChange(KeyReplica resource, ServiceKey primary)
    {
        if (resource.Status?.KeyId is not { } keyId || primary.Status?.KeyId == keyId)
        {
            return null;
        }

        return primary.Status?.KeyId is { } primaryKeyId
            ? ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.primaryRef: cannot be changed; this is a replica of {keyId}, and the key of ServiceKey {primary.Metadata.Name} is {primaryKeyId}.")
            : ReconcileError.Transient(
                Reasons.PrimaryNotReady,
                $"spec.primaryRef: this is a replica of {keyId}, and ServiceKey {primary.Metadata.Name} has no key yet. The operator waits until it has one.");
    }

    /// <summary>Whether a KeyReplica that has a key now names another key as its primary by <c>spec.primaryKeyArn</c>.</summary>
    public static ReconcileError? FindPrimaryChange(KeyReplica resource, string primaryKeyId) =>
        resource.Status?.KeyId is not { } keyId || keyId == primaryKeyId
            ? null
            : ReconcileError.Terminal(
                Reasons.InvalidSpec, $"spec.primaryKeyArn: cannot be changed; this is a replica of {keyId}. Put that back, or create another resource.");

    /// <summary>A resource stays with its key; <c>spec.adopt</c> only says where the key comes from.</summary>
    public static ReconcileError? FindOtherAdoption(KeyStatus status, DesiredKey desired)
    {
        if (status.KeyId is null || desired.AdoptKeyId is not { } adopt || adopt.Contains("alias/", StringComparison.Ordinal)
            || adopt == status.KeyId || adopt == status.Arn)
        {
            return null;
        }

        return ReconcileError.Terminal(
            Reasons.InvalidSpec,
            $"spec.adopt.keyId: this resource has {status.Arn} and does not change over to {adopt}. Put that back, or create another resource.");
    }

    /// <summary>A key does not move: a class that now names another account or Region does not create a second one.</summary>
    private static ReconcileError? FindMove(KeyStatus status, KeyLocation wanted, string className)
    {
        if ((status.AccountId ?? wanted.AccountId) == wanted.AccountId && (status.Region ?? wanted.Region) == wanted.Region)
        {
            return null;
        }

        return ReconcileError.Terminal(
            Reasons.InvalidSpec,
            $"KeyClass {className} names account {wanted.AccountId}, {wanted.Region}, but {status.Arn ?? "the key"} is in account "
            + $"{status.AccountId}, {status.Region}, and keys do not move. Put the class back, or create another resource.");
    }
}
