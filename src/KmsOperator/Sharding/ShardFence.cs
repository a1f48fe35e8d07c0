using KmsOperator.Aws;
using KmsOperator.Kubernetes;

namespace KmsOperator.Sharding;

/// <summary>
/// Lets writes pass only while this instance holds a shard's lease, and writes to AWS only where the account and Region are in that shard. So an instance
/// that is mistaken about a resource's shard changes nothing there.
/// </summary>
/// <param name="map">Says in which shard an account and Region are.</param>
/// <param name="shard">The shard.</param>
/// <param name="common">The lease of all instances of that number of shards.</param>
/// <param name="lease">The shard's lease.</param>
/// <param name="accountOf">The account of credentials; null where it is not known.</param>
/// <param name="ended">Cancelled when the shard is lost or given back. The same lease may be held again later, by another fence.</param>
internal sealed class ShardFence(ShardMap map, int shard, LeaderLease common, LeaderLease lease, Func<AwsAccess, string?> accountOf, CancellationToken ended) : IWriteFence
{
    /// <inheritdoc />
    public bool IsOpen => !ended.IsCancellationRequested && common.MayWrite() && lease.MayWrite();

    /// <inheritdoc />
    public bool IsFresh => !ended.IsCancellationRequested && common.MayCreate() && lease.MayCreate();

    /// <inheritdoc />
    /// <remarks>
    /// Two operations go to another Region than that of the resource: ReplicateKey, which makes a key in the resource's Region by a call in the primary's,
    /// and RotateKeyOnDemand of a key whose primary has moved. Both happen once because of what the resource's own status and annotations record and because KMS
    /// makes one replica for each Region, so the lease of the resource's shard decides about them.
    /// </remarks>
    public bool Permits(AwsAccess access, string operation) =>
        operation is "ReplicateKey" or "RotateKeyOnDemand" || (accountOf(access) is { } account && map.OfPlace(account, access.Region) == shard);

    /// <inheritdoc />
    public async Task WaitUntilFreshAsync(CancellationToken cancellationToken)
    {
        // Each is renewed every two seconds, so that neither is too old when the other has been waited for.
        if (await common.WaitUntilMayCreateAsync(cancellationToken))
        {
            await lease.WaitUntilMayCreateAsync(cancellationToken);
        }
    }
}
