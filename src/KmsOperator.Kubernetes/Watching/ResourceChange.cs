using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>How an object in the store has changed.</summary>
public enum ChangeKind
{
    /// <summary>The object is new.</summary>
    Added,

    /// <summary>The same object (by uid) has another version.</summary>
    Updated,

    /// <summary>The object was deleted. If another object has its name now, an addition follows.</summary>
    Deleted,
}

/// <summary>One change of a store.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Old">The object before; null when added.</param>
/// <param name="New">The object now; null when deleted.</param>
public readonly record struct ResourceChange<T>(ChangeKind Kind, T? Old, T? New)
    where T : class, IResource
{
    /// <summary>The object that the change is about, in its last known state.</summary>
    public T Resource => New ?? Old ?? throw new InvalidOperationException("A change without an object.");

    /// <summary>Namespace and name of that object.</summary>
    public NamespacedName Key => NamespacedName.Of(Resource);
}
