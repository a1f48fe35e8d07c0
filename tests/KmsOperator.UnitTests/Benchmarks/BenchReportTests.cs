using System.Xml.Linq;
using CsCheck;
using KmsOperator.Benchmarks.Reporting;
using Xunit;

namespace KmsOperator.UnitTests.Benchmarks;

/// <summary>What the bench makes of its figures: targets, the table of docs/performance.md, and the picture beside it.</summary>
public sealed class BenchReportTests
{
    private const string Run = "run\t2026-11-26\t2 cores (AMD EPYC)\t1.36.4\tnative\n";

    private static readonly (Target Target, double Value, int Keys, string Build, Verdict Verdict, string Why)[] Targets =
    [
        (new Target(20), 20, 1, "native", Verdict.Met, "the limit itself is good"),
        (new Target(20), 20.1, 1, "native", Verdict.Missed, "nobody has promised it"),
        (new Target(20, Promised: true), 20.1, 1, "JIT", Verdict.PromiseBroken, "a promise holds for every build"),
        (new Target(0.7, AtLeast: true), 0.69, 1, "native", Verdict.Missed, "a rate must not be smaller"),
        (new Target(0.7, AtLeast: true), 0.71, 1, "native", Verdict.Met, "a larger rate is better"),
        (new Target(20, Promised: true, FromSize: 50), 99, 49, "native", Verdict.NotJudged, "a small bench says nothing of it"),
        (new Target(20, Promised: true, FromSize: 50), 99, 50, "native", Verdict.PromiseBroken, "from this size on it does"),
        (new Target(20, Promised: true, NativeOnly: true), 99, 1, "JIT", Verdict.NotJudged, "the JIT compiler takes memory of its own"),
    ];

    [Fact]
    public void Only_a_promised_figure_that_was_measured_as_it_was_promised_breaks_a_promise() =>
        Assert.All(Targets, one => Assert.True(one.Target.Judge(one.Value, one.Keys, one.Build) == one.Verdict, one.Why));

    // the file, why it is refused
    public static TheoryData<string, string> Unreadable => new()
    {
        { "", "nothing says where it was measured" },
        { "run\t2026-11-26\tmachine\t1.36.4\n", "the build is missing" },
        { Run + "scale.ms\t100\tmany\t\n", "the figure is no number" },
        { Run + "scale.ms\t100\t1.5\n", "the text is missing" },
        { Run + "scale.ms\t-1\t1.5\t\n", "there are no fewer keys than none" },
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void A_file_that_is_not_a_scene_s_is_refused(string text, string why) =>
        Assert.True(Assert.Throws<FormatException>(() => SceneResults.Parse("scale", text)).Message.StartsWith("scale: ", StringComparison.Ordinal), why);

    [Fact]
    public void The_report_has_every_figure_once_in_the_order_of_the_measures_and_of_the_largest_size()
    {
        var scale = SceneResults.Parse("scale", Run + "restart.ready\t100\t0.4\t\nrestart.ready\t1000\t0.9\t\nscale.writes\t1000\t4.2\t4200 in all\n");
        var start = SceneResults.Parse("start", Run + "start.first-list\t0\t120\tmedian of 15\n");

        var report = MarkdownReport.Write([scale, start], "images/scale.svg");

        Assert.Equal(
            """
            2026-11-26, 2 cores (AMD EPYC), API server 1.36.4, operator: native (scale, start).

            | what | measured | target | beside it |
            |---|---|---|---|
            | start of the process to its first list | 120 ms | ≤ 150 ms: met | median of 15 |
            | API-server writes for each of 1,000 new keys, the resource and the event included | 4.20 | ≤ 4.05: **broken**, it is promised | 4200 in all |
            | restart with 1,000 unchanged keys until `/readyz` says ok | 0.9 s | ≤ 5.0 s: met |  |
            """, report);
    }

    [Fact]
    public void Growth_leaves_out_the_sizes_that_say_nothing_of_it()
    {
        ScaleRow[] rows =
        [
            new(100, 30, 3, QuotaMilliseconds: 30, Cpu: 2, Calls: 3.05, Memory: 50, EmptyMemory: 40),
            new(1_000, 8, 5, QuotaMilliseconds: 3, Cpu: 2, Calls: 3.05, Memory: 44, EmptyMemory: 40),
            new(10_000, 10, 7, QuotaMilliseconds: 0.3, Cpu: 2, Calls: 3.05, Memory: 84, EmptyMemory: 40),
        ];

        var growth = Growth.Of(rows).ToDictionary(result => result.Name);

        Assert.Equal(1.25, growth[Growth.Time].Value, 3);
        Assert.Equal("8.0 with 1,000, 10.0 with 10,000", growth[Growth.Time].Beside);
        Assert.Equal(1, growth[Growth.Calls].Value, 3);
        Assert.Equal(1.1, growth[Growth.Memory].Value, 3);
        Assert.Empty(Growth.Of(rows[..1]));
    }

    [Fact]
    public void The_picture_is_well_formed_without_scripts_and_all_of_it_is_inside() =>
        Gen.Select(Gen.Int[1, 100_000], Gen.Double[0, 50], Gen.Double[0, 50], Gen.Double[-5, 200]).Array[1, 5].Sample(sizes =>
        {
            var rows = sizes.DistinctBy(size => size.Item1).OrderBy(size => size.Item1)
                .Select(size => new ScaleRow(size.Item1, size.Item2, 1, 0, 1, size.Item3, 40 + size.Item4, 40)).ToArray();

            var picture = XDocument.Parse(ScaleChart.Draw(rows)).Root!;

            var (width, height) = ((double)picture.Attribute("width")!, (double)picture.Attribute("height")!);
            var dots = picture.Descendants().Where(element => element.Name.LocalName == "circle").ToArray();
            var many = rows.Count(row => row.HasManyKeys);
            Assert.Equal((2 * rows.Length) + (many > 0 ? many : rows.Length), dots.Length);
            Assert.All(dots, dot =>
            {
                Assert.InRange((double)dot.Attribute("cx")!, 0, width / 3);
                Assert.InRange((double)dot.Attribute("cy")!, 0, height);
            });
            Assert.DoesNotContain(picture.Descendants(), element => element.Name.LocalName == "script");
        });

    [Fact]
    public void Text_between_marks_is_replaced_and_nothing_else()
    {
        const string Page = "# Title\n<!-- bench -->\nold\n\nlines\n<!-- /bench -->\nprose\n";

        Assert.Equal("# Title\n<!-- bench -->\nnew\n<!-- /bench -->\nprose\n", MarkedText.Replace(Page, "bench", "new"));
        Assert.Contains("<!-- other -->", Assert.Throws<FormatException>(() => MarkedText.Replace(Page, "other", "new")).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => MarkedText.Replace("<!-- bench -->\nwithout an end", "bench", "new"));
    }

    [Fact]
    public void The_page_has_the_marks_that_the_bench_writes_between()
    {
        var page = File.ReadAllText(Schema.RepositoryFiles.Path("docs", "performance.md"));
        Assert.Contains("new", MarkedText.Replace(page, "bench", "new"), StringComparison.Ordinal);
    }

    [Fact]
    public void Measures_have_names_of_their_own() => Assert.Equal(Measures.All.Count, Measures.All.Select(measure => measure.Name).Distinct().Count());
}
