using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>
/// Finds objects by a value that a selector computes from each object. It keeps the hashes of the values, not the values: those of ten thousand objects take megabytes.
/// Not thread-safe.
/// </summary>
/// <param name="selector">Returns the value, or null for an object that is not in the index.</param>
internal sealed class ResourceIndex<T>(Func<T, string?> selector)
    where T : class, IResource
{
    // Nearly all values of an alias or a key belong to one object. A set for each of them would take most of the memory of an index.
    private readonly Dictionary<int, NamespacedName> _single = [];
    private readonly Dictionary<int, HashSet<NamespacedName>> _several = [];

    /// <summary>The objects of a value.</summary>
    /// <param name="value">The value.</param>
    /// <param name="items">All objects by name; those of the index are among them.</param>
    public IEnumerable<T> Find(string value, IReadOnlyDictionary<NamespacedName, T> items)
    {
        var hash = value.GetHashCode(StringComparison.Ordinal);
        IReadOnlyCollection<NamespacedName> keys = _several.TryGetValue(hash, out var several) ? several : _single.TryGetValue(hash, out var single) ? [single] : [];

        // Other values may have the same hash.
        return keys.Select(key => items[key]).Where(item => selector(item) == value);
    }

    public void Move(NamespacedName key, T? old, T? @new)
    {
        var from = old is null ? null : selector(old);
        var to = @new is null ? null : selector(@new);
        if (from == to)
            return;
        if (from is not null)
            Remove(from.GetHashCode(StringComparison.Ordinal), key);
        if (to is not null)
            Add(to.GetHashCode(StringComparison.Ordinal), key);
    }

    private void Add(int hash, NamespacedName key)
    {
        if (_several.TryGetValue(hash, out var keys))
            keys.Add(key);
        else if (_single.TryAdd(hash, key) || _single[hash] == key)
            return;
        else if (_single.Remove(hash, out var other))
            _several.Add(hash, [other, key]);
    }

    private void Remove(int hash, NamespacedName key)
    {
        if (_several.TryGetValue(hash, out var keys))
        {
            if (keys.Remove(key) && keys.Count == 0)
                _several.Remove(hash);
        }
        else if (_single.TryGetValue(hash, out var single) && single == key)
            _single.Remove(hash);
    }
}
