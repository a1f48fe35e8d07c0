using System.Collections.Concurrent;

namespace KmsSimulator.State;

/// <summary>The custom key stores that there are, in every account and Region, and always connected.</summary>
internal sealed class CustomKeyStores
{
    private readonly ConcurrentDictionary<string, string> _origins = new(StringComparer.Ordinal);

    /// <summary>Adds a store.</summary>
    /// <param name="id">For example <c>cks-1234567890abcdef0</c>.</param>
    /// <param name="origin">The origin of its keys, <c>AWS_CLOUDHSM</c> or <c>EXTERNAL_KEY_STORE</c>.</param>
    public void Add(string id, string origin) => _origins[id] = origin;

    /// <summary>The origin of a store's keys; null when there is no such store.</summary>
    public string? OriginOf(string id) => _origins.GetValueOrDefault(id);

    public void Reset() => _origins.Clear();
}
