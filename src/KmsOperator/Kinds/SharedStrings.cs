using System.Diagnostics.CodeAnalysis;
using KmsOperator.Api;

namespace KmsOperator.Kinds;

/// <summary>
/// Lets the resources of one cache share the strings that repeat, such as Regions, classes and the states of conditions: about 0.7 kB of each resource (docs/performance.md).
/// What is different in each resource, such as ids and messages, is left alone. Not thread-safe.
/// </summary>
internal sealed class SharedStrings
{
    // Tenants choose tags and namespaces, so what is kept of them has a limit.
    private const int Most = 5000;

    private readonly Dictionary<string, string> _strings = [];

    /// <summary>The same ServiceKey, with shared strings.</summary>
    public ServiceKey Share(ServiceKey key) => key with
    {
        Metadata = Share(key.Metadata),
        Spec = key.Spec with
        {
            ClassName = Share(key.Spec.ClassName),
            Service = Share(key.Spec.Service),
            KeySpec = Share(key.Spec.KeySpec),
            KeyUsage = Share(key.Spec.KeyUsage),
            Origin = Share(key.Spec.Origin),
            ReplicaRegions = Share(key.Spec.ReplicaRegions),
            Tags = Share(key.Spec.Tags),
            DeletionPolicy = Share(key.Spec.DeletionPolicy),
            ManagementPolicy = Share(key.Spec.ManagementPolicy),
        },
        Status = Share(key.Status),
    };

    /// <summary>The same KeyReplica, with shared strings.</summary>
    public KeyReplica Share(KeyReplica replica) => replica with
    {
        Metadata = Share(replica.Metadata),
        Spec = replica.Spec with
        {
            ClassName = Share(replica.Spec.ClassName),
            Tags = Share(replica.Spec.Tags),
            DeletionPolicy = Share(replica.Spec.DeletionPolicy),
            ManagementPolicy = Share(replica.Spec.ManagementPolicy),
        },
        Status = Share(replica.Status),
    };

    private ObjectMeta Share(ObjectMeta metadata) => metadata with { Namespace = Share(metadata.Namespace) };

    private KeyStatus? Share(KeyStatus? status) => status is null ? null : status with
    {
        AccountId = Share(status.AccountId),
        Region = Share(status.Region),
        KeyState = Share(status.KeyState),
        MultiRegionKeyType = Share(status.MultiRegionKeyType),
        PrimaryRegion = Share(status.PrimaryRegion),
        DeletionPolicy = Share(status.DeletionPolicy),
        ClassName = Share(status.ClassName),
        Service = Share(status.Service),
        TagKeys = Share(status.TagKeys),
        Conditions = status.Conditions is null ? null : [.. status.Conditions.Select(one => one with { Type = Share(one.Type), Status = Share(one.Status), Reason = Share(one.Reason) })],
    };

    private IReadOnlyList<string>? Share(IReadOnlyList<string>? list) => list is null ? null : [.. list.Select(one => Share(one))];

    private Dictionary<string, string>? Share(IReadOnlyDictionary<string, string>? map) =>
        map?.ToDictionary(entry => Share(entry.Key), entry => Share(entry.Value));

    [return: NotNullIfNotNull(nameof(value))]
    private string? Share(string? value)
    {
        if (value is null)
        {
            return null;
        }

        if (_strings.TryGetValue(value, out var shared))
        {
            return shared;
        }

        if (_strings.Count == Most)
        {
            _strings.Clear();
        }

        return _strings[value] = value;
    }
}
