using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>What whoever runs the operator sees of it: logs, traces, probes, its first words when it cannot start.</summary>
public sealed partial class ScenarioTests
{
    private static readonly string[] Static = ["AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test-secret"];
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-scenario-");

    [Fact]
    public async Task Logs_are_a_JSON_object_a_line_and_traces_go_where_the_environment_says()
    {
        using var spans = new SpanReceiver();
        await InsteadAsync(
            [.. Static, $"OTEL_EXPORTER_OTLP_ENDPOINT={spans.Url}", "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_BSP_SCHEDULE_DELAY=100"],
            ["--leader-elect=false", "--health-address", "0", "--metrics-address", "0"],
            async process =>
            {
                await Cluster.ApplyTextAsync(Key("one", "service: s3"));
                await ReadyAsync("sk/one");
                string[] wanted = ["reconcile servicekey", "step CreateAlias", "KMS.CreateKey", "STS.GetCallerIdentity", "reconcileID", "us-east-1", "ambient", "service.name", "kms-operator"];
                await Eventually.TrueAsync(
                    () => wanted.All(name => spans.Text.Contains(name, StringComparison.Ordinal)),
                    () => $"Missing: {string.Join(", ", wanted.Where(name => !spans.Text.Contains(name, StringComparison.Ordinal)))}\n{process.LastLines}");
                Assert.Equal(["/v1/traces application/x-protobuf"], spans.Kinds);
                Assert.DoesNotContain("Statement", spans.Text, StringComparison.Ordinal);
                Assert.DoesNotContain("test-secret", spans.Text, StringComparison.Ordinal);

                var lines = process.LastLines.Split('\n').Select(line => JsonNode.Parse(line)!.AsObject()).ToArray();
                Assert.All(lines, line => Assert.Equal(["level", "ts", "logger", "msg"], line.Select(field => field.Key).Take(4)));
                Assert.All(lines, line => Assert.Contains(line["level"]!.GetValue<string>(), (string[])["debug", "info", "warn", "error"]));
                Assert.All(lines, line => Assert.Matches(Timestamp(), line["ts"]!.GetValue<string>()));
                var ofPass = lines.First(line => line["controller"]?.GetValue<string>() == "servicekey" && line["namespace"]?.GetValue<string>() == _namespace);
                Assert.Equal("one", ofPass["name"]!.GetValue<string>());
                Assert.Equal($$"""{"name":"one","namespace":"{{_namespace}}"}""", ofPass["object"]!.ToJsonString());
                Assert.True(Guid.TryParseExact(ofPass["reconcileID"]!.GetValue<string>(), "D", out var id) && id.Version == 4, ofPass.ToJsonString());
            });
    }

    [Fact]
    public async Task A_standby_is_as_ready_as_the_leader_and_its_metrics_say_who_leads()
    {
        var token = TestContext.Current.CancellationToken;
        string[] flags = ["--health-address", "[::1]:0", "--metrics-address", "127.0.0.1:0", "--watch-namespaces", _namespace];
        using var http = new HttpClient();
        async Task<Exposition> ReadAsync(ServerProcess process) => Exposition.Read(await http.GetStringAsync(await process.MetricsUrlAsync(), token));
        async Task<double?> LeadsAsync(ServerProcess process)
        {
            var scrape = await ReadAsync(process);
            return scrape.Has("leader_election_master_status", "name=kms-operator") ? scrape.Sum("leader_election_master_status") : null;
        }

        async Task<bool> IsReadyAsync(ServerProcess process)
        {
            var url = await process.HealthUrlAsync();
            return (await http.GetAsync(new Uri(url, "readyz"), token)).StatusCode == HttpStatusCode.OK
                && (await http.GetAsync(new Uri(url, "healthz"), token)).StatusCode == HttpStatusCode.OK;
        }

        await InsteadAsync([.. Static, "POD_NAMESPACE=kms-operator-system"], flags, async leader =>
        {
            await Eventually.TrueAsync(async () => await LeadsAsync(leader) == 1, () => leader.LastLines);
            using var standby = operators.StartInstead([.. Static, "POD_NAMESPACE=kms-operator-system"], flags);
            await Eventually.TrueAsync(async () => await IsReadyAsync(standby) && await IsReadyAsync(leader), () => standby.LastLines);
            Assert.Equal(0, await LeadsAsync(standby));
            Assert.Equal(1, await LeadsAsync(leader));

            // The row that the page has for it: the fixture's operator runs without a lease.
            var page = await ReadAsync(leader);
            Assert.Equal(("gauge", "name"), (page.Types["leader_election_master_status"], string.Join(",", page.Labels["leader_election_master_status"])));
            Assert.Contains("| `leader_election_master_status` | gauge | `name` |", await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"), token), StringComparison.Ordinal);

            // A leader that is asked to stop gives the lease back.
            await leader.SignalAsync("TERM");
            await Eventually.TrueAsync(async () => await LeadsAsync(standby) == 1, () => standby.LastLines);
        });
    }

    [Fact]
    public async Task What_keeps_the_operator_from_starting_is_one_sentence()
    {
        var taken = (await operators.MetricsUrlAsync()).Authority;
        var nowhere = Path.Combine(_files.FullName, "no-such-kubeconfig");
        foreach (var (kubeconfig, flags, words) in ((string, string[], string[])[])
            [
                (nowhere, [], ["KUBECONFIG", nowhere]),
                (Cluster.AdminKubeconfig, ["--metrics-address", taken], ["--metrics-address", taken]),
                (Cluster.AdminKubeconfig, ["--health-address", taken], ["--health-address", taken]),
            ])
        {
            string[] off = ["--metrics-address", "0", "--health-address", "0"];
            using var process = OperatorProcess.StartWith(
                kubeconfig, operators.SimulatorUrl, Static,
                [.. flags, .. off.Chunk(2).Where(flag => !flags.Contains(flag[0])).SelectMany(flag => flag), "--leader-elect=false", "--cluster-id", "none", "--watch-namespaces", _namespace]);
            Assert.Equal(1, await process.ExitCode.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
            var line = JsonNode.Parse(process.LastLines.Split('\n')[^1])!.AsObject();
            Assert.Equal("error", line["level"]!.GetValue<string>());
            Assert.All(words, word => Assert.Contains(word, line["msg"]!.GetValue<string>(), StringComparison.Ordinal));
            Assert.DoesNotContain("   at ", process.LastLines, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--metrics-tls-cert-file", "/no/such/file", "no file")]
    [InlineData("--health-address", "[::1]", "no port")]
    public async Task A_bad_flag_ends_the_operator_with_its_name_and_64(string flag, string value, string why)
    {
        using var process = OperatorProcess.Start(Cluster.AdminKubeconfig, operators.SimulatorUrl, flag, value);
        Assert.Equal(64, await process.ExitCode.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.True(process.LastLines.StartsWith(flag + ":", StringComparison.Ordinal), $"{why}: {process.LastLines}");
    }

    /// <summary>Runs another operator in place of the fixture's.</summary>
    private async Task InsteadAsync(string[] environment, string[] flags, Func<ServerProcess, Task> test)
    {
        operators.Kill();
        try
        {
            using var process = operators.StartInstead(environment, flags);
            try
            {
                await test(process);
            }
            catch (TimeoutException e)
            {
                throw new TimeoutException($"{e.Message}\n{process.LastLines}", e);
            }
        }
        finally
        {
            operators.StartOperator();
        }
    }

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    private static partial Regex Timestamp();
}
