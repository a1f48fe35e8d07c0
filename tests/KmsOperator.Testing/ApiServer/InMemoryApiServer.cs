using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Kubernetes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>
/// A model of the Kubernetes API server: what the operator asks of it, with the real server's rules, and all of it in memory.
/// </summary>
/// <remarks>
/// <para>It is deterministic: the same requests at the same times give the same answers, uids and versions included. It has no threads; what
/// waits (watches, and whatever a hook delays) waits on the given clock. It may be called from several threads.</para>
/// <para>Operators reach it through <see cref="Connect"/>, tests as users through <see cref="ClusterUser"/>. As in a test cluster without
/// controller manager, nothing is deleted by itself: see <see cref="CollectGarbage"/> and <see cref="FinalizeNamespaces"/>.</para>
/// <para>Not modelled: authentication and authorization (a hook can refuse), admission webhooks and policies, label and field selectors,
/// <c>generateName</c>, dry runs, several versions of a kind, TokenReview and SubjectAccessReview, the built-in kinds' own validation.</para>
/// </remarks>
public sealed class InMemoryApiServer
{
    private static readonly string[] InitialNamespaces = ["default", "kube-node-lease", "kube-public", "kube-system"];

    private readonly ObjectStore _store;
    private readonly ObjectWriter _writer;
    private readonly HashSet<WatchStream> _watches = [];

    /// <summary>Starts a server with the namespaces that every cluster has.</summary>
    /// <param name="time">The clock of timestamps, watches and delays.</param>
    /// <param name="kinds">What it serves; <see cref="ServedKinds.OfOperator"/> when null.</param>
    public InMemoryApiServer(TimeProvider time, ServedKinds? kinds = null)
    {
        Time = time;
        Kinds = kinds ?? ServedKinds.OfOperator;
        _store = new ObjectStore(time);
        _writer = new ObjectWriter(_store, Kinds, time);
        foreach (var name in InitialNamespaces)
            _writer.Create(NamespaceKind, null, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Namespace", ["metadata"] = new JsonObject { ["name"] = name } }, "kube-apiserver");
    }

    /// <summary>The version of the last write, as <c>resourceVersion</c> has it.</summary>
    public long Revision
    {
        get
        {
            lock (Gate)
                return _store.Revision;
        }
    }

    internal Lock Gate { get; } = new();

    internal TimeProvider Time { get; }

    internal ServedKinds Kinds { get; }

    internal ObjectStore Store => _store;

    private ServedKind NamespaceKind => Kinds.FindKind("v1", "Namespace")!;

    /// <summary>A client of this server, whose requests can be made to fail apart from those of others.</summary>
    /// <param name="client">A name for it, which hooks are told.</param>
    public ApiConnection Connect(string client = "operator") => new(this, client);

    /// <summary>All objects as they are now, for <see cref="RestoreTo"/>.</summary>
    public StoreSnapshot TakeSnapshot()
    {
        lock (Gate)
            return new(_store.Content, _store.Revision);
    }

    /// <summary>
    /// Restores the store from a backup and restarts the server: all later writes are lost, all watches break, and earlier versions are
    /// unknown.
    /// </summary>
    /// <param name="snapshot">The backup.</param>
    /// <param name="bumpRevision">
    /// How far the revision is set forward from that of the backup, as <c>etcdutl snapshot restore --bump-revision</c> does. With 0 versions
    /// are given again that clients have seen for other states.
    /// </param>
    public void RestoreTo(StoreSnapshot snapshot, long bumpRevision = 0)
    {
        lock (Gate)
        {
            _store.Restore(snapshot.Content, snapshot.Revision + bumpRevision);
            BreakWatches(null);
        }
    }

    /// <summary>Forgets the versions before now, as the server does by itself for those of more than five to ten minutes ago.</summary>
    public void Compact()
    {
        lock (Gate)
        {
            foreach (var watch in _watches)
                watch.KeepChanges();
            _store.Compact(_store.Revision);
        }
    }

    /// <summary>Deletes, as the garbage collector does, what only deleted objects owned; owned objects of those as well.</summary>
    /// <returns>How many objects were deleted or marked as deleted.</returns>
    public int CollectGarbage()
    {
        lock (Gate)
        {
            var deleted = 0;
            while (Kinds.All.SelectMany(kind => _store.Content.List(kind, null).Select(found => (Kind: kind, Object: found)))
                .FirstOrDefault(entry => !entry.Object.IsDeleting && IsOrphan(entry.Object)) is { Object: not null } orphan)
            {
                Delete(orphan.Kind, orphan.Object.Key, orphan.Object.Uid, null);
                deleted++;
            }
            return deleted;
        }
    }

    /// <summary>Deletes, as the namespace controller does, what is in namespaces that are being deleted, and then those that are empty.</summary>
    /// <returns>Whether no namespace is left that is being deleted. One stays while an object in it has finalizers.</returns>
    public bool FinalizeNamespaces()
    {
        lock (Gate)
        {
            var terminating = _store.Content.List(NamespaceKind, null).Where(found => found.IsDeleting).ToList();
            var left = 0;
            foreach (var home in terminating)
            {
                foreach (var kind in Kinds.All.Where(kind => kind.IsNamespaced))
                {
                    foreach (var found in _store.Content.List(kind, home.Key.Name).ToList())
                        Delete(kind, found.Key, found.Uid, null);
                }
                if (Kinds.All.Any(kind => kind.IsNamespaced && _store.Content.List(kind, home.Key.Name).Any()))
                    left++;
                else
                    Wake(NamespaceKind, "", _store.Write(NamespaceKind, home.Key, null));
            }
            return left == 0;
        }
    }

    internal StoredObject Create(ServedKind kind, string? @namespace, JsonObject body, string manager)
    {
        lock (Gate)
            return Wake(kind, @namespace ?? "", _writer.Create(kind, @namespace, body, manager));
    }

    internal StoredObject Patch(ServedKind kind, NamespacedName key, JsonObject patch, string? subresource, string manager)
    {
        lock (Gate)
            return Wake(kind, key.Namespace, _writer.Patch(kind, key, patch, subresource, manager));
    }

    internal StoredObject Replace(ServedKind kind, NamespacedName key, JsonObject body, string? subresource, string manager)
    {
        lock (Gate)
            return Wake(kind, key.Namespace, _writer.Replace(kind, key, body, subresource, manager));
    }

    internal StoredObject Apply(ServedKind kind, NamespacedName key, JsonObject body, string manager, string? subresource, bool force)
    {
        lock (Gate)
            return Wake(kind, key.Namespace, _writer.Apply(kind, key, body, manager, subresource, force));
    }

    internal StoredObject Delete(ServedKind kind, NamespacedName key, string? uid, string? resourceVersion)
    {
        lock (Gate)
            return Wake(kind, key.Namespace, _writer.Delete(kind, key, uid, resourceVersion));
    }

    internal StoredObject? Find(ServedKind kind, NamespacedName key)
    {
        lock (Gate)
            return _store.Content.Find(kind, key);
    }

    /// <summary>One page of a list. All pages of a list show the same moment.</summary>
    internal ObjectPage List(ServedKind kind, string? @namespace, int limit, string? continueToken)
    {
        lock (Gate)
        {
            var (revision, after) = string.IsNullOrEmpty(continueToken) ? (_store.Revision, null) : ObjectPage.ReadToken(continueToken);
            var content = _store.ContentAt(revision) ?? throw ApiErrors.Expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.");
            return ObjectPage.Of(content.List(kind, @namespace), revision, after, limit);
        }
    }

    internal WatchStream Watch(ServedKind kind, string? @namespace, string resourceVersion, TimeSpan duration, ApiConnection client)
    {
        lock (Gate)
        {
            if (!long.TryParse(resourceVersion, NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
                throw ApiErrors.BadRequest($"Invalid value: \"{resourceVersion}\": resource version");
            _store.ContentAt(revision);
            if (revision != 0 && revision < _store.CompactedRevision)
                throw ApiErrors.Expired($"too old resource version: {revision} ({_store.CompactedRevision})");
            var watch = new WatchStream(this, kind, @namespace, revision, duration, client);
            _watches.Add(watch);
            return watch;
        }
    }

    internal void Close(WatchStream watch)
    {
        lock (Gate)
            _watches.Remove(watch);
    }

    /// <summary>Breaks a client's watches, or all of them, as a lost connection does.</summary>
    internal void BreakWatches(ApiConnection? client)
    {
        lock (Gate)
        {
            foreach (var watch in _watches.Where(watch => client is null || watch.Client == client))
                watch.Break();
        }
    }

    /// <summary>Lets a client's watches look again at what they may deliver.</summary>
    internal void WakeWatches(ApiConnection client)
    {
        lock (Gate)
        {
            foreach (var watch in _watches.Where(watch => watch.Client == client))
                watch.Wake();
        }
    }

    private StoredObject Wake(ServedKind kind, string @namespace, StoredObject written)
    {
        foreach (var watch in _watches.Where(watch => watch.IsAbout(kind, @namespace)))
            watch.Wake();
        return written;
    }

    private bool IsOrphan(StoredObject found)
    {
        var owners = found.Json["metadata"]!["ownerReferences"] as JsonArray ?? [];
        return owners.Count > 0 && owners.All(owner =>
            Kinds.FindKind((string)owner!["apiVersion"]!, (string)owner["kind"]!) is { } kind
            && _store.Content.Find(kind, new(kind.IsNamespaced ? found.Key.Namespace : "", (string)owner["name"]!))?.Uid != (string)owner["uid"]!);
    }
}

/// <summary>A backup of the store.</summary>
public sealed class StoreSnapshot
{
    internal StoreSnapshot(StoreContent content, long revision) => (Content, Revision) = (content, revision);

    /// <summary>The version of the last write that is in it.</summary>
    public long Revision { get; }

    internal StoreContent Content { get; }
}
