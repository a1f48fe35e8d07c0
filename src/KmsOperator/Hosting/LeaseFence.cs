using KmsOperator.Aws;
using KmsOperator.Kubernetes;

namespace KmsOperator.Hosting;

/// <summary>Lets writes to AWS pass only while this process holds the lease. An operator that was paused and woken finds that out before it writes.</summary>
internal sealed class LeaseFence(LeaderLease lease) : IWriteFence
{
    /// <inheritdoc />
    public bool IsOpen => lease.MayWrite();

    /// <inheritdoc />
    public bool IsFresh => lease.MayCreate();

    /// <inheritdoc />
    public Task WaitUntilFreshAsync(CancellationToken cancellationToken) => lease.WaitUntilMayCreateAsync(cancellationToken);
}
