using System.Diagnostics.CodeAnalysis;
using KmsOperator.Api;
using Microsoft.Extensions.Logging;

namespace KmsOperator.Kubernetes;

/// <summary>The store that a <see cref="Reflector{T}"/> fills. Thread-safe.</summary>
/// <param name="logger">Told of handlers that throw.</param>
public sealed class ResourceStore<T>(ILogger logger) : IResourceStore<T>
    where T : class, IResource
{
    // Writers and handlers take turns under _changing, so that handlers see changes in order; readers wait for _content alone,
    // which is never held while foreign code runs.
    private readonly Lock _changing = new();
    private readonly Lock _content = new();
    private readonly Dictionary<NamespacedName, T> _items = [];
    private readonly ResourceIndex<T> _byNamespace = new(resource => resource.Metadata.Namespace ?? "");
    private readonly Dictionary<string, ResourceIndex<T>> _indexes = [];
    private readonly List<Action<ResourceChange<T>>> _handlers = [];
    // Whoever waits goes on where it waited: on the thread pool a simulation could not say when.
    private readonly TaskCompletionSource _synced = new();

    /// <inheritdoc />
    public int Count
    {
        get
        {
            lock (_content)
                return _items.Count;
        }
    }

    /// <inheritdoc />
    public Task WhenSynced => _synced.Task;

    /// <summary>Adds an index, before or after there are objects.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="selector">The value that an object is found under; null if under none. Must be pure.</param>
    /// <returns>This store.</returns>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
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
            return [.. _byNamespace.Keys(@namespace).Select(key => _items[key])];
    }

    /// <inheritdoc />
    public IReadOnlyList<T> ListByIndex(string index, string value)
    {
        lock (_content)
        {
            return _indexes.TryGetValue(index, out var found)
                ? [.. found.Keys(value).Select(key => _items[key])]
                : throw new ArgumentException($"There is no index '{index}'.", nameof(index));
        }
    }

    /// <inheritdoc />
    public void Subscribe(Action<ResourceChange<T>> handler)
    {
        lock (_changing)
        {
            foreach (var resource in List())
                Call(handler, new(ChangeKind.Added, null, resource));
            _handlers.Add(handler);
        }
    }

    /// <summary>Takes an object in. One of the same name but another uid goes first; the same version again is no change.</summary>
    internal void Set(T resource)
    {
        lock (_changing)
        {
            var key = NamespacedName.Of(resource);
            TryGet(key, out var old);
            if (old is not null && old.Metadata.Uid != resource.Metadata.Uid)
            {
                Change(key, old, null);
                old = null;
            }
            if (old is null || old.Metadata.ResourceVersion != resource.Metadata.ResourceVersion)
                Change(key, old, resource);
        }
    }

    /// <summary>Takes an object out.</summary>
    /// <param name="key">The object.</param>
    /// <param name="last">Its last state, if the watch told it; it may be newer than the stored one.</param>
    internal void Remove(NamespacedName key, T? last)
    {
        lock (_changing)
        {
            if (TryGet(key, out var old))
                Change(key, last ?? old, null);
        }
    }

    /// <summary>Makes a namespace's part of the store what a list says: what is not in it was deleted while nobody watched.</summary>
    /// <param name="namespace">The namespace that was listed; null for all.</param>
    /// <param name="listed">The whole list.</param>
    internal void Replace(string? @namespace, IReadOnlyCollection<T> listed)
    {
        lock (_changing)
        {
            var present = listed.Select(resource => NamespacedName.Of(resource)).ToHashSet();
            foreach (var key in (@namespace is null ? List() : List(@namespace)).Select(resource => NamespacedName.Of(resource)))
            {
                if (!present.Contains(key))
                    Remove(key, null);
            }
            foreach (var resource in listed)
                Set(resource);
        }
    }

    internal void MarkSynced() => _synced.TrySetResult();

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
            Call(handler, new(kind, old, @new));
    }

    /// <summary>One handler's fault must not keep the change from the others.</summary>
    private void Call(Action<ResourceChange<T>> handler, ResourceChange<T> change)
    {
        try
        {
            handler(change);
        }
        catch (Exception e)
        {
            logger.LogError(e, "A handler of {Kind} {Key} failed", change.Resource.Kind, change.Key);
        }
    }
}
