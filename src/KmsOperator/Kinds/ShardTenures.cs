using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Kinds;

/// <summary>The shards that this instance holds now. Thread-safe.</summary>
/// <param name="shards">Says in which shard a resource is.</param>
/// <param name="count">How many shards there are.</param>
internal sealed class ShardTenures(ResourceShards shards, int count)
{
    private readonly ShardTenure?[] _tenures = new ShardTenure?[count];

    /// <summary>Says in which shard a resource is.</summary>
    public ResourceShards Shards => shards;

    /// <summary>The present tenures.</summary>
    public IEnumerable<ShardTenure> Present => _tenures.OfType<ShardTenure>();

    /// <summary>The present tenure of a shard.</summary>
    /// <returns>Null if another instance has the shard, or nobody.</returns>
    public ShardTenure? Find(int? shard) => shard is { } number ? Volatile.Read(ref _tenures[number]) : null;

    /// <summary>From now on the shard's resources are reconciled here.</summary>
    public void Begin(ShardTenure tenure) => Volatile.Write(ref _tenures[tenure.Shard], tenure);

    /// <summary>From now on they are not.</summary>
    public void End(ShardTenure tenure) => Interlocked.CompareExchange(ref _tenures[tenure.Shard], null, tenure);

    /// <summary>Whether a change has brought a resource into another shard, for whose instance the change may be the only sign.</summary>
    public bool HasMoved<T>(ResourceChange<T> change)
        where T : class, IKeyResource => change is { Old: { } old, New: { } now } && shards.Of(old) != shards.Of(now);
}
