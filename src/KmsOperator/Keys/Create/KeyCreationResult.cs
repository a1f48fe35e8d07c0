using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Create;

/// <summary>What an attempt to get a key for a resource came to.</summary>
/// <param name="Status">The status after it. It has the key's id when a key was created or found.</param>
/// <param name="Key">The key, if it was created just now.</param>
/// <param name="Error">Why there is no key yet.</param>
/// <param name="RequeueAfter">When to try again, where that is known.</param>
internal sealed record KeyCreationResult(KeyStatus Status, ObservedKey? Key, ReconcileError? Error, TimeSpan? RequeueAfter)
{
    /// <summary>Whether there is a key.</summary>
    public bool HasKey => Status.KeyId is not null && Error is null;

    /// <summary>An existing key of this resource was found; its id is in the status, which is written.</summary>
    public static KeyCreationResult Found(KeyStatus status) => new(status, null, null, null);

    /// <summary>There is no key, and nothing stands against creating one.</summary>
    public static KeyCreationResult None(KeyStatus status) => new(status, null, null, null);

    /// <summary>A key was created; its id is in the status, which is written.</summary>
    public static KeyCreationResult Created(KeyStatus status, ObservedKey key) => new(status, key, null, null);

    /// <summary>There is no key yet.</summary>
    public static KeyCreationResult Failed(KeyStatus status, ReconcileError error, TimeSpan? requeueAfter = null) => new(status, null, error, requeueAfter);
}
