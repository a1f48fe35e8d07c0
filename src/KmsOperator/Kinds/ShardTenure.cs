namespace KmsOperator.Kinds;

/// <summary>
/// The time for which this instance holds a shard, and all that it remembers of the shard's resources, accounts and Regions in that time. What an earlier
/// tenure knew is out of date, since another instance may have worked on the shard meanwhile.
/// </summary>
/// <param name="shard">The shard.</param>
/// <param name="services">What the kinds share, for this shard only.</param>
/// <param name="time">Clock of the grace period.</param>
internal sealed class ShardTenure(int shard, ReconcilerServices services, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cut = new();
    private readonly TaskCompletionSource _idle = new();
    private int _running;
    private bool _isClosing;

    /// <summary>The shard.</summary>
    public int Shard => shard;

    /// <summary>What the kinds share, for this shard only.</summary>
    public ReconcilerServices Services => services;

    /// <summary>Cancelled when the reconciles of this shard must end at once.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>Begins a reconcile, unless the shard is being given back or is lost.</summary>
    /// <returns>Whether it may run; then <see cref="Leave"/> must be called at its end.</returns>
    public bool TryEnter()
    {
        lock (_gate)
        {
            _running += _isClosing ? 0 : 1;
            return !_isClosing;
        }
    }

    /// <summary>Ends a reconcile.</summary>
    public void Leave()
    {
        lock (_gate)
        {
            _running--;
            if (!_isClosing || _running > 0)
            {
                return;
            }
        }

        _idle.TrySetResult();
    }

    /// <summary>Lets no more reconciles begin, and cancels those that run once a grace period is over, or at once.</summary>
    /// <param name="gracePeriod">For how long they may go on.</param>
    /// <param name="lost">Cancels them at once.</param>
    /// <returns>Ends when none runs any more.</returns>
    public async Task CloseAsync(TimeSpan gracePeriod, CancellationToken lost)
    {
        lock (_gate)
        {
            _isClosing = true;
            if (_running == 0)
            {
                _idle.TrySetResult();
            }
        }

        await using var grace = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), _cut, gracePeriod, Timeout.InfiniteTimeSpan);
        await using var losing = lost.Register(static source => ((CancellationTokenSource)source!).Cancel(), _cut);
        await _idle.Task;
        _cut.Cancel();
    }

    /// <summary>To be called after <see cref="CloseAsync"/>.</summary>
    public void Dispose() => _cut.Dispose();
}
