namespace KmsSimulator.Model;

/// <summary>A value that readers may see late: for a while after a write they get what was there before it.</summary>
/// <typeparam name="T">An immutable value; null means that there is none.</typeparam>
internal sealed class Slot<T>
    where T : class
{
    private T? _before;
    private DateTimeOffset _hiddenUntil;

    /// <summary>The true value, which writes act on.</summary>
    public T? Current { get; private set; }

    /// <summary>What a reader sees at a time.</summary>
    public T? Visible(DateTimeOffset now) => now < _hiddenUntil ? _before : Current;

    /// <summary>Writes; readers see the old value until <paramref name="visibleAt"/>.</summary>
    public void Set(T? value, DateTimeOffset now, DateTimeOffset visibleAt)
    {
        if (now >= _hiddenUntil)
        {
            _before = Current;
        }

        Current = value;
        _hiddenUntil = visibleAt;
    }
}
