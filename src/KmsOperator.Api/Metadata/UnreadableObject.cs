namespace KmsOperator.Api;

/// <summary>An object of the API server that the operator cannot read. It is set aside, so that all others are read as usual.</summary>
/// <param name="ApiVersion">Group and version of the kind that was asked for.</param>
/// <param name="Kind">The kind that was asked for.</param>
/// <param name="Metadata">
/// What could be read of the object's metadata: name, namespace, uid, resourceVersion, generation, deletionTimestamp and finalizers. The
/// name is empty if even that could not be read.
/// </param>
/// <param name="Reason">Why the object cannot be read.</param>
/// <param name="Message">The reason as a sentence for a person, with the field where it is known. 1 KiB at most.</param>
public sealed record UnreadableObject(string ApiVersion, string Kind, ObjectMeta Metadata, UnreadableReason Reason, string Message) : IResource;

/// <summary>Why an object cannot be read.</summary>
public enum UnreadableReason
{
    /// <summary>A field has the wrong type or format, or the object nests too deeply.</summary>
    Malformed,

    /// <summary>The object is larger than any valid object of its kind.</summary>
    TooLarge,
}
