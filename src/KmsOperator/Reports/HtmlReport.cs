using System.Globalization;
using System.Net;

namespace KmsOperator.Reports;

/// <summary>A report as one HTML page that needs nothing from elsewhere. It is well-formed XML as well.</summary>
internal static class HtmlReport
{
    // On a phone each key is a block of lines with their headings; on paper the table is small, and its head comes again on each page.
    private const string Style =
        """
        body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5rem; color: #1a1a1a; background: #fff; }
        h1 { font-size: 1.4rem; margin: 0 0 .3rem; }
        table { border-collapse: collapse; width: 100%; margin-top: 1rem; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }
        th { background: #f2f2f2; }
        .bad { color: #a40000; font-weight: bold; }
        thead { display: table-header-group; }
        tr { break-inside: avoid; }
        @media print { body { margin: 0; font-size: 8px; } @page { size: landscape; margin: 1cm; } }
        @media screen and (max-width: 60rem) {
          table, tbody, tr, td { display: block; width: auto; }
          thead { display: none; }
          tr { border: 1px solid #ccc; margin-bottom: 1rem; }
          td:empty { display: none; }
          td::before { content: attr(data-heading) ": "; color: #555; }
        }
        """;

    /// <summary>The page.</summary>
    public static string Write(KeyReport report)
    {
        using var page = new StringWriter { NewLine = "\n" };
        var title = report.ClusterId is null ? "KMS keys of manifests" : $"KMS keys of cluster {report.ClusterId}";
        page.WriteLine("<!DOCTYPE html>");
        page.WriteLine("<html lang=\"en\">");
        page.WriteLine($"<head><meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/><title>{Text(title)}</title>");
        page.WriteLine($"<style>\n{Style}\n</style></head>");
        page.WriteLine($"<body>\n<h1>{Text(title)}</h1>");
        page.WriteLine($"<p>{Text(string.Create(CultureInfo.InvariantCulture, $"{report.At.UtcDateTime:yyyy-MM-dd HH:mm} UTC. {report.Rows.Count} keys, {report.Rows.Count(row => row.Orphaned is not null)} of them orphaned; {report.MonthlyUsd} USD a month without requests."))}</p>");
        foreach (var error in report.Errors)
        {
            page.WriteLine($"<p class=\"bad\">Could not be read: {Text(error)}</p>");
        }

        page.WriteLine("<table>");
        page.WriteLine($"<thead><tr>{string.Concat(ReportColumns.All.Select(column => $"<th scope=\"col\">{Text(column.Heading)}</th>"))}</tr></thead>");
        page.WriteLine("<tbody>");
        foreach (var row in report.Rows)
        {
            page.WriteLine($"<tr>{string.Concat(ReportColumns.All.Select(column => Cell(column.Name, column.Heading, column.Text(row))))}</tr>");
        }

        page.WriteLine("</tbody>\n</table>\n</body>\n</html>");
        return page.ToString();
    }

    private static string Cell(string name, string heading, string text)
    {
        var isBad = text.Length > 0 && name is "everybody" or "orphaned" or "findings";
        return $"<td data-heading=\"{Text(heading)}\"{(isBad ? " class=\"bad\"" : "")}>{Text(text)}</td>";
    }

    /// <summary>Text, without what XML does not permit.</summary>
    private static string Text(string text) => WebUtility.HtmlEncode(string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)));
}
