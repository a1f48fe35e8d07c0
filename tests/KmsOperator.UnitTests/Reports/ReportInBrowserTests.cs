using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using KmsOperator.Policies;
using KmsOperator.Policies.Linting;
using KmsOperator.Reports;
using Xunit;

namespace KmsOperator.UnitTests.Reports;

/// <summary>The report's page in Chromium: on a screen, on a phone, on paper.</summary>
public sealed partial class ReportInBrowserTests : IDisposable
{
    private static readonly string[] Browsers = ["chromium-headless-shell", "chromium", "google-chrome"];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("report-page-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1280, "table-row", "a screen has room for a table")]
    [InlineData(390, "block", "on a phone each key is a block of lines")]
    public async Task The_page_fits_the_width_without_scrolling_sideways(int width, string display, string why)
    {
        const string Measure = "document.documentElement.dataset.seen = [innerWidth, document.documentElement.scrollWidth, getComputedStyle(document.querySelector('tbody tr')).display].join(' ');";
        var page = HtmlReport.Write(Report()).Replace("</body>", $"<script>{Measure}</script></body>", StringComparison.Ordinal);

        var shown = await BrowseAsync(page, $"--window-size={width.ToString(CultureInfo.InvariantCulture)},844", "--dump-dom");

        var seen = Seen().Match(shown);
        Assert.True(seen.Success, shown);
        Assert.Equal(width.ToString(CultureInfo.InvariantCulture), seen.Groups["inner"].Value);
        Assert.True(int.Parse(seen.Groups["scroll"].Value, CultureInfo.InvariantCulture) <= width, $"{why}: {seen.Value}");
        Assert.True(display == seen.Groups["display"].Value, $"{why}: {seen.Value}");
    }

    [Fact]
    public async Task On_paper_the_page_lies_on_its_side()
    {
        var pdf = Path.Combine(_folder.FullName, "page.pdf");

        await BrowseAsync(HtmlReport.Write(Report()), "--no-pdf-header-footer", $"--print-to-pdf={pdf}");

        var box = MediaBox().Match(Encoding.Latin1.GetString(await File.ReadAllBytesAsync(pdf, TestContext.Current.CancellationToken)));
        Assert.True(
            double.Parse(box.Groups["width"].Value, CultureInfo.InvariantCulture) > double.Parse(box.Groups["height"].Value, CultureInfo.InvariantCulture),
            box.Value);
    }

    private static KeyReport Report()
    {
        var row = new KeyRow
        {
            Owner = "ServiceKey/a-namespace-with-a-long-name/a-resource-with-a-long-name-as-well",
            AccountId = "123456789012",
            Region = "ap-southeast-2",
            KeyId = "mrk-0123456789abcdef0123456789abcdef",
            Alias = "alias/a-long-prefix/a-long-name/of-an-alias-without-any-room-to-break",
            State = "Enabled",
            Ready = "Available",
            RotationDays = 365,
            Rotations = 3,
            LastRotation = DateTimeOffset.UnixEpoch,
            LastUsed = DateTimeOffset.UnixEpoch,
            Audience = [.. Enumerable.Range(0, 12).Select(i => new AudienceMember(AudienceKind.OtherAccount, $"99999999990{i:d2}"))],
            Findings = [.. PolicyLinter.Rules.Take(3).Select(rule => new PolicyFinding(rule, 0, null, "found"))],
        };
        return new KeyReport(DateTimeOffset.UnixEpoch, "test", [row, row with { KeyId = null, State = null, Orphaned = "its owner does not exist" }], []);
    }

    private async Task<string> BrowseAsync(string page, params string[] arguments)
    {
        var browser = Browsers.SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        if (browser is null)
        {
            Assert.False(Environment.GetEnvironmentVariable("REQUIRE_BROWSER") == "1", "There is no Chromium, and REQUIRE_BROWSER=1.");
            Assert.Skip("There is no Chromium; Debian's package chromium-headless-shell has it.");
        }

        var file = Path.Combine(_folder.FullName, "page.html");
        await File.WriteAllTextAsync(file, page, TestContext.Current.CancellationToken);

        // Root may run Chromium without its sandbox only.
        var start = new ProcessStartInfo(browser, ["--headless", "--no-sandbox", "--disable-gpu", $"--user-data-dir={_folder.FullName}/profile", .. arguments, $"file://{file}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await errors);
        return await output;
    }

    [GeneratedRegex("data-seen=\"(?<inner>\\d+) (?<scroll>\\d+) (?<display>[a-z-]+)\"")]
    private static partial Regex Seen();

    [GeneratedRegex(@"MediaBox \[0 0 (?<width>[\d.]+) (?<height>[\d.]+)\]")]
    private static partial Regex MediaBox();
}
