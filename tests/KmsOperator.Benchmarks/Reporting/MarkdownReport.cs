using System.Globalization;

namespace KmsOperator.Benchmarks.Reporting;

/// <summary>The report as Markdown: where it was measured, the table, and what keys cost at each size.</summary>
internal static class MarkdownReport
{
    public static string Write(IReadOnlyCollection<SceneResults> scenes, string chart)
    {
        var lines = new List<string>();
        foreach (var run in scenes.GroupBy(scene => (scene.Date, scene.Machine, scene.Build)))
        {
            var server = run.Select(scene => scene.Server).FirstOrDefault(name => name.Length > 0);
            lines.Add($"{run.Key.Date}, {run.Key.Machine}{(server is null ? "" : $", API server {server}")}, operator: {run.Key.Build} ({string.Join(", ", run.Select(scene => scene.Scene))}).");
        }

        lines.AddRange(["", "| what | measured | target | beside it |", "|---|---|---|---|"]);
        lines.AddRange(ReportRow.Of(scenes).Select(row =>
            $"| {row.Measure.Describe(row.Result.Size)} | {row.Measure.Show(row.Result.Value)} | {row.Judgement} | {row.Result.Beside} |"));

        var sizes = scenes.SelectMany(scene => ScaleRow.Of(scene.Results)).ToArray();
        if (sizes.Length > 0)
        {
            lines.AddRange(
            [
                "",
                $"![Time, KMS calls and memory for each key, against the number of keys]({chart})",
                "",
                "| keys | time each | the same writes alone | CPU each | KMS calls each | memory | memory each |",
                "|---|---|---|---|---|---|---|",
            ]);
            lines.AddRange(sizes.Select(size => string.Create(
                CultureInfo.InvariantCulture,
                $"| {size.Size:N0} | {size.Milliseconds:0.0} ms{(size.IsBoundByQuota ? " (the quota of `CreateKey`)" : "")} | {size.BareMilliseconds:0.0} ms | {size.Cpu:0.0} ms | {size.Calls:0.00} | {size.Memory:0.0} MiB | {size.KibibytesPerKey:0.0} KiB |")));
        }

        return string.Join('\n', lines);
    }
}
