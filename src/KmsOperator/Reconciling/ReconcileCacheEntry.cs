using System.Collections.Concurrent;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// What the process remembers of one resource between passes. Everything here may be lost at any moment: it saves calls and
/// avoids needless repairs, and nothing that matters rests on it.
/// </summary>
internal sealed class ReconcileCacheEntry
{
    /// <summary>What was written to the key within the consistency window.</summary>
    public RecentWrites Writes { get; set; } = RecentWrites.None;

    /// <summary>When this process first looked at the resource; whatever an earlier resource of the name left was there by then.</summary>
    public DateTimeOffset? FirstSeenAt { get; set; }

    /// <summary>When this process made the key: permissions on a new key may take minutes to spread.</summary>
    public DateTimeOffset? MadeAt { get; set; }

    /// <summary>Since when KMS has not known the key.</summary>
    public DateTimeOffset? MissingSince { get; set; }

    /// <summary>When the key is compared with AWS next; null when that was not decided in this process.</summary>
    public DateTimeOffset? CompareAt { get; set; }

    /// <summary>When this process saw the last new value of the <c>reconcile-at</c> annotation.</summary>
    public DateTimeOffset? AskedAt { get; set; }

    /// <summary>An older list of the Region's aliases is no use: KMS has contradicted it, or the key was found with a past of its own.</summary>
    public DateTimeOffset? AliasesNotBefore { get; set; }

    /// <summary>A key that was made while its id could not be stored.</summary>
    public MadeKey? Made { get; set; }
}

/// <summary>The key of a creation attempt.</summary>
/// <param name="AttemptId">The attempt.</param>
/// <param name="KeyId">Its key.</param>
internal sealed record MadeKey(string AttemptId, string KeyId);

/// <summary>Memories by resource uid.</summary>
internal sealed class ReconcileCache
{
    private readonly ConcurrentDictionary<string, ReconcileCacheEntry> _entries = new();

    /// <summary>The memory of a resource; a new one at first.</summary>
    public ReconcileCacheEntry Of(string uid) => _entries.GetOrAdd(uid, _ => new ReconcileCacheEntry());

    /// <summary>Drops the memory of a resource that is gone.</summary>
    public void Forget(string uid) => _entries.TryRemove(uid, out _);
}
