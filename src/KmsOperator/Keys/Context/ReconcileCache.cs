using System.Collections.Concurrent;
using KmsOperator.Aws;

namespace KmsOperator.Keys.Context;

/// <summary>The cache entries of all resources, by uid.</summary>
internal sealed class ReconcileCache
{
    private readonly ConcurrentDictionary<string, ReconcileCacheEntry> _entries = new();

    /// <summary>The comparisons that were asked for.</summary>
    public ComparisonRequests Requests { get; } = new();

    /// <summary>The resources that went lately, for as long as a search for their keys may be older than that.</summary>
    public RecentDeletions Deletions { get; } = new(TagIndex.UsualAge);

    /// <summary>The entry of a resource; a new one when there is none.</summary>
    public ReconcileCacheEntry Of(string uid) => _entries.GetOrAdd(uid, _ => new ReconcileCacheEntry());

    /// <summary>The key that this process remembers as a resource's; null where it remembers none.</summary>
    public string? RememberedKeyId(string uid) => _entries.GetValueOrDefault(uid)?.RememberedKeyId;

    /// <summary>Removes the entry of a resource that no longer exists.</summary>
    public void Remove(string uid)
    {
        _entries.TryRemove(uid, out _);
        Requests.Remove(uid);
    }
}
