using System.Globalization;

namespace KmsOperator.Benchmarks.Reporting;

/// <summary>Something that the bench measures.</summary>
/// <param name="Name">As the scenes call it.</param>
/// <param name="What">For people; <c>{0}</c> is the number of keys.</param>
/// <param name="Format">.NET's format of the figure.</param>
/// <param name="Unit">Its unit, with a space in front where one belongs there.</param>
/// <param name="Target">What it should be; null where nobody has said.</param>
internal sealed record Measure(string Name, string What, string Format, string Unit = "", Target? Target = null)
{
    public string Describe(int size) => string.Format(CultureInfo.InvariantCulture, What, size.ToString("N0", CultureInfo.InvariantCulture));

    public string Show(double value) => value.ToString(Format, CultureInfo.InvariantCulture) + Unit;
}

/// <summary>A target. One that is promised fails the bench when it is missed.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="AtLeast">Whether the limit is the smallest good figure; otherwise it is the largest.</param>
/// <param name="Promised">Whether a run has shown it, so that a later one must hold it.</param>
/// <param name="FromSize">With fewer keys it is not judged: what is fixed, or noise, would outweigh the rest.</param>
/// <param name="NativeOnly">Whether it is about the native executable only.</param>
internal sealed record Target(double Limit, bool AtLeast = false, bool Promised = false, int FromSize = 0, bool NativeOnly = false)
{
    public Verdict Judge(double value, int size, string build)
    {
        if (size < FromSize || (NativeOnly && build != SceneResults.NativeBuild))
            return Verdict.NotJudged;
        if (AtLeast ? value >= Limit : value <= Limit)
            return Verdict.Met;
        return Promised ? Verdict.PromiseBroken : Verdict.Missed;
    }
}

/// <summary>What a figure says of its target.</summary>
internal enum Verdict
{
    /// <summary>Too few keys, or another build.</summary>
    NotJudged,

    /// <summary>The figure is good.</summary>
    Met,

    /// <summary>It is not, and nobody has promised it.</summary>
    Missed,

    /// <summary>It is not, and a run has shown that it can be.</summary>
    PromiseBroken,
}
