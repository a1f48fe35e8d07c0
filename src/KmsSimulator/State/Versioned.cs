namespace KmsSimulator.State;

/// <summary>A value as KMS's readers see it: late. Writers see the truth.</summary>
/// <typeparam name="T">An immutable value; null stands for "does not exist".</typeparam>
internal sealed class Versioned<T>
    where T : class
{
    private readonly List<(DateTimeOffset VisibleAt, T? Value)> _later = [];
    private T? _settled;

    /// <summary>The truth: what was written last.</summary>
    public T? Current => _later.Count > 0 ? _later[^1].Value : _settled;

    /// <summary>What a reader sees: the newest version that has become visible.</summary>
    public T? Read(DateTimeOffset now)
    {
        for (var i = _later.Count - 1; i >= 0; i--)
        {
            if (_later[i].VisibleAt <= now)
            {
                _settled = _later[i].Value;
                _later.RemoveRange(0, i + 1);
                break;
            }
        }

        return _settled;
    }

    /// <summary>Replaces the truth; readers see it from <paramref name="visibleAt"/> on.</summary>
    public void Write(T? value, DateTimeOffset now, DateTimeOffset visibleAt)
    {
        if (visibleAt > now)
        {
            _later.Add((visibleAt, value));
            return;
        }

        _later.Clear();
        _settled = value;
    }

    /// <summary>Replaces the truth because its time has come: readers see it at once, but not before the writes that led to it.</summary>
    public void Become(T value, DateTimeOffset at)
    {
        var visibleAt = at;
        foreach (var version in _later)
            visibleAt = version.VisibleAt > visibleAt ? version.VisibleAt : visibleAt;
        Write(value, at, visibleAt);
    }

    /// <summary>Whether the truth, or anything that a reader may still see, is so.</summary>
    public bool Any(Func<T, bool> predicate) =>
        (_settled is not null && predicate(_settled)) || _later.Exists(version => version.Value is { } value && predicate(value));
}
