using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Sqs;

/// <summary>The events of calls, as EventBridge sends CloudTrail's records to a queue.</summary>
public sealed class CallTrailTests
{
    private const string QueueArn = "arn:aws:sqs:us-east-1:123456789012:events";

    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task A_write_is_told_with_its_caller_its_parameters_and_its_key()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.SetAsync("/_sim/events", $$"""{"queueArn": "{{QueueArn}}"}""");
        await MessageTests.QueueAsync(simulator);
        var role = simulator.KmsIn(TestSimulator.Region, await simulator.AssumeAsync("arn:aws:iam::123456789012:role/team/Admin"));

        await role.TagResourceAsync(new TagResourceRequest { KeyId = key.KeyId, Tags = [new Tag { TagKey = "a", TagValue = "b" }] }, Token);
        await role.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key.KeyId }, Token);

        var message = Assert.Single(await EventsAsync(simulator));
        Assert.Equal(("aws.kms", "AWS API Call via CloudTrail", "us-east-1"), ((string?)message["source"], (string?)message["detail-type"], (string?)message["region"]));
        var detail = message["detail"]!;
        Assert.Equal(("kms.amazonaws.com", "TagResource", "123456789012"), ((string?)detail["eventSource"], (string?)detail["eventName"], (string?)detail["recipientAccountId"]));
        Assert.Equal("2026-03-01T12:00:00Z", (string?)detail["eventTime"]);
        Assert.Equal(key.Arn, (string?)detail["resources"]![0]!["ARN"]);
        Assert.Equal($$"""{"keyId":"{{key.KeyId}}","tags":[{"tagKey":"a","tagValue":"b"}]}""", detail["requestParameters"]!.ToJsonString());
        Assert.Equal(("AssumedRole", "arn:aws:sts::123456789012:assumed-role/Admin/test"), ((string?)detail["userIdentity"]!["type"], (string?)detail["userIdentity"]!["arn"]));
        Assert.Equal("arn:aws:iam::123456789012:role/team/Admin", (string?)detail["userIdentity"]!["sessionContext"]!["sessionIssuer"]!["arn"]);
    }

    [Fact]
    public async Task An_alias_is_told_with_its_key_and_a_refused_call_with_its_error()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.SetAsync("/_sim/events", $$"""{"queueArn": "{{QueueArn}}"}""");
        await MessageTests.QueueAsync(simulator);

        await simulator.Kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/a", TargetKeyId = key.KeyId }, Token);
        await simulator.Kms.DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/a" }, Token);
        await Assert.ThrowsAsync<NotFoundException>(() => simulator.Kms.DisableKeyAsync(new DisableKeyRequest { KeyId = "00000000-0000-0000-0000-000000000000" }, Token));

        var events = await EventsAsync(simulator);
        Assert.Equal(["CreateAlias", "DeleteAlias", "DisableKey"], events.Select(one => (string?)one["detail"]!["eventName"]));
        foreach (var alias in events.Take(2))
            Assert.Equal(["arn:aws:kms:us-east-1:123456789012:alias/a", key.Arn], alias["detail"]!["resources"]!.AsArray().Select(resource => (string?)resource!["ARN"]));
        Assert.Null(events[1]["detail"]!["errorCode"]);
        Assert.Equal("NotFoundException", (string?)events[2]["detail"]!["errorCode"]);
        Assert.Equal(3, events.Select(one => (string?)one["detail"]!["eventID"]).Distinct().Count());
    }

    [Fact]
    public async Task A_rule_may_be_for_one_account_and_Region_and_be_late()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await MessageTests.QueueAsync(simulator);
        await simulator.SetAsync("/_sim/events", $$"""{"queueArn": "{{QueueArn}}", "account": "123456789012", "region": "eu-west-1", "delaySeconds": 10}""");

        await simulator.CreateKeyAsync();
        await simulator.CreateKeyAsync(kms: simulator.KmsIn("eu-west-1", await simulator.AssumeAsync("arn:aws:iam::222222222222:role/r")));
        await simulator.CreateKeyAsync(kms: simulator.KmsIn("eu-west-1"));

        Assert.Empty(await EventsAsync(simulator));
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("eu-west-1", (string?)Assert.Single(await EventsAsync(simulator))["region"]);
    }

    private static async Task<List<JsonNode>> EventsAsync(TestSimulator simulator)
    {
        var sqs = simulator.Sqs();
        var url = (await sqs.GetQueueUrlAsync("events", Token)).QueueUrl;
        return [.. (await MessageTests.ReceiveAsync(sqs, url)).Select(message => JsonNode.Parse(message.Body)!)];
    }
}
