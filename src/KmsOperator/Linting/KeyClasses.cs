using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;

namespace KmsOperator.Linting;

/// <summary>Finds the class that serves a resource, and the accounts that both trust.</summary>
internal static class KeyClasses
{
    /// <summary>The class among the manifests; null if there is none.</summary>
    public static ManifestResource? Of(ManifestSet manifests, ManifestResource manifest)
    {
        var name = manifest.Resource switch
        {
            ServiceKey key => key.Spec.ClassName,
            KeyReplica replica => PrimaryOf(manifests, replica)?.Spec.ClassName ?? replica.Spec.ClassName,
            _ => null,
        };
        name ??= DefaultClasses.Of(manifests.Resources.Select(other => other.Resource).OfType<KeyClass>()).FirstOrDefault()?.Metadata.Name;
        return manifests.Resources.FirstOrDefault(other => other.Resource is KeyClass keyClass && keyClass.Metadata.Name == name);
    }

    /// <summary>Accounts that class, primary and resource trust.</summary>
    public static IReadOnlyCollection<string> TrustedAccounts(ManifestSet manifests, ManifestResource manifest, ManifestResource? classOfKey)
    {
        AccessSpec?[] accesses = manifest.Resource switch
        {
            ServiceKey key => [key.Spec.Access],
            KeyReplica replica => [replica.Spec.Access, PrimaryOf(manifests, replica)?.Spec.Access],
            _ => [],
        };
        return [.. accesses.Append((classOfKey?.Resource as KeyClass)?.Spec.Access).SelectMany(access => access?.TrustedAccounts ?? [])];
    }

    private static ServiceKey? PrimaryOf(ManifestSet manifests, KeyReplica replica) => manifests.Resources.Select(other => other.Resource).OfType<ServiceKey>()
        .FirstOrDefault(key => key.Metadata.Name == replica.Spec.PrimaryRef?.Name && NamespaceOf(key) == NamespaceOf(replica));

    private static string NamespaceOf(IResource resource) => resource.Metadata.Namespace ?? "default";
}
