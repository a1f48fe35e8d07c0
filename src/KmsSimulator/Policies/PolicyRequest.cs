using KmsSimulator.Sts;

namespace KmsSimulator.Policies;

/// <summary>A request as a policy sees it.</summary>
/// <param name="Caller">Who.</param>
/// <param name="Action">What, for example <c>kms:Decrypt</c>.</param>
/// <param name="KeyArn">On which key.</param>
/// <param name="ValuesOf">The values that the request has for a condition key, whose case does not matter; null when it has none.</param>
internal sealed record PolicyRequest(Caller Caller, string Action, string KeyArn, Func<string, IReadOnlyList<string>?> ValuesOf);

/// <summary>What a key policy says to a request.</summary>
internal enum PolicyDecision
{
    /// <summary>No statement is about it.</summary>
    NotAllowed,

    /// <summary>A statement allows it and none denies it.</summary>
    Allowed,

    /// <summary>A statement denies it.</summary>
    Denied,
}
