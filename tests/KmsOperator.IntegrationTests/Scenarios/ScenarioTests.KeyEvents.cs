using System.Text.Json.Nodes;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using Amazon.SQS;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

// The executable and an event queue: docs/drift.md.
public sealed partial class ScenarioTests
{
    [Fact]
    public async Task With_an_event_queue_what_somebody_else_changes_is_put_right_long_before_the_drift_period_is_over()
    {
        var token = TestContext.Current.CancellationToken;
        var any = new BasicAWSCredentials("test", "test");
        using var sqs = new AmazonSQSClient(any, new AmazonSQSConfig { ServiceURL = operators.SimulatorUrl, AuthenticationRegion = "us-east-1" });
        var queue = (await sqs.CreateQueueAsync(_namespace, token)).QueueUrl;
        await operators.AdminAsync("/_sim/events", new JsonObject { ["queueArn"] = $"arn:aws:sqs:us-east-1:123456789012:{_namespace}" });
        using var sts = new AmazonSecurityTokenServiceClient(any, new AmazonSecurityTokenServiceConfig { ServiceURL = operators.SimulatorUrl, AuthenticationRegion = "us-east-1" });
        var admin = (await sts.AssumeRoleAsync(new AssumeRoleRequest { RoleArn = "arn:aws:iam::123456789012:role/Admin", RoleSessionName = "alice" }, token)).Credentials;
        using var kms = new AmazonKeyManagementServiceClient(admin, new AmazonKeyManagementServiceConfig { ServiceURL = operators.SimulatorUrl, AuthenticationRegion = "us-east-1" });

        string[] flags =
        [
            "--event-queue", queue, "--drift-period", "168h", "--leader-elect=false", "--health-address", "127.0.0.1:0", "--metrics-address", "127.0.0.1:0",
            "--watch-namespaces", _namespace,
        ];
        await InsteadAsync(Static, flags, async process =>
        {
            await Cluster.ApplyTextAsync(Key("one", "service: s3"));
            var id = await ReadyAsync("sk/one");

            await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = id }, token);

            await Eventually.TrueAsync(async () => State(Assert.Single(await operators.KeysOfAsync(_namespace))) == "Enabled", () => process.LastLines);
            using var http = new HttpClient();
            async Task<double> CountAsync(string result) =>
                Exposition.Read(await http.GetStringAsync(await process.MetricsUrlAsync(), token)).Sum("kmsoperator_event_messages_total", $"result={result}");
            await Eventually.TrueAsync(async () => await CountAsync("compared") == 1 && await CountAsync("own_call") > 0, () => process.LastLines);
        });
        await sqs.DeleteQueueAsync(queue, token);
    }
}
