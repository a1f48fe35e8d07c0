using KmsOperator.Api;
using KmsOperator.Keys.Classes;
using KmsOperator.Keys.Delete;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Kinds;

/// <summary>The classes that say what deleting a resource does to its key.</summary>
/// <param name="OfKey">The class that the key was made with, or the one that the spec names where that is not known; null when it is gone.</param>
/// <param name="OfKeyName">The name of that one, also where it is gone; null for the default one.</param>
/// <param name="Other">Another class that the spec names: people changed that just when the key was made, or while the status was lost. Null when there is none.</param>
/// <param name="OtherName">The name of that one, also where it does not exist; null where the spec names no other.</param>
internal sealed record DeletionClasses(KeyClass? OfKey, string? OfKeyName, KeyClass? Other, string? OtherName)
{
    /// <summary>Finds them.</summary>
    /// <param name="classes">All classes.</param>
    /// <param name="recorded">The class that the key was made with; null when that is not known.</param>
    /// <param name="named">The class that the spec names; null for none.</param>
    public static DeletionClasses Find(ClassDirectory classes, string? recorded, string? named) =>
        recorded is null || named is null || named == recorded
            ? new DeletionClasses(classes.Find(recorded ?? named), recorded ?? named, null, null)
            : new DeletionClasses(classes.Find(recorded), recorded, classes.Find(named), named);

    /// <summary>What deleting the resource does to its key. Where the resource itself does not say so, and the classes do not agree, the key is retained.</summary>
    /// <param name="own">The policy in the resource's spec, or the primary's; null when there is none.</param>
    /// <param name="kept">The policy that the status has kept of a class or primary that is gone; null when there is none.</param>
    /// <param name="windowDays">Days until KMS deletes the key, from either; null when there are none.</param>
    public (string Policy, int WindowDays) DeletionOf(string? own, string? kept, int? windowDays)
    {
        var deletion = ServiceKeyResolver.DeletionOf(own ?? kept, windowDays, OfKey);
        return own is null && OtherName is not null && ServiceKeyResolver.DeletionOf(null, null, Other).Policy != deletion.Policy
            ? (DeletionPolicies.Retain, deletion.WindowDays)
            : deletion;
    }

    /// <summary>Whether the server still has them as they are here, and has none that is gone here.</summary>
    public async Task<bool> AreCurrentAsync(IKubernetesApi api, CancellationToken cancellationToken) =>
        await IsCurrentAsync(api, OfKey, OfKeyName, cancellationToken) && (OtherName is null || await IsCurrentAsync(api, Other, OtherName, cancellationToken));

    private static async Task<bool> IsCurrentAsync(IKubernetesApi api, KeyClass? keyClass, string? name, CancellationToken cancellationToken) =>
        keyClass is not null ? await api.IsCurrentAsync(ResourceTypes.KeyClasses, keyClass, cancellationToken)
        : name is not null ? await api.GetAsync(ResourceTypes.KeyClasses, new NamespacedName("", name), cancellationToken) is null
        : !(await ResourceListing.ReadAsync(api, ResourceTypes.KeyClasses, cancellationToken)).Items.Any(DefaultClasses.IsMarked);
}
