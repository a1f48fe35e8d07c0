namespace KmsOperator.Kubernetes;

/// <summary>Delays that double up to a limit, with jitter so that callers that failed together do not retry together.</summary>
/// <param name="first">The first delay; more than zero.</param>
/// <param name="limit">The longest delay before jitter.</param>
/// <param name="random">Source of the jitter. It is used under a lock on itself, since a seeded Random is not thread-safe.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan limit, Random random)
{
    private const double Jitter = 0.2;

    /// <summary>Returns <c>first · 2^(failures - 1)</c>, limited, plus up to 20 % jitter.</summary>
    /// <param name="failures">Failures in a row, 1 or more.</param>
    public TimeSpan After(int failures)
    {
        // 2^40 times any delay is above every limit; a larger exponent would overflow.
        var full = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 40)), limit.TotalSeconds);
        lock (random)
            return TimeSpan.FromSeconds(full * (1 + Jitter * random.NextDouble()));
    }
}
