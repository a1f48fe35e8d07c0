using System.Globalization;

namespace KmsOperator.Benchmarks.Reporting;

/// <summary>Whether what a key costs depends on how many there are: the most over the least of all sizes.</summary>
internal static class Growth
{
    public const string Time = "scale.time-growth";
    public const string Calls = "scale.calls-growth";
    public const string Memory = "scale.memory-growth";

    public static IEnumerable<BenchResult> Of(IReadOnlyList<ScaleRow> rows) =>
    [
        .. Compare(Time, rows.Where(row => !row.IsBoundByQuota), row => row.Milliseconds, "0.0"),
        .. Compare(Calls, rows, row => row.Calls, "0.00"),
        .. Compare(Memory, rows.Where(row => row.HasManyKeys), row => row.KibibytesPerKey, "0.0"),
    ];

    private static IEnumerable<BenchResult> Compare(string name, IEnumerable<ScaleRow> rows, Func<ScaleRow, double> of, string format)
    {
        var compared = rows.ToArray();
        if (compared.Length < 2)
            return [];
        var figures = string.Join(", ", compared.Select(row => string.Format(CultureInfo.InvariantCulture, "{0} with {1:N0}", of(row).ToString(format, CultureInfo.InvariantCulture), row.Size)));
        return [new BenchResult(name, compared[^1].Size, compared.Max(of) / compared.Min(of), figures)];
    }
}
