using System.Net;
using System.Text.RegularExpressions;
using Amazon.KeyManagementService.Model;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

public sealed partial class ScenarioTests
{
    [Fact]
    public async Task Metrics_move_with_what_happens()
    {
        var before = await ScrapeAsync();
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        var id = await ReadyAsync("sk/one");

        // A page may be as old as the exporter keeps it.
        double Created(Exposition scrape) => scrape.Sum("kmsoperator_aws_requests_total", "operation=CreateKey", "code=OK", "region=us-east-1", "account=ambient");
        await MetricAsync(scrape => Created(scrape) > Created(before));
        var made = await ScrapeAsync();
        Assert.Equal(1, Created(made) - Created(before));
        Assert.True(made.Sum("kmsoperator_aws_requests_total", "operation=GetCallerIdentity", "code=OK") > 0);

        // There from the start: a series that begins with its first value hides it from rate().
        Assert.True(made.Has("kmsoperator_aws_requests_total", "operation=ScheduleKeyDeletion", "code=OK", "region=us-east-1", "account=ambient"));
        Assert.True(made.Has("rest_client_requests_total", "code=200", "method=DELETE"));
        Assert.True(made.Sum("kmsoperator_aws_request_duration_seconds_count", "operation=CreateKey") > 0);
        Assert.True(made.Sum("kmsoperator_aws_budget_wait_seconds_count") > 0);
        Assert.True(made.Sum("controller_runtime_reconcile_total", "controller=servicekey", "result=requeue_after") > 0);
        Assert.True(made.Sum("rest_client_requests_total", "code=200", "method=PATCH") > 0);
        await MetricAsync(scrape => scrape.Sum("kmsoperator_resource_condition", "kind=ServiceKey", "type=Ready", "status=True") >= 1);
        await MetricAsync(scrape => scrape.Sum("kmsoperator_undecided_creations") == 0);
        var leaves = made.Sum("kmsoperator_drift_corrections_total", "field=description");

        // Once the consistency window has passed and the key was compared, a change is somebody else's.
        using var kms = operators.Kms();
        var token = TestContext.Current.CancellationToken;
        await Eventually.TrueAsync(async () => (await FieldAsync("sk/one", ".status.lastVerifiedAt")).Length > 0, () => operators.Log);
        await kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = id, Description = "mine now" }, token);
        await LookAsync("one");
        await MetricAsync(scrape => scrape.Sum("kmsoperator_drift_corrections_total", "field=description") == leaves + 1);

        await FaultAsync("DescribeKey", "throttle");
        await LookAsync("one");
        await MetricAsync(scrape => scrape.Sum("kmsoperator_aws_requests_total", "operation=DescribeKey", "code=ThrottlingException") > 0);

        await ReadyAsync("sk/one");
        await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = id, PendingWindowInDays = 7 }, token);
        await LookAsync("one");
        await MetricAsync(scrape => scrape.Sum("kmsoperator_keys_pending_deletion") >= 1);
        await MetricAsync(scrape => scrape.Sum("kmsoperator_resource_condition", "kind=ServiceKey", "type=Stalled", "status=True") >= 1);
    }

    [Fact]
    public async Task The_metrics_page_says_what_is_exposed_and_no_more()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3"));
        await ReadyAsync("sk/one");
        var scrape = await ScrapeAsync();
        var rows = MetricRow().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"), TestContext.Current.CancellationToken))
            .ToDictionary(row => row.Groups["name"].Value, row => (Type: row.Groups["type"].Value, Labels: Label().Matches(row.Groups["labels"].Value).Select(label => label.Groups[1].Value).Order(StringComparer.Ordinal)));

        // The fixture's operator runs without a lease and without event queues.
        Assert.Equal(rows.Keys.Where(name => name != "leader_election_master_status" && !name.StartsWith("kmsoperator_event_", StringComparison.Ordinal)).Order(StringComparer.Ordinal), scrape.Types.Keys.Order(StringComparer.Ordinal));
        Assert.All(scrape.Types, family => Assert.Equal((family.Key, rows[family.Key].Type), (family.Key, family.Value)));
        Assert.All(scrape.Labels, family => Assert.Equal([family.Key, .. rows[family.Key].Labels], [family.Key, .. family.Value]));
    }

    [Fact]
    public async Task Probes_are_answered_on_their_own_port()
    {
        using var http = new HttpClient { BaseAddress = await operators.HealthUrlAsync() };
        var token = TestContext.Current.CancellationToken;
        await Eventually.TrueAsync(async () => (await http.GetAsync("readyz", token)).StatusCode == HttpStatusCode.OK, () => operators.Log);
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz", token)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("metrics", token)).StatusCode);
    }

    private async Task<Exposition> ScrapeAsync()
    {
        using var http = new HttpClient();
        return Exposition.Read(await http.GetStringAsync(await operators.MetricsUrlAsync(), TestContext.Current.CancellationToken));
    }

    private Task MetricAsync(Func<Exposition, bool> holds) => Eventually.TrueAsync(async () => holds(await ScrapeAsync()), () => operators.Log);

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<type>counter|gauge|histogram) \|(?<labels>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex("`([a-z]+)`")]
    private static partial Regex Label();
}
