using System.Text.Json.Nodes;
using System.Xml.Linq;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Commands;
using KmsOperator.Reports;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Reports;

public sealed class ReportTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_report_has_each_key_with_its_access_and_price_and_the_orphans()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(
            Scenario.Key("orders", "service: sqs", "multiRegion: true", "replicaRegions: [eu-west-1]", "access: {trustedAccounts: [\"999999999999\"]}")
            + Scenario.Key("open", "policy: {additionalStatements: [{Sid: Open, Effect: Allow, Principal: \"*\", Action: kms:Decrypt, Resource: \"*\"}]}"));
        Tag[] tags = [new() { TagKey = TagNames.Cluster, TagValue = "test" }, new() { TagKey = TagNames.Owner, TagValue = "ServiceKey/team/gone" }];
        await scenario.Aws.Kms().CreateKeyAsync(new CreateKeyRequest { Tags = [.. tags] }, Ct);

        var (code, output, errors) = await RunAsync(scenario, "json");

        Assert.Equal((0, ""), (code, errors));
        var report = JsonNode.Parse(output)!;
        var keys = report["keys"]!.AsArray().ToDictionary(key => (string)key!["owner"]!);
        Assert.Equal(4, keys.Count);
        var orders = keys["ServiceKey/team/orders"]!;
        Assert.Equal(["999999999999"], orders["access"]!["otherAccounts"]!.AsArray().Select(account => (string)account!));
        Assert.Contains("sns.amazonaws.com", orders["access"]!["services"]!.AsArray().Select(service => (string)service!));
        Assert.False((bool)orders["access"]!["everybody"]!);
        Assert.Equal((365, 1, "alias/acme/sqs", "Available"), ((int)orders["rotationDays"]!, (int)orders["monthlyUsd"]!, (string)orders["alias"]!, (string)orders["ready"]!));
        Assert.Contains(keys["ServiceKey/team/open"]!["findings"]!.AsArray(), finding => ((string)finding!["rule"]!, (string)finding["level"]!, (int)finding["statement"]! >= 0) == ("KMS101", "error", true));
        Assert.DoesNotContain(orders["findings"]!.AsArray(), finding => (string)finding!["rule"]! is "KMS101" or "KMS113");
        Assert.Equal("eu-west-1", (string)keys["KeyReplica/team/orders-eu-west-1"]!["region"]!);
        Assert.True((bool)keys["ServiceKey/team/open"]!["access"]!["everybody"]!);
        Assert.Equal("its owner does not exist", (string)keys["ServiceKey/team/gone"]!["orphaned"]!);
        Assert.Equal(4, (int)report["monthlyUsd"]!);
    }

    public static TheoryData<string, int, int, string> Prices => new()
    {
        { "Enabled", 0, 1, "a key costs a dollar" },
        { "Disabled", 1, 2, "the first rotation adds one, and a disabled key costs the same" },
        { "Enabled", 2, 3, "so does the second" },
        { "Enabled", 9, 3, "later ones are free" },
        { "PendingDeletion", 2, 0, "a key that will be deleted is free" },
    };

    [Theory]
    [MemberData(nameof(Prices))]
    public void A_key_costs_what_its_state_and_rotations_make_it(string state, int rotations, int price, string why) =>
        Assert.True(MonthlyPrice.Of(state, rotations) == price, why);

    [Fact]
    public async Task The_page_is_well_formed_and_needs_nothing_from_elsewhere()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs", "policy: {additionalStatements: [{Sid: Open, Effect: Allow, Principal: \"*\", Action: kms:Decrypt, Resource: \"*\"}]}"));

        var (_, output, _) = await RunAsync(scenario, "html");

        var page = XDocument.Parse(output);
        Assert.Single(page.Descendants("tbody").Single().Elements("tr"));
        Assert.Contains(page.Descendants("td"), cell => (string?)cell.Attribute("data-heading") == "Everybody" && cell.Value == "yes" && (string?)cell.Attribute("class") == "bad");
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "script" or "link" or "img" or "iframe" or "object" or "embed" or "base");
        Assert.DoesNotContain(
            page.Descendants().Attributes(), attribute => attribute.Name.LocalName is "src" or "href" or "style" || attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
        var style = page.Descendants("style").Single().Value;
        Assert.DoesNotContain("url(", style, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", style, StringComparison.Ordinal);
        Assert.Contains("@media print", style, StringComparison.Ordinal);
        Assert.Contains("max-width", style, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_quoted_cannot_leave_its_cell()
    {
        var report = new KeyReport(DateTimeOffset.UnixEpoch, "a&b", [new KeyRow { Owner = "=<script>\"x\",\n", AccountId = "1", Region = "r" }], ["<b>"]);

        Assert.Empty(XDocument.Parse(HtmlReport.Write(report)).Descendants("script"));
        Assert.Contains("\"'=<script>\"\"x\"\",\n\",1,r,", CsvReport.Write(report), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_may_not_be_read_is_there_without_what_is_not_known_and_is_an_error()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs"));
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "GetKeyPolicy", "kind": "accessDenied"}""");

        var (code, output, errors) = await RunAsync(scenario, "csv");

        Assert.Equal(1, code);
        Assert.StartsWith("ServiceKey/team/orders,123456789012,us-east-1,", output.Split("\r\n")[1], StringComparison.Ordinal);
        Assert.Contains("ServiceKey team/orders: AccessDenied", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Manifests_are_reported_without_a_cluster()
    {
        var folder = Directory.CreateTempSubdirectory("report-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "keys.yaml"), Scenario.Class() + "\n" + Scenario.Key("orders", "service: logs"), Ct);
            using var output = new StringWriter();
            using var errors = new StringWriter();

            var code = await CommandLine.RunAsync(["report", "-f", folder.FullName, "--account", "123456789012", "-o", "csv"], _ => null, output, errors);

            Assert.Equal((0, ""), (code, errors.ToString()));
            Assert.Contains("ServiceKey/default/orders,123456789012,us-east-1,,alias/acme/logs,", output.ToString(), StringComparison.Ordinal);
            Assert.Contains("logs.us-east-1.amazonaws.com", output.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("There is no kubeconfig", 1)]
    [InlineData("--output: 'xml' is not csv, json or html.", 64, "-o", "xml")]
    public async Task A_bad_call_is_answered_with_what_to_do(string message, int expected, params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();

        Assert.Equal(expected, await CommandLine.RunAsync(["report", .. arguments], _ => null, output, errors));
        Assert.Contains(message, errors.ToString(), StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(Scenario scenario, string format)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var clock = scenario.Operator.Clock;
        using var clients = new AwsClients("report-test", time: clock, inProcess: scenario.Aws.InProcess);
        var report = await new ClusterReport(scenario.Operator.Server.Connect(), new RegionalClientFactory(clients, clock, TimeSpan.Zero), clock).RunAsync("test", Ct);
        var code = await ReportCommand.PrintAsync(report, format, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
