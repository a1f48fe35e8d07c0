using System.Globalization;
using System.Text;

namespace KmsOperator.Testing.ApiServer;

/// <summary>One watch of a client: the changes of a kind after a revision, one by one.</summary>
internal sealed class WatchStream
{
    // About as often as kube-apiserver. Source: apiserver, pkg/storage/cacher/cacher.go.
    private static readonly TimeSpan BookmarkInterval = TimeSpan.FromMinutes(1);

    private readonly InMemoryApiServer _server;
    private readonly ServedKind _kind;
    private readonly string? _namespace;
    private readonly DateTimeOffset _end;
    private readonly Queue<StoredObject> _initial = new();
    private readonly Queue<StoredChange> _kept = [];
    private DateTimeOffset _nextBookmark;
    private long _revision;
    private bool _isBroken;
    private TaskCompletionSource? _waiting;

    public WatchStream(InMemoryApiServer server, ServedKind kind, string? @namespace, long revision, TimeSpan duration, ApiConnection client)
    {
        (_server, _kind, _namespace, Client) = (server, kind, @namespace, client);
        var now = server.Time.GetUtcNow();
        _end = now + duration;
        _nextBookmark = now + BookmarkInterval;
        _revision = revision;
        if (revision != 0)
            return;
        // "0" is any state: the server sends its newest as if all of it were new.
        foreach (var found in server.Store.Content.List(kind, @namespace))
            _initial.Enqueue(found);
        _revision = server.Store.Revision;
    }

    public ApiConnection Client { get; }

    public bool IsAbout(ServedKind kind, string @namespace) => kind == _kind && (string.IsNullOrEmpty(_namespace) || _namespace == @namespace);

    /// <summary>Has the reader look again. Called under the server's lock.</summary>
    public void Wake() => _waiting?.TrySetResult();

    /// <summary>
    /// Keeps what the stream has yet to tell, since the store is about to forget it: a real server tells its watches of changes from a cache of its own, which etcd's compaction does not
    /// touch. Called under the server's lock.
    /// </summary>
    public void KeepChanges()
    {
        while (_server.Store.NextChange(_revision) is { } change)
        {
            if (IsAbout(change.Kind, (change.New ?? change.Old)!.Key.Namespace))
                _kept.Enqueue(change);
            _revision = change.Revision;
        }
    }

    /// <summary>Ends the stream as a lost connection does. Called under the server's lock.</summary>
    public void Break()
    {
        _isBroken = true;
        Wake();
    }

    /// <summary>The next line of the stream.</summary>
    /// <returns>Its type and object as JSON; null when the server ends the stream.</returns>
    /// <exception cref="IOException">The connection was lost.</exception>
    public async Task<(string Type, byte[] Object)?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan wait;
            TaskCompletionSource waiting;
            lock (_server.Gate)
            {
                if (_isBroken)
                    throw new IOException("The connection of the watch was lost.");
                if (TryTake(out var line, out wait))
                    return line;
                _waiting = waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            using var timer = _server.Time.CreateTimer(_ => waiting.TrySetResult(), null, wait, Timeout.InfiniteTimeSpan);
            using var cancelled = cancellationToken.Register(() => waiting.TrySetCanceled(cancellationToken));
            await waiting.Task;
        }
    }

    /// <summary>Takes what is due, or says how long nothing will be.</summary>
    private bool TryTake(out (string Type, byte[] Object)? line, out TimeSpan wait)
    {
        line = null;
        wait = TimeSpan.Zero;
        var now = _server.Time.GetUtcNow();
        if (_initial.TryDequeue(out var existing))
        {
            line = ("ADDED", existing.Utf8);
            return true;
        }
        if (TakeChange(now, out var visibleAt) is { } change)
        {
            line = change.New is null ? ("DELETED", change.Old!.Utf8) : (change.Old is null ? "ADDED" : "MODIFIED", change.New.Utf8);
            return true;
        }
        if (now >= _end)
            return true;
        if (now >= _nextBookmark)
        {
            _nextBookmark = now + BookmarkInterval;
            // A stream that is held back does not know that nothing happened.
            if (visibleAt is null && !Client.HoldsWatches)
            {
                line = ("BOOKMARK", Bookmark());
                return true;
            }
        }
        var next = _end < _nextBookmark ? _end : _nextBookmark;
        if (visibleAt < next)
            next = visibleAt.Value;
        wait = next - now;
        return false;
    }

    /// <summary>The next change that this stream is about, if it may be seen already.</summary>
    /// <param name="now">Now.</param>
    /// <param name="visibleAt">When the next change may be seen; null when there is none.</param>
    private StoredChange? TakeChange(DateTimeOffset now, out DateTimeOffset? visibleAt)
    {
        visibleAt = null;
        if (Client.HoldsWatches)
            return null;
        if (_kept.TryPeek(out var kept))
        {
            visibleAt = kept.At + Client.WatchLag;
            return visibleAt > now ? null : _kept.Dequeue();
        }
        while (_server.Store.NextChange(_revision) is { } change)
        {
            if (IsAbout(change.Kind, (change.New ?? change.Old)!.Key.Namespace))
            {
                visibleAt = change.At + Client.WatchLag;
                if (visibleAt > now)
                    return null;
                _revision = change.Revision;
                return change;
            }
            _revision = change.Revision;
        }
        return null;
    }

    private byte[] Bookmark() => Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $$$"""{"kind":"{{{_kind.Kind}}}","apiVersion":"{{{_kind.ApiVersion}}}","metadata":{"resourceVersion":"{{{Math.Max(_revision, _server.Store.Revision)}}}","creationTimestamp":null}}"""));
}
