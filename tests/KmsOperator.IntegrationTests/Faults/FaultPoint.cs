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
/// <param name="Request">What it is and what it is about, for example <c>aws CreateKey us-east-1</c> or <c>k8s remove finalizer ServiceKey/one</c>.</param>
/// <param name="Occurrence">1 for the first that had an effect; the n-th of one object, not of the run, so that it is the same one in every run.</param>
public sealed record FaultPoint(string Request, int Occurrence)
{
    // A status that only tells. In brackets stands what a status puts on record before something is done.
    private const string Report = " status (";

    /// <summary>
    /// Whether the request need not be in every run: two workers, or two passes, may merge what they tell, and a deletion that is under way may be asked for again.
    /// </summary>
    public bool MayVary => Request.Contains(Report, StringComparison.Ordinal)
        || (Occurrence > 1 && Request.StartsWith("k8s delete ", StringComparison.Ordinal));

    /// <summary>Names the writing of a status that only tells how things are.</summary>
    /// <param name="resource">Kind and name.</param>
    /// <param name="what">What it tells.</param>
    public static string Reporting(string resource, string what) => $"k8s {resource}{Report}{what})";

    /// <summary>Names the writing of a status that records what is about to be done, or was done.</summary>
    /// <param name="resource">Kind and name.</param>
    /// <param name="what">What it records.</param>
    public static string Recording(string resource, string what) => $"k8s {resource} status [{what}]";

    public override string ToString() => $"{Request} #{Occurrence}";
}
