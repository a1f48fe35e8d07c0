namespace KmsOperator.Benchmarks.Load;

/// <summary>Delays of the same kind, and their percentiles.</summary>
internal sealed class Delays(IEnumerable<TimeSpan> delays)
{
    private readonly TimeSpan[] _sorted = [.. delays.Order()];

    /// <summary>The smallest delay that so many of the delays do not exceed.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public double Milliseconds(double share) => _sorted[(int)Math.Ceiling(share * _sorted.Length) - 1].TotalMilliseconds;

    /// <summary>The median, the 99th percentile and the longest, in milliseconds.</summary>
    public override string ToString() => FormattableString.Invariant($"{Milliseconds(0.5):0.0} {Milliseconds(0.99):0.0} {Milliseconds(1):0.0}");
}
