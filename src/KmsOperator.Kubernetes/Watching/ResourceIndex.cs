using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>Finds the names of objects by a value that a selector computes from each object. Not thread-safe.</summary>
internal sealed class ResourceIndex<T>(Func<T, string?> selector)
    where T : class, IResource
{
    private readonly Dictionary<string, HashSet<NamespacedName>> _keys = [];

    public IReadOnlyCollection<NamespacedName> Keys(string value) => _keys.TryGetValue(value, out var keys) ? keys : [];

    public void Move(NamespacedName key, T? old, T? @new)
    {
        var from = old is null ? null : selector(old);
        var to = @new is null ? null : selector(@new);
        if (from == to)
            return;
        if (from is not null && _keys.TryGetValue(from, out var left) && left.Remove(key) && left.Count == 0)
            _keys.Remove(from);
        if (to is null)
            return;
        if (!_keys.TryGetValue(to, out var joined))
            _keys.Add(to, joined = []);
        joined.Add(key);
    }
}
