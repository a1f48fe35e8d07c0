using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Finds the names of objects by a value that a selector computes from each object. Not thread-safe.</summary>
internal sealed class ResourceIndex<T>(Func<T, string?> selector)
    where T : class, IResource
{
    // Nearly all values of an alias or a key belong to one object. A set for each of them would take most of the memory of an index.
    private readonly Dictionary<string, NamespacedName> _single = [];
    private readonly Dictionary<string, HashSet<NamespacedName>> _several = [];

    public IReadOnlyCollection<NamespacedName> Keys(string value) =>
        _several.TryGetValue(value, out var keys) ? keys : _single.TryGetValue(value, out var key) ? [key] : [];

    public void Move(NamespacedName key, T? old, T? @new)
    {
        var from = old is null ? null : selector(old);
        var to = @new is null ? null : selector(@new);
        if (from == to)
            return;
        if (from is not null)
            Remove(from, key);
        if (to is not null)
            Add(to, key);
    }

    private void Add(string value, NamespacedName key)
    {
        if (_several.TryGetValue(value, out var keys))
            keys.Add(key);
        else if (_single.TryAdd(value, key) || _single[value] == key)
            return;
        else if (_single.Remove(value, out var other))
            _several.Add(value, [other, key]);
    }

    private void Remove(string value, NamespacedName key)
    {
        if (_several.TryGetValue(value, out var keys))
        {
            if (keys.Remove(key) && keys.Count == 0)
                _several.Remove(value);
        }
        else if (_single.TryGetValue(value, out var single) && single == key)
            _single.Remove(value);
    }
}
