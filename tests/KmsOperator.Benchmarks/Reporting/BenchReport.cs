namespace KmsOperator.Benchmarks.Reporting;

/// <summary>Makes the report of the scenes that have run.</summary>
internal static class BenchReport
{
    private const string Marks = "bench";

    /// <summary>Prints it, and writes <c>table.md</c> and <c>scale.svg</c> beside the figures; with <paramref name="docs"/> also the page and the picture there.</summary>
    /// <param name="directory">The figures, a file for each scene.</param>
    /// <param name="docs">The folder of the documentation; null to leave that alone.</param>
    /// <returns>Whether all that is promised holds.</returns>
    public static async Task<bool> WriteAsync(string directory, string? docs)
    {
        var scenes = new List<SceneResults>();
        foreach (var file in Directory.EnumerateFiles(directory, "*.tsv").Order(StringComparer.Ordinal))
            scenes.Add(SceneResults.Parse(Path.GetFileNameWithoutExtension(file), await File.ReadAllTextAsync(file)));
        var rows = ReportRow.Of(scenes);
        foreach (var row in rows)
            Console.WriteLine($"{row.Measure.Describe(row.Result.Size)}: {row.Measure.Show(row.Result.Value)} ({row.Judgement}){(row.Result.Beside.Length > 0 ? $"; {row.Result.Beside}" : "")}");

        await File.WriteAllTextAsync(Path.Combine(directory, "table.md"), MarkdownReport.Write(scenes, "scale.svg") + "\n");
        var sizes = scenes.SelectMany(scene => ScaleRow.Of(scene.Results)).ToArray();
        if (sizes.Length > 0)
            await File.WriteAllTextAsync(Path.Combine(directory, "scale.svg"), ScaleChart.Draw(sizes));
        if (docs is not null)
        {
            var page = Path.Combine(docs, "performance.md");
            await File.WriteAllTextAsync(page, MarkedText.Replace(await File.ReadAllTextAsync(page), Marks, MarkdownReport.Write(scenes, "images/scale.svg")));
            if (sizes.Length > 0)
                await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(Path.Combine(docs, "images")).FullName, "scale.svg"), ScaleChart.Draw(sizes));
        }

        foreach (var row in rows.Where(row => row.Verdict is Verdict.Missed or Verdict.PromiseBroken))
        {
            var what = row.Verdict == Verdict.PromiseBroken ? "A promise is broken" : "Target missed, not promised";
            await Console.Error.WriteLineAsync($"{what}: {row.Measure.Describe(row.Result.Size)}, {row.Measure.Show(row.Result.Value)} ({row.Judgement})");
        }

        return rows.All(row => row.Verdict != Verdict.PromiseBroken);
    }
}
