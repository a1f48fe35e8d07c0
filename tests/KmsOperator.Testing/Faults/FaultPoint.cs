namespace KmsOperator.Testing.Faults;

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
/// <param name="Request">What it is and what it is about, for example <c>aws CreateKey us-east-1</c> or <c>k8s remove finalizer ServiceKey/one</c>.</param>
/// <param name="Occurrence">1 for the first that had an effect; the n-th of one object, not of the run, so that it means the same in every run.</param>
public sealed record FaultPoint(string Request, int Occurrence)
{
    /// <summary>Names the writing of a status that only tells how things are.</summary>
    /// <param name="resource">Kind and name.</param>
    /// <param name="what">What it tells.</param>
    public static string Reporting(string resource, string what) => $"k8s {resource} status ({what})";

    /// <summary>Names the writing of a status that records what is about to be done, or was done.</summary>
    /// <param name="resource">Kind and name.</param>
    /// <param name="what">What it records.</param>
    public static string Recording(string resource, string what) => $"k8s {resource} status [{what}]";

    public override string ToString() => $"{Request} #{Occurrence}";
}
