using System.Collections.Immutable;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>All objects at one moment; immutable.</summary>
internal sealed class StoreContent
{
    private static readonly ImmutableSortedDictionary<string, StoredObject> NoObjects =
        ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);

    private readonly ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, StoredObject>> _byResource;

    private StoreContent(ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, StoredObject>> byResource) => _byResource = byResource;

    public static StoreContent Empty { get; } =
        new(ImmutableSortedDictionary.Create<string, ImmutableSortedDictionary<string, StoredObject>>(StringComparer.Ordinal));

    /// <summary>An object's place in a list: etcd sorts by the bytes of namespace, slash and name.</summary>
    public static string Place(NamespacedName key) => key.ToString();

    public StoredObject? Find(ServedKind kind, NamespacedName key) => Of(kind).GetValueOrDefault(Place(key));

    /// <summary>All objects of a kind, or those of one namespace, in the server's order.</summary>
    public IEnumerable<StoredObject> List(ServedKind kind, string? @namespace) =>
        Of(kind).Values.Where(found => string.IsNullOrEmpty(@namespace) || found.Key.Namespace == @namespace);

    public StoreContent With(ServedKind kind, NamespacedName key, StoredObject? now) => new(_byResource.SetItem(
        kind.Resource, now is null ? Of(kind).Remove(Place(key)) : Of(kind).SetItem(Place(key), now)));

    private ImmutableSortedDictionary<string, StoredObject> Of(ServedKind kind) => _byResource.GetValueOrDefault(kind.Resource, NoObjects);
}
