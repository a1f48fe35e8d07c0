namespace KmsOperator.Plans.Cluster;

/// <summary>The clock of a plan, which stands: a plan is about one moment, and nothing in it becomes due while it is made.</summary>
/// <param name="now">The moment.</param>
internal sealed class FrozenTime(DateTimeOffset now) : TimeProvider
{
    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => now;
}
