namespace KmsOperator.Reports;

/// <summary>A report as CSV, a row for each key.</summary>
/// <remarks>Source: RFC 4180.</remarks>
internal static class CsvReport
{
    /// <summary>The CSV, its header first.</summary>
    public static string Write(KeyReport report) => string.Concat(
        report.Rows.Select(row => ReportColumns.All.Select(column => column.Text(row)))
            .Prepend(ReportColumns.All.Select(column => column.Name))
            .Select(cells => string.Join(',', cells.Select(Cell)) + "\r\n"));

    private static string Cell(string text)
    {
        // A spreadsheet would take this for a formula.
        var plain = text.Length > 0 && "=+-@\t".Contains(text[0]) ? "'" + text : text;
        return plain.AsSpan().IndexOfAny(",\"\r\n") < 0 ? plain : $"\"{plain.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
