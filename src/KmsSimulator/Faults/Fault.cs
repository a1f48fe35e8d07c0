namespace KmsSimulator.Faults;

/// <summary>What goes wrong with a call.</summary>
internal enum FaultKind
{
    /// <summary>ThrottlingException (STS: Throttling), without effect.</summary>
    Throttle,

    /// <summary>HTTP 500, without effect.</summary>
    Error5xx,

    /// <summary>AccessDeniedException (STS: AccessDenied), without effect.</summary>
    AccessDenied,

    /// <summary>The connection is closed; the call has no effect.</summary>
    DropBefore,

    /// <summary>The connection is closed; the call has had its effect.</summary>
    DropAfter,

    /// <summary>The call happens late.</summary>
    Delay,

    /// <summary>The call happens when it is let go.</summary>
    Hold,
}

/// <summary>A fault that was asked for.</summary>
/// <param name="Operation">The operation it hits, or <c>*</c>.</param>
/// <param name="Kind">What happens.</param>
/// <param name="Nth">The first call it hits, counted from when it was set: 1 is the next.</param>
/// <param name="Count">How many calls it hits from there.</param>
/// <param name="Account">Only the calls of this account.</param>
/// <param name="Region">Only the calls in this Region.</param>
/// <param name="DelayMs">Milliseconds; for <see cref="FaultKind.Delay"/>.</param>
internal sealed record Fault(string Operation, FaultKind Kind, int Nth, int Count, string? Account, string? Region, int DelayMs)
{
    public bool Concerns(string operation, string account, string? region) =>
        (Operation == "*" || Operation == operation) && (Account is null || Account == account) && (Region is null || Region == region);
}
