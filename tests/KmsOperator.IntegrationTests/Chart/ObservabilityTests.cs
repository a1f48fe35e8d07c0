using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>
/// Dashboard and alerts against docs/metrics.md: every metric and every label that they ask for. That the page is right, a test of the running operator says.
/// </summary>
public sealed partial class ObservabilityTests
{
    private const string Base = "https://runbooks.example.com/docs";

    // Labels that Prometheus gives to targets, and that of histograms' buckets.
    private static readonly string[] Given = ["namespace", "instance", "pod", "job", "le"];

    [Fact]
    public async Task Every_query_asks_only_for_metrics_and_labels_that_the_operator_has()
    {
        var known = await KnownAsync();
        var alerts = (await AlertsAsync()).Select(rule => rule["expr"]!.GetValue<string>());
        var queries = (await PanelsAsync()).SelectMany(Queries).Concat(alerts).ToArray();
        Assert.True(queries.Length > 30);
        Assert.All(queries, query =>
        {
            var series = Series().Matches(query);
            Assert.NotEmpty(series);
            List<string> labels = [.. Given];
            foreach (Match one in series)
            {
                var name = one.Groups["name"].Value;
                var family = known.ContainsKey(name) ? name : HistogramSuffix().Replace(name, "");
                Assert.True(known.ContainsKey(family), $"{name} in {query}");
                labels.AddRange(known[family]);
                Assert.All(Matcher().Matches(one.Groups["labels"].Value).Select(label => label.Groups[1].Value), label => Assert.Contains(label, known[family].Concat(Given)));
            }

            Assert.All(By().Matches(query).SelectMany(by => by.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)), label => Assert.Contains(label, labels));
        });
    }

    [Fact]
    public async Task Every_panel_says_what_it_shows_and_heeds_the_variables()
    {
        var panels = await PanelsAsync();
        Assert.Equal(panels.Count, panels.Select(panel => panel["id"]!.GetValue<int>()).Distinct().Count());
        Assert.All(panels.Where(panel => panel["type"]!.GetValue<string>() != "row"), panel =>
        {
            Assert.True(panel["description"]!.GetValue<string>().Length > 20, panel["title"]!.GetValue<string>());
            Assert.All(Queries(panel).SelectMany(query => Series().Matches(query)), series => Assert.StartsWith(
                "namespace=~\"$namespace\",instance=~\"$instance\"", series.Groups["labels"].Value, StringComparison.Ordinal));
        });
        Assert.Contains(panels, panel => panel["type"]!.GetValue<string>() == "heatmap");
        Assert.Contains(panels.SelectMany(Queries), query => query.Contains("status=\"Unknown\"", StringComparison.Ordinal));
        var dashboard = await DashboardAsync();
        Assert.Equal(["datasource", "namespace", "instance"], dashboard["templating"]!["list"]!.AsArray().Select(variable => variable!["name"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Every_alert_names_a_page_that_exists_and_stands_in_the_documentation()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"), TestContext.Current.CancellationToken);
        foreach (var rule in await AlertsAsync())
        {
            var name = rule["alert"]!.GetValue<string>();
            Assert.Contains(name, page, StringComparison.Ordinal);
            Assert.Contains(rule["labels"]!["severity"]!.GetValue<string>(), (string[])["critical", "warning", "info"]);
            Assert.All((string[])["summary", "description"], text => Assert.NotEqual("", rule["annotations"]![text]!.GetValue<string>()));
            var runbook = rule["annotations"]!["runbook_url"]!.GetValue<string>();
            Assert.StartsWith(Base + "/", runbook, StringComparison.Ordinal);
            var parts = runbook[(Base.Length + 1)..].Split('#');
            var linked = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", parts[0]), TestContext.Current.CancellationToken);
            if (parts.Length > 1)
            {
                Assert.Contains(parts[1], Heading().Matches(linked).Select(heading => heading.Groups[1].Value.ToLowerInvariant().Replace(' ', '-')));
            }
        }
    }

    [Fact]
    public async Task An_operator_that_is_gone_is_noticed_as_well_as_one_without_a_leader()
    {
        var alerts = (await AlertsAsync()).ToDictionary(rule => rule["alert"]!.GetValue<string>(), rule => rule["expr"]!.GetValue<string>());
        Assert.StartsWith("absent(kmsoperator_build_info{", alerts["KmsOperatorDown"], StringComparison.Ordinal);
        Assert.Contains("or absent(leader_election_master_status{", alerts["KmsOperatorNoLeader"], StringComparison.Ordinal);
        Assert.Contains("name=\"kms-operator\"", alerts["KmsOperatorNoLeader"], StringComparison.Ordinal);

        // Without a lease nobody leads, and that is right.
        Assert.DoesNotContain(await AlertsAsync("operator.leaderElect=false,replicaCount=1"), rule => rule["alert"]!.GetValue<string>() == "KmsOperatorNoLeader");
    }

    [Theory]
    [InlineData("KmsOperatorThrottled", "ThrottlingException", true)]
    [InlineData("KmsOperatorThrottled", "LimitExceededException", true)]
    [InlineData("KmsOperatorThrottled", "OK", false)]
    [InlineData("KmsOperatorAccessDenied", "AccessDeniedException", true)]
    [InlineData("KmsOperatorAccessDenied", "AccessDenied", true)]
    [InlineData("KmsOperatorAccessDenied", "ExpiredTokenException", true)]
    [InlineData("KmsOperatorAccessDenied", "NotFoundException", false)]
    [InlineData("KmsOperatorUnreachable", "Unreachable", true)]
    [InlineData("KmsOperatorUnreachable", "OK", false)]
    public async Task An_alert_on_AWS_is_about_the_codes_that_it_says(string alert, string code, bool matches)
    {
        var query = (await AlertsAsync()).Single(rule => rule["alert"]!.GetValue<string>() == alert)["expr"]!.GetValue<string>();
        var pattern = Code().Match(query).Groups[1].Value;
        Assert.Equal(matches, Regex.IsMatch(code, $"^(?:{pattern})$"));
    }

    private static async Task<Dictionary<string, string[]>> KnownAsync() => MetricRow()
        .Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"), TestContext.Current.CancellationToken))
        .ToDictionary(row => row.Groups["name"].Value, row => Label().Matches(row.Groups["labels"].Value).Select(label => label.Groups[1].Value).ToArray());

    private static async Task<IReadOnlyList<JsonObject>> AlertsAsync(string values = "replicaCount=2") =>
    [
        .. Rendering.Objects(await Helm.TemplateAsync("--set", $"metrics.prometheusRule.enabled=true,metrics.prometheusRule.runbookBaseUrl={Base}", "--set", values))
            .Single("PrometheusRule")["spec"]!["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!.AsObject()),
    ];

    private static async Task<JsonNode> DashboardAsync() =>
        JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "files", "dashboard.json"), TestContext.Current.CancellationToken))!;

    private static async Task<IReadOnlyList<JsonObject>> PanelsAsync() => [.. (await DashboardAsync())["panels"]!.AsArray().Select(panel => panel!.AsObject())];

    private static IEnumerable<string> Queries(JsonObject panel) =>
        ((panel["targets"] as JsonArray) ?? []).Select(target => target!["expr"]!.GetValue<string>());

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| \w+ \|(?<labels>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex("`([a-z]+)`")]
    private static partial Regex Label();

    [GeneratedRegex(@"\b(?<name>(kmsoperator|controller_runtime|workqueue|rest_client|leader_election)_[a-z_]+)(\{(?<labels>[^}]*)\})?")]
    private static partial Regex Series();

    [GeneratedRegex(@"(?:^|,)\s*([a-z_]+)\s*(?:=|!=|=~|!~)")]
    private static partial Regex Matcher();

    [GeneratedRegex(@"\bby \(([^)]*)\)")]
    private static partial Regex By();

    [GeneratedRegex("code=~?\"([^\"]*)\"")]
    private static partial Regex Code();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramSuffix();
}
