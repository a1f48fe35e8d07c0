using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>A resource that has a key stays with it, and the key where it is, whatever the spec or the class say later.</summary>
internal static class ImmutabilityChecks
{
    /// <summary>What asks for another key than the resource's own; null if nothing does.</summary>
    public static ReconcileError? Find(KeyStatus status, ResolvedKey resolved) => FindMove(status, resolved.Desired.Location, resolved.ClassName) ?? FindOtherAdoption(status, resolved.Desired);

    /// <summary>A resource stays with its key; <c>spec.adopt</c> only says where the key comes from.</summary>
    private static ReconcileError? FindOtherAdoption(KeyStatus status, DesiredKey desired)
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

    /// <summary>Whether a ServiceKey's own key is elsewhere than where its class makes keys now.</summary>
    public static ReconcileError? FindMove(ServiceKey resource, KeyClass keyClass) => resource.Status is { } status
        ? FindMove(status, new KeyLocation(keyClass.Status!.AccountId!, keyClass.Spec.Region), keyClass.Metadata.Name)
        : null;

    /// <summary>A key does not move: a class that now names another account or Region does not make a second one.</summary>
    private static ReconcileError? FindMove(KeyStatus status, KeyLocation wanted, string className)
    {
        if ((status.KeyId is null && status.Creation is null)
            || ((status.AccountId ?? wanted.AccountId) == wanted.AccountId && (status.Region ?? wanted.Region) == wanted.Region))
        {
            return null;
        }

        return ReconcileError.Terminal(
            Reasons.InvalidSpec,
            $"KeyClass {className} names account {wanted.AccountId}, {wanted.Region}, but {status.Arn ?? "the key"} is in account "
            + $"{status.AccountId}, {status.Region}, and keys do not move. Put the class back, or create another resource.");
    }
}
