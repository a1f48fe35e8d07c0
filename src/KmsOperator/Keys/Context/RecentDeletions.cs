namespace KmsOperator.Keys.Context;

/// <summary>
/// When resources of a name were last seen to go. A key that such a resource left behind may be newer than what is known of the account, where
/// another instance of the operator took care of the deletion. Thread-safe.
/// </summary>
/// <param name="age">For how long a deletion matters. What is older is forgotten.</param>
internal sealed class RecentDeletions(TimeSpan age)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, DateTimeOffset> _last = new(StringComparer.Ordinal);
    private readonly Queue<(string Path, DateTimeOffset At)> _inOrder = new();

    /// <summary>Records that a resource is gone.</summary>
    /// <param name="path"><c>{kind}/{namespace}/{name}</c>.</param>
    /// <param name="now">The time.</param>
    public void Record(string path, DateTimeOffset now)
    {
        lock (_gate)
        {
            while (_inOrder.TryPeek(out var oldest) && oldest.At < now - age)
            {
                _inOrder.Dequeue();
                if (_last.GetValueOrDefault(oldest.Path) == oldest.At)
                {
                    _last.Remove(oldest.Path);
                }
            }

            _last[path] = now;
            _inOrder.Enqueue((path, now));
        }
    }

    /// <summary>When a resource of that path was last seen to go; null when none was, or too long ago to matter.</summary>
    public DateTimeOffset? LastOf(string path)
    {
        lock (_gate)
        {
            return _last.TryGetValue(path, out var at) ? at : null;
        }
    }
}
