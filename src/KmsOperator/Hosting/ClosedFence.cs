using KmsOperator.Aws;

namespace KmsOperator.Hosting;

/// <summary>Lets no write pass: for those parts of an instance that belong to no shard, and have nothing to write.</summary>
internal sealed class ClosedFence : IWriteFence
{
    /// <inheritdoc />
    public bool IsOpen => false;

    /// <inheritdoc />
    public bool IsFresh => false;

    /// <inheritdoc />
    public Task WaitUntilFreshAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
