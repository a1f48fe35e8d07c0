using System.Diagnostics.CodeAnalysis;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>A cache of all watched objects of a kind. Reading it makes no request. It may be a moment behind the API server.</summary>
public interface IResourceStore<T>
    where T : class, IResource
{
    /// <summary>How many objects there are.</summary>
    int Count { get; }

    /// <summary>Completes when every watched namespace has been listed once.</summary>
    Task WhenSynced { get; }

    /// <summary>
    /// The objects that exist but cannot be read now, in no order. If an earlier version could be read, the store still has that one: its
    /// reconciler must not act on it.
    /// </summary>
    IReadOnlyList<UnreadableObject> Unreadable { get; }

    /// <summary>What is known of an object that exists but cannot be read now; null if it can be read, or does not exist.</summary>
    UnreadableObject? FindUnreadable(NamespacedName key);

    /// <summary>Finds an object by its name.</summary>
    bool TryGet(NamespacedName key, [MaybeNullWhen(false)] out T resource);

    /// <summary>All objects, in no order.</summary>
    IReadOnlyList<T> List();

    /// <summary>All objects of a namespace, in no order.</summary>
    IReadOnlyList<T> List(string @namespace);

    /// <summary>All objects that an index has under a value, in no order.</summary>
    /// <param name="index">A name given to <see cref="ResourceStore{T}.AddIndex"/>.</param>
    /// <param name="value">A value that its selector returned.</param>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    IReadOnlyList<T> ListByIndex(string index, string value);

    /// <summary>
    /// Calls <paramref name="handler"/> once for every object in the store (as added) and then for every change, one at a time and in order.
    /// The handler runs while the watch waits, so it must be quick, for example put a key into a queue, and it must not throw.
    /// </summary>
    void Subscribe(Action<ResourceChange<T>> handler);

    /// <summary>As <see cref="Subscribe"/>, for objects that cannot be read.</summary>
    void SubscribeUnreadable(Action<UnreadableChange> handler);
}
