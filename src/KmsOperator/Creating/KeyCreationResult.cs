using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>What an attempt to make a key came to.</summary>
/// <param name="Key">The key, if it was made just now.</param>
/// <param name="Found">Whether an existing key of this resource was found instead; its id is in the status.</param>
/// <param name="Error">Why there is no key yet.</param>
/// <param name="RequeueAfter">When to look again, where that is known.</param>
internal sealed record KeyCreationResult(ObservedKey? Key, bool Found, ReconcileError? Error, TimeSpan? RequeueAfter)
{
    /// <summary>The key of the attempt was found.</summary>
    public static KeyCreationResult FoundKey { get; } = new(null, true, null, null);

    /// <summary>The attempt made no key.</summary>
    public static KeyCreationResult Nothing { get; } = new(null, false, null, null);

    /// <summary>A key was made.</summary>
    public static KeyCreationResult Made(ObservedKey key) => new(key, false, null, null);

    /// <summary>There is no key yet.</summary>
    public static KeyCreationResult Blocked(ReconcileError error, TimeSpan? requeueAfter = null) => new(null, false, error, requeueAfter);
}
