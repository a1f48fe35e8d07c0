using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Context;

/// <summary>A desired key, and the way to it.</summary>
/// <param name="Desired">What the key must be.</param>
/// <param name="ClassName">The KeyClass that it was resolved with.</param>
/// <param name="Access">The credentials, and the key's own Region.</param>
/// <param name="DesiredSha256">Hash of the desired state, for <c>status.desiredSha256</c>.</param>
internal sealed record ResolvedKey(DesiredKey Desired, string ClassName, AwsAccess Access, string DesiredSha256)
{
    /// <summary>Whether the class permits its resources to take over any key (<c>permissions.adoption: Allow</c>).</summary>
    public bool MayAdopt { get; private init; }

    /// <summary>Whether the key is compared with AWS now in any case.</summary>
    public bool MustCompare { get; init; }

    /// <summary>
    /// Why the key that the status names cannot be the desired one: something changed that cannot change for a resource with a key. Null if nothing did.
    /// It counts only where that key is the resource's.
    /// </summary>
    public ReconcileError? Change { get; init; }

    /// <summary>Where the primary is by another resource of the same multi-Region key; null where none says.</summary>
    public string? KnownPrimaryRegion { get; init; }

    /// <summary>Whether another resource contradicts what this one's status says of the primary: one of the two is out of date.</summary>
    public bool IsContradicted(KeyStatus status) => KnownPrimaryRegion is not null && status.PrimaryRegion is { } seen && seen != KnownPrimaryRegion;

    /// <summary>A desired key with the access of its class.</summary>
    /// <param name="desired">What the key must be.</param>
    /// <param name="keyClass">Its class.</param>
    /// <param name="desiredSha256">Its hash; null to compute it.</param>
    public static ResolvedKey Of(DesiredKey desired, KeyClass keyClass, string? desiredSha256 = null) => new(
        desired, keyClass.Metadata.Name, AccessOf(keyClass, desired.Location.Region), desiredSha256 ?? DesiredStateHash.Compute(desired))
    {
        MayAdopt = keyClass.Spec.Permissions?.Adoption == "Allow",
    };

    /// <summary>The credentials of a class, for a Region of its account.</summary>
    public static AwsAccess AccessOf(KeyClass keyClass, string region) => new(keyClass.Spec.Account?.RoleArn, keyClass.Spec.Account?.ExternalId, region);
}
