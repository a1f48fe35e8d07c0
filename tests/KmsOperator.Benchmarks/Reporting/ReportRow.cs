namespace KmsOperator.Benchmarks.Reporting;

/// <summary>A figure with its measure and verdict.</summary>
/// <param name="Measure">What was measured.</param>
/// <param name="Result">The figure.</param>
/// <param name="Verdict">What it says of the target; null without one.</param>
internal sealed record ReportRow(Measure Measure, BenchResult Result, Verdict? Verdict)
{
    /// <summary>The rows of a report, in the order of <see cref="Measures.All"/>. Of several sizes the largest counts.</summary>
    public static IReadOnlyList<ReportRow> Of(IReadOnlyCollection<SceneResults> scenes)
    {
        var figures = scenes
            .SelectMany(scene => scene.Results.Concat(Growth.Of(ScaleRow.Of(scene.Results))).Select(result => (Result: result, scene.Build)))
            .GroupBy(figure => figure.Result.Name)
            .ToDictionary(group => group.Key, group => group.MaxBy(figure => figure.Result.Size));
        return
        [
            .. Measures.All.Where(measure => figures.ContainsKey(measure.Name)).Select(measure =>
            {
                var (result, build) = figures[measure.Name];
                return new ReportRow(measure, result, measure.Target?.Judge(result.Value, result.Size, build));
            }),
        ];
    }

    /// <summary>The target and whether the figure meets it, for people; a dash where there is none.</summary>
    public string Judgement
    {
        get
        {
            if (Measure.Target is not { } target)
                return "–";
            var limit = $"{(target.AtLeast ? "≥" : "≤")} {Measure.Show(target.Limit)}";
            return Verdict switch
            {
                Reporting.Verdict.Met => $"{limit}: met",
                Reporting.Verdict.Missed => $"{limit}: **missed**",
                Reporting.Verdict.PromiseBroken => $"{limit}: **broken**, it is promised",
                _ when Result.Size < target.FromSize => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{limit} from {target.FromSize:N0} on"),
                _ => $"{limit} for the native executable",
            };
        }
    }
}
