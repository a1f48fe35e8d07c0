using System.Diagnostics.CodeAnalysis;
using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>The store that a <see cref="Reflector{T}"/> fills. Thread-safe.</summary>
/// <param name="logger">Gets failures of handlers.</param>
/// <param name="toStored">
/// Returns what is stored of an object, which must mean the same, for example with strings that the objects of the store share. It is never called twice at a
/// time. Null to store objects as they come.
/// </param>
/// <param name="areSame">
/// Whether two objects of the same version say the same. It is asked where the server may have been restored from a backup, and never twice at a time. Null: they may not.
/// </param>
public sealed class ResourceStore<T>(ILogger logger, Func<T, T>? toStored = null, Func<T, T, bool>? areSame = null) : IResourceStore<T>
    where T : class, IResource
{
    // Writers hold _changing while they change the store and call the handlers, so that handlers see changes in order. Readers need only
    // _content, which is never held while a handler runs.
    private readonly Lock _changing = new();
    private readonly Lock _content = new();
    private readonly Dictionary<NamespacedName, T> _items = [];
    private readonly ResourceIndex<T> _byNamespace = new(resource => resource.Metadata.Namespace ?? "");
    private readonly Dictionary<string, ResourceIndex<T>> _indexes = [];
    private readonly List<Action<ResourceChange<T>>> _handlers = [];
    private readonly Dictionary<NamespacedName, UnreadableObject> _unreadable = [];
    private readonly List<Action<UnreadableChange>> _unreadableHandlers = [];
    // Whoever waits goes on where it waited: on the thread pool a simulation could not say when.
    private readonly TaskCompletionSource _synced = new();
    private long _listed;

    /// <inheritdoc />
    public int Count
    {
        get
        {
            lock (_content)
                return _items.Count;
        }
    }

    /// <summary>How many objects lists have brought so far, those that were stored before included.</summary>
    public long Listed => Interlocked.Read(ref _listed);

    /// <inheritdoc />
    public Task WhenSynced => _synced.Task;

    /// <inheritdoc />
    public IReadOnlyList<UnreadableObject> Unreadable
    {
        get
        {
            lock (_content)
                return [.. _unreadable.Values];
        }
    }

    /// <inheritdoc />
    public UnreadableObject? FindUnreadable(NamespacedName key)
    {
        lock (_content)
            return _unreadable.GetValueOrDefault(key);
    }

    /// <summary>Adds an index. The store may have objects already.</summary>
    /// <param name="name">Name of the index.</param>
    /// <param name="selector">Returns the value under which an object is found, or null if it is not in the index. Must be a pure function.</param>
    /// <returns>This store.</returns>
    /// <exception cref="ArgumentException">The store has an index of that name.</exception>
    public ResourceStore<T> AddIndex(string name, Func<T, string?> selector)
    {
        lock (_content)
        {
            var index = new ResourceIndex<T>(selector);
            _indexes.Add(name, index);
            foreach (var (key, resource) in _items)
                index.Move(key, null, resource);
        }
        return this;
    }

    /// <inheritdoc />
    public bool TryGet(NamespacedName key, [MaybeNullWhen(false)] out T resource)
    {
        lock (_content)
            return _items.TryGetValue(key, out resource);
    }

    /// <inheritdoc />
    public IReadOnlyList<T> List()
    {
        lock (_content)
            return [.. _items.Values];
    }

    /// <inheritdoc />
    public IReadOnlyList<T> List(string @namespace)
    {
        lock (_content)
            return [.. _byNamespace.Find(@namespace, _items)];
    }

    /// <inheritdoc />
    public IReadOnlyList<T> ListByIndex(string index, string value)
    {
        lock (_content)
        {
            return _indexes.TryGetValue(index, out var found)
                ? [.. found.Find(value, _items)]
                : throw new ArgumentException($"There is no index '{index}'.", nameof(index));
        }
    }

    /// <inheritdoc />
    public void Subscribe(Action<ResourceChange<T>> handler)
    {
        lock (_changing)
        {
            foreach (var resource in List())
                Call(handler, new(ChangeKind.Added, null, resource), NamespacedName.Of(resource));
            _handlers.Add(handler);
        }
    }

    /// <inheritdoc />
    public void SubscribeUnreadable(Action<UnreadableChange> handler)
    {
        lock (_changing)
        {
            foreach (var unreadable in Unreadable)
                Call(handler, new(NamespacedName.Of(unreadable), unreadable), NamespacedName.Of(unreadable));
            _unreadableHandlers.Add(handler);
        }
    }

    /// <summary>
    /// Adds or replaces an object. If the stored object of that name has another uid, it is removed first. The same version again is no change.
    /// </summary>
    /// <param name="resource">The object.</param>
    /// <param name="isRestored">
    /// True if the server may have been restored from a backup. The same version can then have other content. Unless it is known to have the same, it counts as a change.
    /// </param>
    internal void Set(T resource, bool isRestored = false)
    {
        lock (_changing)
        {
            var key = NamespacedName.Of(resource);
            ChangeUnreadable(key, null);
            RemoveOther(key, resource);
            TryGet(key, out var old);
            if (old is null || old.Metadata.ResourceVersion != resource.Metadata.ResourceVersion || (isRestored && areSame?.Invoke(old, resource) != true))
                Change(key, old, toStored is null ? resource : toStored(resource));
        }
    }

    /// <summary>
    /// Adds an object that cannot be read. If an earlier version of it could be read, the store keeps that version, since the object still
    /// exists and what it owns is still its own.
    /// </summary>
    internal void SetUnreadable(UnreadableObject unreadable)
    {
        // Without a name nobody can do anything about it; the reflector has logged it.
        if (unreadable.Metadata.Name.Length == 0)
            return;
        lock (_changing)
        {
            var key = NamespacedName.Of(unreadable);
            RemoveOther(key, unreadable);
            ChangeUnreadable(key, unreadable);
        }
    }

    /// <summary>Removes an object.</summary>
    /// <param name="key">The object.</param>
    /// <param name="last">Its last state, if the watch reported it; it may be newer than the stored one.</param>
    internal void Remove(NamespacedName key, T? last)
    {
        lock (_changing)
        {
            ChangeUnreadable(key, null);
            if (TryGet(key, out var old))
                Change(key, last ?? old, null);
        }
    }

    /// <summary>Removes the objects that a list does not have, once all of its own are stored: they were deleted while nobody watched.</summary>
    /// <param name="namespace">The namespace that was listed; null for all.</param>
    /// <param name="present">All objects of the list, those that cannot be read included.</param>
    internal void EndList(string? @namespace, IReadOnlySet<NamespacedName> present)
    {
        lock (_changing)
        {
            IEnumerable<IResource> stored = @namespace is null ? List() : List(@namespace);
            var setAside = Unreadable.Where(one => @namespace is null || one.Metadata.Namespace == @namespace);
            foreach (var key in stored.Concat(setAside).Select(NamespacedName.Of).Where(key => !present.Contains(key)).ToList())
                Remove(key, null);
        }
        Interlocked.Add(ref _listed, present.Count);
    }

    internal void MarkSynced() => _synced.TrySetResult();

    /// <summary>Removes the stored object of a name if it is not the same object.</summary>
    private void RemoveOther(NamespacedName key, IResource current)
    {
        if (TryGet(key, out var old) && old.Metadata.Uid != current.Metadata.Uid)
            Change(key, old, null);
    }

    private void ChangeUnreadable(NamespacedName key, UnreadableObject? unreadable)
    {
        lock (_content)
        {
            _unreadable.TryGetValue(key, out var old);
            // Compared by what identifies a version; the same one comes with each list.
            var (before, after) = (old?.Metadata, unreadable?.Metadata);
            if ((before is null) == (after is null) && before?.Uid == after?.Uid && before?.ResourceVersion == after?.ResourceVersion)
                return;
            if (unreadable is null)
                _unreadable.Remove(key);
            else
                _unreadable[key] = unreadable;
        }
        foreach (var handler in _unreadableHandlers)
            Call(handler, new(key, unreadable), key);
    }

    private void Change(NamespacedName key, T? old, T? @new)
    {
        lock (_content)
        {
            _items.TryGetValue(key, out var stored);
            foreach (var index in _indexes.Values.Prepend(_byNamespace))
                index.Move(key, stored, @new);
            if (@new is null)
                _items.Remove(key);
            else
                _items[key] = @new;
        }
        var kind = old is null ? ChangeKind.Added : @new is null ? ChangeKind.Deleted : ChangeKind.Updated;
        foreach (var handler in _handlers)
            Call(handler, new(kind, old, @new), key);
    }

    /// <summary>If one handler fails, the others are called all the same.</summary>
    private void Call<TChange>(Action<TChange> handler, TChange change, NamespacedName key)
    {
        try
        {
            handler(change);
        }
        catch (Exception e)
        {
            logger.LogError(e, "A handler of {Kind} {Key} failed", typeof(T).Name, key);
        }
    }
}
