namespace KmsOperator.IntegrationTests.Faults;

/// <summary>What goes wrong at a side effect.</summary>
public enum FaultMode
{
    /// <summary>The operator dies before the request is sent.</summary>
    CrashBefore,

    /// <summary>The operator dies after the request had its effect.</summary>
    CrashAfter,

    /// <summary>The request has its effect, and the answer is lost.</summary>
    DropAnswer,

    /// <summary>The server fails (HTTP 500), without effect.</summary>
    Error5xx,

    /// <summary>The server asks to slow down, without effect.</summary>
    Throttle,
}

/// <summary>One side effect of a flow: a request that changes something, at its n-th occurrence.</summary>
/// <param name="Request">For example <c>aws CreateKey</c> or <c>k8s apply ServiceKey/status</c>.</param>
/// <param name="Occurrence">1 for the first.</param>
public sealed record FaultPoint(string Request, int Occurrence)
{
    public override string ToString() => $"{Request} #{Occurrence}";
}
