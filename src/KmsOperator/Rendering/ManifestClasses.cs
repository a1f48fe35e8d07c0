using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;

namespace KmsOperator.Rendering;

/// <summary>Finds the KeyClass that serves a resource among the manifests, and its account.</summary>
internal sealed class ManifestClasses(ManifestSet manifests, string? defaultAccount, List<ManifestError> errors)
{
    /// <summary>The class and its account; null when there is an error, which is then reported.</summary>
    /// <param name="manifest">The resource.</param>
    /// <param name="name">The class that it names, or that its primary names; null for the default one.</param>
    /// <param name="namespace">The resource's namespace.</param>
    public (KeyClass KeyClass, string Account)? Find(ManifestResource manifest, string? name, string @namespace)
    {
        var classes = manifests.Resources.Select(other => other.Resource).OfType<KeyClass>();
        var keyClass = name is null
            ? DefaultClasses.Of(classes).FirstOrDefault()
            : classes.FirstOrDefault(other => other.Metadata.Name == name);
        if (keyClass is null)
        {
            return Fail(manifest, name is null
                ? "is empty, and no KeyClass among the manifests is annotated as the default"
                : $"there is no KeyClass {name} among the manifests");
        }

        if (SpecValidation.Validate(keyClass).Count > 0)
        {
            // The errors are the class's own; there is nothing to say of its keys.
            return null;
        }

        if (!Admits(keyClass, @namespace))
        {
            return Fail(manifest, $"{Reasons.NamespaceNotAllowed}: KeyClass {keyClass.Metadata.Name} does not admit namespace {@namespace} (spec.allowedNamespaces)");
        }

        return (keyClass.Spec.Account?.Id ?? keyClass.Spec.Account?.RoleArn?.Split(':')[4] ?? defaultAccount) is { } account
            ? (keyClass, account)
            : Fail(manifest, $"KeyClass {keyClass.Metadata.Name} names no account; give one with --account");
    }

    /// <summary>Only the cluster has the labels of a namespace that is not among the manifests, so its Selector is not checked.</summary>
    private bool Admits(KeyClass keyClass, string @namespace) =>
        manifests.Namespaces.TryGetValue(@namespace, out var labels)
            ? NamespaceAdmission.Admits(keyClass.Spec.AllowedNamespaces, labels)
            : keyClass.Spec.AllowedNamespaces?.From != "None";

    private (KeyClass, string)? Fail(ManifestResource manifest, string message)
    {
        errors.Add(manifest.Error("spec.className", message));
        return null;
    }
}
