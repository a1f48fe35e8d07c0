using System.Text.Json.Nodes;

namespace KmsSimulator.Tests.Sqs;

/// <summary>
/// The AWS CLI as a second opinion on SQS: another client, another parser, which checks the sums of messages too. Its older versions do not take SQS's
/// endpoint from the environment.
/// </summary>
public sealed class SqsCliTests
{
    [Fact]
    public async Task The_AWS_CLI_receives_the_event_of_a_call_hides_it_and_deletes_it()
    {
        await ExternalTool.RequireAsync("The AWS CLI", "REQUIRE_AWS_CLI", "aws", "--version");
        await using var simulator = await TestSimulator.StartAsync();
        var url = (string)(await Json("create-queue", "--queue-name", "events", "--attributes", "VisibilityTimeout=60"))!["QueueUrl"]!;
        await simulator.SetAsync("/_sim/events", """{"queueArn": "arn:aws:sqs:us-east-1:123456789012:events"}""");
        var key = await simulator.CreateKeyAsync();
        Assert.Equal(url, (string)(await Json("get-queue-url", "--queue-name", "events"))!["QueueUrl"]!);
        Assert.Equal("1", (string)(await Json("get-queue-attributes", "--queue-url", url, "--attribute-names", "All"))!["Attributes"]!["ApproximateNumberOfMessages"]!);

        var message = (await Json("receive-message", "--queue-url", url, "--wait-time-seconds", "1", "--attribute-names", "All"))!["Messages"]![0]!;
        Assert.Equal(key.Arn, (string)JsonNode.Parse((string)message["Body"]!)!["detail"]!["resources"]![0]!["ARN"]!);
        Assert.Equal("1", (string)message["Attributes"]!["ApproximateReceiveCount"]!);
        await Json("change-message-visibility", "--queue-url", url, "--receipt-handle", (string)message["ReceiptHandle"]!, "--visibility-timeout", "0");
        message = (await Json("receive-message", "--queue-url", url))!["Messages"]![0]!;
        var deleted = await Json("delete-message-batch", "--queue-url", url, "--entries", $"Id=a,ReceiptHandle={(string)message["ReceiptHandle"]!}", "Id=b,ReceiptHandle=rubbish");
        Assert.Equal("a", (string)deleted!["Successful"]![0]!["Id"]!);
        Assert.Equal("ReceiptHandleIsInvalid", (string)deleted["Failed"]![0]!["Code"]!);
        Assert.Null(await Json("receive-message", "--queue-url", url));

        await Json("send-message", "--queue-url", url, "--message-body", "ä \"x\"");
        Assert.Equal("ä \"x\"", (string)(await Json("receive-message", "--queue-url", url))!["Messages"]![0]!["Body"]!);
        await Json("delete-queue", "--queue-url", url);
        var (code, _, error) = await ExternalTool.RunAsync(simulator, "aws", "sqs", "receive-message", "--queue-url", url, "--endpoint-url", simulator.Url);
        Assert.NotEqual(0, code);
        Assert.Contains("(AWS.SimpleQueueService.NonExistentQueue) when calling the ReceiveMessage operation", error, StringComparison.Ordinal);

        async Task<JsonNode?> Json(params string[] arguments)
        {
            var (exitCode, output, complaint) = await ExternalTool.RunAsync(simulator, "aws", ["sqs", .. arguments, "--output", "json", "--endpoint-url", simulator.Url]);
            Assert.True(exitCode == 0, $"aws sqs {string.Join(' ', arguments)}: {complaint}");
            return output.Trim().Length == 0 ? null : JsonNode.Parse(output);
        }
    }
}
