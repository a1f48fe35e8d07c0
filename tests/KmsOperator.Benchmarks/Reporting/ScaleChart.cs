using System.Globalization;
using System.Text;

namespace KmsOperator.Benchmarks.Reporting;

/// <summary>What a key costs against the number of keys, as a picture (SVG): three graphs beside each other, each from 0. The axis of keys is logarithmic.</summary>
internal static class ScaleChart
{
    private const int GraphWidth = 240;
    private const int PlotWidth = 165;
    private const int PlotHeight = 120;
    private const int Left = 45;
    private const int Top = 40;
    private const int Height = Top + PlotHeight + 65;

    /// <summary>Draws it.</summary>
    /// <param name="rows">The sizes, smallest first; one at least.</param>
    public static string Draw(IReadOnlyList<ScaleRow> rows)
    {
        var svg = new StringBuilder();
        var width = 3 * GraphWidth;
        svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{Height}\" viewBox=\"0 0 {width} {Height}\" role=\"img\">\n");
        svg.Append("<title>Time, KMS calls and memory for each key, against the number of keys</title>\n");
        // As an image the picture has no colours of the page around it, but it knows whether that is dark.
        svg.Append("<style>text{font:12px sans-serif;fill:#24292f}.axis{stroke:#8c959f}.line{stroke:#0969da;stroke-width:2;fill:none}.dot{fill:#0969da}.quota{fill:none;stroke:#0969da}");
        svg.Append("@media (prefers-color-scheme:dark){text{fill:#e6edf3}.line{stroke:#58a6ff}.dot{fill:#58a6ff}.quota{fill:none;stroke:#58a6ff}}</style>\n");
        DrawGraph(svg, 0, "time for a new key, ms", rows, row => row.Milliseconds, "0.#", row => row.IsBoundByQuota);
        DrawGraph(svg, 1, "KMS calls for a new key", rows, row => row.Calls, "0.##", _ => false);
        DrawGraph(svg, 2, "memory for a key, KiB", rows.Any(row => row.HasManyKeys) ? [.. rows.Where(row => row.HasManyKeys)] : rows, row => row.KibibytesPerKey, "0.#", _ => false);
        if (rows.Any(row => row.IsBoundByQuota))
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"{Height - 8}\">○ as long as the quota of CreateKey makes it, five per second and account</text>\n");
        return svg.Append("</svg>\n").ToString();
    }

    private static void DrawGraph(StringBuilder svg, int position, string title, IReadOnlyList<ScaleRow> rows, Func<ScaleRow, double> of, string format, Func<ScaleRow, bool> isHollow)
    {
        var highest = Math.Max(rows.Max(of), 0) * 1.2;
        var (first, last) = (Math.Log10(rows[0].Size), Math.Log10(rows[^1].Size));
        var points = rows.Select(row => (
            X: Left + (last > first ? (Math.Log10(row.Size) - first) / (last - first) * PlotWidth : PlotWidth / 2.0),
            Y: Top + PlotHeight - (highest > 0 ? Math.Max(of(row), 0) / highest * PlotHeight : 0),
            Row: row)).ToArray();
        svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({position * GraphWidth} 0)\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"18\">{title}</text>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"axis\" fill=\"none\" d=\"M{Left} {Top}V{Top + PlotHeight}H{Left + PlotWidth}\"/>\n");
        svg.Append(CultureInfo.InvariantCulture, $"<polyline class=\"line\" points=\"{string.Join(' ', points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.X:0.#},{point.Y:0.#}")))}\"/>\n");
        foreach (var (x, y, row) in points)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"{(isHollow(row) ? "quota" : "dot")}\" cx=\"{x:0.#}\" cy=\"{y:0.#}\" r=\"3\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{y - 8:0.#}\" text-anchor=\"middle\">{of(row).ToString(format, CultureInfo.InvariantCulture)}</text>");
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{x:0.#}\" y=\"{Top + PlotHeight + 18}\" text-anchor=\"middle\">{row.Size:N0}</text>\n");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left + (PlotWidth / 2)}\" y=\"{Top + PlotHeight + 36}\" text-anchor=\"middle\">keys</text>\n</g>\n");
    }
}
