using System.Diagnostics.CodeAnalysis;
using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>What the operator last heard of all objects of a kind. Reading it costs no call and may be a moment behind.</summary>
public interface IResourceStore<T>
    where T : class, IResource
{
    /// <summary>How many objects there are.</summary>
    int Count { get; }

    /// <summary>Completes when every watched namespace has been listed once.</summary>
    Task WhenSynced { get; }

    /// <summary>Looks an object up.</summary>
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
    /// Calls <paramref name="handler"/> for every object there is (as added) and for every change from now on, one at a time and in order.
    /// It runs on the watch's thread: it must be quick (put a key into a queue) and not throw.
    /// </summary>
    void Subscribe(Action<ResourceChange<T>> handler);
}
