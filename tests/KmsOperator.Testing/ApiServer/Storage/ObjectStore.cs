using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>What etcd is to the server: objects, one counter of revisions, and the changes since the last compaction.</summary>
internal sealed class ObjectStore(TimeProvider time)
{
    // As kube-apiserver has etcd compacted. Source: apiserver, pkg/storage/etcd3/compact.go.
    private static readonly TimeSpan CompactionInterval = TimeSpan.FromMinutes(5);

    private readonly List<StoredChange> _changes = [];
    private StoreContent _compactedContent = StoreContent.Empty;
    private DateTimeOffset _nextCompaction = time.GetUtcNow() + CompactionInterval;
    private long _nextCompactedRevision;

    public StoreContent Content { get; private set; } = StoreContent.Empty;

    /// <summary>Of the last write. A real store is not empty either when the first object is written.</summary>
    public long Revision { get; private set; } = 100;

    /// <summary>Changes up to this revision, and states before it, are no longer known.</summary>
    public long CompactedRevision { get; private set; } = 100;

    /// <summary>Writes an object, or removes it.</summary>
    /// <param name="json">The object, which is the store's from now on; null to remove it.</param>
    public StoredObject Write(ServedKind kind, NamespacedName key, JsonObject? json)
    {
        CompactWhenDue();
        Revision++;
        var old = Content.Find(kind, key);
        var now = json is null ? null : new StoredObject(json, Revision);
        Content = Content.With(kind, key, now);

        // The event of a deletion has the object's last state, and the deletion's revision.
        var gone = now is null ? new StoredObject(old!.Copy(), Revision) : old;
        _changes.Add(new(Revision, time.GetUtcNow(), kind, gone, now, Content));
        return now ?? gone!;
    }

    /// <summary>All objects as they were at a revision.</summary>
    /// <returns>Null when that is no longer known.</returns>
    public StoreContent? ContentAt(long revision)
    {
        CompactWhenDue();
        return revision < CompactedRevision ? null : KnownContentAt(revision);
    }

    /// <summary>The first change after a revision; null when there is none yet.</summary>
    public StoredChange? NextChange(long revision)
    {
        var after = IndexAfter(revision);
        return after < _changes.Count ? _changes[after] : null;
    }

    /// <summary>Forgets all changes up to a revision.</summary>
    public void Compact(long revision)
    {
        if (revision <= CompactedRevision)
            return;
        _compactedContent = KnownContentAt(revision);
        _changes.RemoveRange(0, IndexAfter(revision));
        CompactedRevision = revision;
    }

    /// <summary>Makes the content an earlier one, with nothing known of what happened before or since.</summary>
    public void Restore(StoreContent content, long revision)
    {
        (Content, _compactedContent, Revision, CompactedRevision) = (content, content, revision, revision);
        _changes.Clear();
        _nextCompactedRevision = revision;
    }

    /// <summary>The server compacts, at each interval, to where the store was one interval before.</summary>
    private void CompactWhenDue()
    {
        while (time.GetUtcNow() is var now && now >= _nextCompaction)
        {
            // Nothing was written in the intervals that nobody noticed.
            _nextCompaction = now - _nextCompaction > CompactionInterval ? now : _nextCompaction + CompactionInterval;
            var due = _nextCompactedRevision;
            _nextCompactedRevision = Revision;
            Compact(due);
        }
    }

    private StoreContent KnownContentAt(long revision)
    {
        var after = IndexAfter(revision);
        return after == 0 ? _compactedContent : _changes[after - 1].Content;
    }

    private int IndexAfter(long revision)
    {
        int low = 0, high = _changes.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_changes[middle].Revision <= revision)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
