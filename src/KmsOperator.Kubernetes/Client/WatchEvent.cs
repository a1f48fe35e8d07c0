using KmsOperator.Api;

namespace KmsOperator.Kubernetes;

/// <summary>What a line of a watch reports.</summary>
public enum WatchEventKind
{
    /// <summary>The object is new to the watch.</summary>
    Added,

    /// <summary>The object has changed.</summary>
    Modified,

    /// <summary>The object is gone.</summary>
    Deleted,

    /// <summary>The client has seen all changes up to this version.</summary>
    Bookmark,
}

/// <summary>One line of a watch.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Resource">
/// The object, or null if it cannot be read. For a deleted object its last state; in a bookmark only the version has a meaning.
/// </param>
/// <remarks>Source: Kubernetes API concepts, "Efficient detection of changes". ERROR lines become exceptions.</remarks>
public sealed record WatchEvent<T>(WatchEventKind Kind, T? Resource)
    where T : class
{
    /// <summary>What is known of the object if it cannot be read; then <see cref="Resource"/> is null.</summary>
    public UnreadableObject? Unreadable { get; init; }

    /// <summary>The object's version.</summary>
    public string? ResourceVersion => (Resource as IResource ?? Unreadable)?.Metadata.ResourceVersion;
}

/// <summary>How long a watch lasts.</summary>
/// <param name="Server">When the server ends the stream; whole seconds.</param>
/// <param name="Idle">After this long without a line the client considers the connection dead.</param>
public readonly record struct WatchTiming(TimeSpan Server, TimeSpan Idle);
