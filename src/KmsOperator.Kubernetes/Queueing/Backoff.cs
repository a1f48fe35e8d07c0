namespace KmsOperator.Kubernetes;

/// <summary>Delays that double up to a limit, scattered so that those who failed together do not come back together.</summary>
/// <param name="first">The first delay; more than zero.</param>
/// <param name="limit">Where the doubling ends.</param>
/// <param name="random">Used under a lock on it, since a seeded one is not thread-safe.</param>
internal sealed class Backoff(TimeSpan first, TimeSpan limit, Random random)
{
    private const double Scatter = 0.2;

    /// <summary><c>first · 2^(failures - 1)</c>, at most the limit, and up to a fifth more.</summary>
    /// <param name="failures">Failures in a row, 1 or more.</param>
    public TimeSpan After(int failures)
    {
        // 2^40 of any delay is past every limit; far more would overflow.
        var full = Math.Min(first.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 40)), limit.TotalSeconds);
        lock (random)
            return TimeSpan.FromSeconds(full * (1 + Scatter * random.NextDouble()));
    }
}
