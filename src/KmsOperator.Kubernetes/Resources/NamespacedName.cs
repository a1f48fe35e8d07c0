using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Identifies an object of a known kind by its namespace and name.</summary>
/// <param name="Namespace">The namespace; empty for cluster-scoped kinds.</param>
/// <param name="Name">The object's name.</param>
public readonly record struct NamespacedName(string Namespace, string Name)
{
    /// <summary>Returns the namespace and name of an object.</summary>
    public static NamespacedName Of(IResource resource) => new(resource.Metadata.Namespace ?? "", resource.Metadata.Name);

    /// <summary><c>namespace/name</c>, or <c>name</c> alone for cluster-scoped kinds.</summary>
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
