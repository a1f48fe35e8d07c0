using System.Globalization;
using KmsOperator.Api;
using KmsOperator.Keys.Classes;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace KmsOperator.UnitTests.Kinds;

/// <summary>The operator's caches, filled by hand in place of a watch.</summary>
internal sealed class Caches
{
    private int _version;

    public ResourceCaches Resources { get; } = new(NullLoggerFactory.Instance);

    public ResourceStore<KeyClass> Classes => Resources.KeyClasses;

    public ResourceStore<Namespace> Namespaces => Resources.Namespaces;

    public ResourceStore<ServiceKey> Keys => Resources.ServiceKeys;

    public ResourceStore<KeyReplica> Replicas => Resources.KeyReplicas;

    public ClassDirectory Directory => new(Classes, Namespaces);

    public void Set(KeyClass keyClass) => Classes.Set(keyClass with { Metadata = Stored(keyClass.Metadata) });

    public void Set(Namespace @namespace) => Namespaces.Set(@namespace with { Metadata = Stored(@namespace.Metadata) });

    public void Set(ServiceKey key) => Keys.Set(key with { Metadata = Stored(key.Metadata) });

    public void Set(KeyReplica replica) => Replicas.Set(replica with { Metadata = Stored(replica.Metadata) });

    /// <summary>Changes what is there.</summary>
    public void Change(string className, Func<KeyClass, KeyClass> change) => Set(change(Classes.List().Single(one => one.Metadata.Name == className)));

    /// <inheritdoc cref="Change(string, Func{KeyClass, KeyClass})"/>
    public void Change(string name, Func<Namespace, Namespace> change) => Set(change(Namespaces.List().Single(one => one.Metadata.Name == name)));

    /// <inheritdoc cref="Change(string, Func{KeyClass, KeyClass})"/>
    public void Change(string name, Func<ServiceKey, ServiceKey> change) => Set(change(Keys.List().Single(one => one.Metadata.Name == name)));

    /// <inheritdoc cref="Change(string, Func{KeyClass, KeyClass})"/>
    public void Change(string name, Func<KeyReplica, KeyReplica> change) => Set(change(Replicas.List().Single(one => one.Metadata.Name == name)));

    // Another version each time, as every write gets one; a uid of its own, unless the test says which.
    private ObjectMeta Stored(ObjectMeta metadata) => metadata with
    {
        Uid = metadata.Uid ?? $"uid-of-{metadata.Name}",
        Generation = metadata.Generation ?? 1,
        ResourceVersion = (++_version).ToString(CultureInfo.InvariantCulture),
    };
}
