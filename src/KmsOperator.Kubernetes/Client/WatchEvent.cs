namespace KmsOperator.Kubernetes;

/// <summary>What a watch says of an object.</summary>
public enum WatchEventKind
{
    /// <summary>The object is new to the watch.</summary>
    Added,

    /// <summary>The object has changed.</summary>
    Modified,

    /// <summary>The object is gone.</summary>
    Deleted,

    /// <summary>Nothing happened up to this version.</summary>
    Bookmark,
}

/// <summary>One line of a watch.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Resource">The object, for a deleted one its last state; of a bookmark only the version counts.</param>
/// <remarks>Source: Kubernetes API concepts, "Efficient detection of changes". ERROR lines are thrown, not returned.</remarks>
public sealed record WatchEvent<T>(WatchEventKind Kind, T Resource);

/// <summary>How long a watch lasts.</summary>
/// <param name="Server">After this the server ends the stream; whole seconds.</param>
/// <param name="Idle">After this long without a line the client takes the connection for dead.</param>
public readonly record struct WatchTiming(TimeSpan Server, TimeSpan Idle);
