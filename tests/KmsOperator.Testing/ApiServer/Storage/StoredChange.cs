namespace KmsOperator.Testing.ApiServer;

/// <summary>One write of the store: an object of a kind before and after.</summary>
/// <param name="Revision">The store's revision after the write.</param>
/// <param name="At">When it was written.</param>
/// <param name="Kind">The object's kind.</param>
/// <param name="Old">The object before; null when it was created.</param>
/// <param name="New">The object after; null when it was deleted.</param>
/// <param name="Content">All objects after the write.</param>
internal sealed record StoredChange(long Revision, DateTimeOffset At, ServedKind Kind, StoredObject? Old, StoredObject? New, StoreContent Content);
