namespace KmsOperator.Aws;

/// <summary>A client that is made when it is needed, and let go of when it is idle. Thread-safe.</summary>
/// <typeparam name="T">Type of the client.</typeparam>
/// <param name="create">Makes it; cheap, and sends nothing.</param>
/// <param name="time">The clock.</param>
internal sealed class ReleasableClient<T>(Func<T> create, TimeProvider time) : IDisposable
    where T : class, IDisposable
{
    private readonly Lock _lock = new();
    private T? _client;
    private long _usedAt;

    /// <summary>The client. It counts as used now.</summary>
    public T Get()
    {
        lock (_lock)
        {
            _usedAt = time.GetTimestamp();
            return _client ??= create();
        }
    }

    /// <summary>Lets go of the client if nobody has asked for it for so long. It is not disposed: a call may still be using it.</summary>
    public void ReleaseIdle(TimeSpan unusedFor)
    {
        lock (_lock)
        {
            if (time.GetElapsedTime(_usedAt) >= unusedFor)
            {
                _client = null;
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _client?.Dispose();
        }
    }
}
