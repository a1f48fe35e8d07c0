using KmsOperator.Api;
using KmsOperator.Keys.Ownership;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kinds;

/// <summary>What the watches last brought of each kind.</summary>
internal sealed class ResourceCaches(ILoggerFactory loggers)
{
    /// <summary>KeyClasses.</summary>
    public ResourceStore<KeyClass> KeyClasses { get; } = new(loggers.CreateLogger<ResourceStore<KeyClass>>());

    /// <summary>Namespaces.</summary>
    public ResourceStore<Namespace> Namespaces { get; } = new(loggers.CreateLogger<ResourceStore<Namespace>>());

    /// <summary>ServiceKeys.</summary>
    public ResourceStore<ServiceKey> ServiceKeys { get; } = OwnershipIndex.Index(
        new ResourceStore<ServiceKey>(loggers.CreateLogger<ResourceStore<ServiceKey>>(), new SharedStrings().Share, new ResourceContent<ServiceKey>(ResourceTypes.ServiceKeys.Item).AreSame));

    /// <summary>KeyReplicas.</summary>
    public ResourceStore<KeyReplica> KeyReplicas { get; } = OwnershipIndex.Index(
        new ResourceStore<KeyReplica>(loggers.CreateLogger<ResourceStore<KeyReplica>>(), new SharedStrings().Share, new ResourceContent<KeyReplica>(ResourceTypes.KeyReplicas.Item).AreSame));

    /// <summary>How many ServiceKeys and KeyReplicas lists have brought so far.</summary>
    public long Listed => ServiceKeys.Listed + KeyReplicas.Listed;

    /// <summary>Completes when every kind has been listed once.</summary>
    public Task WhenSynced => Task.WhenAll(KeyClasses.WhenSynced, Namespaces.WhenSynced, ServiceKeys.WhenSynced, KeyReplicas.WhenSynced);
}
