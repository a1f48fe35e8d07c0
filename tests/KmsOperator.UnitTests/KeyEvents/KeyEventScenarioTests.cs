using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.SQS;
using Amazon.SQS.Model;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.KeyEvents;

/// <summary>The running operator with an event queue and a drift period of a week: whatever is put right within seconds is put right by an event.</summary>
public sealed class KeyEventScenarioTests
{
    private const string QueueName = "kms-events";
    private const string QueueArn = "arn:aws:sqs:us-east-1:123456789012:" + QueueName;
    private const string Somebody = "arn:aws:iam::123456789012:role/Admin";
    private const string OpenPolicy =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}]}""";

    private static readonly TimeSpan Target = TimeSpan.FromSeconds(5);
    private static readonly OperatorTestOptions Options = new()
    {
        DriftPeriod = TimeSpan.FromDays(7),
        EventQueues = ["https://sqs.us-east-1.amazonaws.com/123456789012/" + QueueName],
    };

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Changes => new()
    {
        { "disable", "somebody disables the key" },
        { "describe", "somebody changes the description" },
        { "untag", "somebody takes a tag off" },
        { "tag", "somebody changes a tag" },
        { "rotate", "somebody stops the rotation" },
        { "rename", "somebody moves the alias to another key" },
        { "unname", "somebody deletes the alias" },
        { "policy", "somebody opens the policy" },
        { "delete", "somebody schedules the deletion" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task What_somebody_else_changes_is_put_right_within_five_seconds(string change, string why)
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        var keyId = KeyId(scenario);
        var other = (await somebody.CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await scenario.RestAsync();
        var before = await KeyAsync(scenario, keyId);

        await ChangeAsync(somebody, change, keyId, other);
        Assert.False(before == await KeyAsync(scenario, keyId), why);
        await scenario.Operator.SettleAsync(Target);

        var after = await KeyAsync(scenario, keyId);
        Assert.True(before == after, $"{why}:\n{before}\n{after}");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(0, await MessagesAsync(scenario));
    }

    [Fact]
    public async Task A_value_that_the_operator_wrote_a_minute_ago_and_somebody_puts_back_is_put_right_as_well()
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "tags: {team: a}", "description: second"));

        await somebody.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = KeyId(scenario), Description = "first" }, Ct);
        await scenario.Operator.SettleAsync(Target);

        Assert.Equal("second", (await somebody.DescribeKeyAsync(new DescribeKeyRequest { KeyId = KeyId(scenario) }, Ct)).KeyMetadata.Description);
    }

    [Fact]
    public async Task What_the_operator_itself_changes_wakes_nothing()
    {
        Assert.Equal(await RunAsync(Options with { EventQueues = [] }), await RunAsync(Options));

        static async Task<string> RunAsync(OperatorTestOptions options)
        {
            using var scenario = await Scenario.StartAsync(options);
            await CreateQueueAsync(scenario);
            await scenario.RestAsync();
            await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
            await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "tags: {team: a}", "description: words", "access: {users: [App]}", "rotation: {periodDays: 90}"));
            await scenario.RestAsync();
            Assert.Equal(options.EventQueues.Count == 0, await MessagesAsync(scenario) > 0);
            return string.Join('\n', (await scenario.Aws.CallsAsync()).Where(call => !call.Key.Contains("Queue", StringComparison.Ordinal) && !call.Key.Contains("Message", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task Changes_of_keys_that_are_not_the_clusters_wake_nothing()
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        var other = (await somebody.CreateKeyAsync(new CreateKeyRequest(), Ct)).KeyMetadata.KeyId;
        await somebody.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/other", TargetKeyId = other }, Ct);
        await scenario.RestAsync();
        var before = await ComparisonsAsync(scenario);

        await somebody.DisableKeyAsync(new DisableKeyRequest { KeyId = other }, Ct);
        await somebody.DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/other" }, Ct);
        await scenario.Operator.SettleAsync();

        Assert.Equal(before, await ComparisonsAsync(scenario));
        Assert.Equal(0, await MessagesAsync(scenario));
    }

    [Fact]
    public async Task A_call_that_KMS_refuses_wakes_nothing()
    {
        using var scenario = await StartAsync();
        var stranger = await scenario.Aws.KmsAsAsync("arn:aws:iam::999999999999:role/Stranger");
        await scenario.RestAsync();
        var before = await ComparisonsAsync(scenario);

        await Assert.ThrowsAnyAsync<AmazonKeyManagementServiceException>(() => stranger.CreateGrantAsync(
            new CreateGrantRequest { KeyId = scenario.Status("ServiceKey", "one", "arn"), GranteePrincipal = "arn:aws:iam::999999999999:role/Stranger", Operations = ["Decrypt"] }, Ct));
        await scenario.Operator.SettleAsync();

        Assert.Equal(before, await ComparisonsAsync(scenario));
        Assert.Equal(0, await MessagesAsync(scenario));
    }

    [Fact]
    public async Task Rubbish_and_repeated_and_late_messages_cost_one_comparison_at_most_and_hold_up_nothing()
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        var sqs = scenario.Aws.Sqs();
        var url = await UrlAsync(sqs);
        var text = await EventOfAsync(scenario, sqs, url, () => somebody.DisableKeyAsync(new DisableKeyRequest { KeyId = KeyId(scenario) }, Ct));
        await scenario.Operator.SettleAsync();
        var before = await ComparisonsAsync(scenario);

        string[] rubbish = ["x", "null", "[]", "{}", "{\"detail\": 3}", new string('{', 5000), text[..(text.Length / 2)], text.Replace("aws.kms", "aws.ec2", StringComparison.Ordinal)];
        foreach (var body in Enumerable.Repeat(rubbish, 20).SelectMany(all => all).Concat(Enumerable.Repeat(text, 30)))
            await sqs.SendMessageAsync(url, body, Ct);
        await scenario.Operator.SettleAsync(Target);
        await somebody.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = KeyId(scenario), Description = "mine" }, Ct);
        await scenario.Operator.SettleAsync(Target);

        Assert.NotEqual("mine", (await somebody.DescribeKeyAsync(new DescribeKeyRequest { KeyId = KeyId(scenario) }, Ct)).KeyMetadata.Description);
        Assert.InRange(await ComparisonsAsync(scenario) - before, 1, 3);
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(0, await MessagesAsync(scenario));

        // A week later nothing is remembered of it but by the status.
        await scenario.RestAsync();
        scenario.Operator.CrashAndRestart();
        await scenario.RestAsync();
        before = await ComparisonsAsync(scenario);
        await sqs.SendMessageAsync(url, text, Ct);
        await scenario.Operator.SettleAsync();
        Assert.Equal(before, await ComparisonsAsync(scenario));
    }

    [Fact]
    public async Task Many_events_of_one_key_are_one_or_two_comparisons()
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        await scenario.RestAsync();
        var before = await ComparisonsAsync(scenario);

        for (var i = 0; i < 100; i++)
            await somebody.TagResourceAsync(new TagResourceRequest { KeyId = KeyId(scenario), Tags = [new Tag { TagKey = "n", TagValue = $"{i}" }] }, Ct);
        await scenario.Operator.SettleAsync();

        Assert.InRange(await ComparisonsAsync(scenario) - before, 1, 3);
        Assert.Equal(0, await MessagesAsync(scenario));
    }

    [Fact]
    public async Task A_queue_that_is_gone_costs_nothing_else_and_is_read_when_it_is_back()
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        var sqs = scenario.Aws.Sqs();
        await sqs.DeleteQueueAsync(await UrlAsync(sqs), Ct);
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        var calls = (await scenario.Aws.CallsAsync())["ReceiveMessage"];
        await somebody.DisableKeyAsync(new DisableKeyRequest { KeyId = KeyId(scenario) }, Ct);

        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));
        Assert.Equal("Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.InRange((await scenario.Aws.CallsAsync())["ReceiveMessage"] - calls, 40, 62);
        await scenario.ApplyAsync(Scenario.Key("two", "service: sqs"));
        scenario.AssertReady("ServiceKey", "two");

        await CreateQueueAsync(scenario);
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));
        await somebody.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = KeyId(scenario), Description = "mine" }, Ct);
        await scenario.Operator.SettleAsync(Target);
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeysAsync()).Single(key => (string?)key["keyId"] == KeyId(scenario))["keyState"]);
    }

    [Fact]
    public async Task An_event_that_was_received_before_a_crash_is_not_lost()
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        await somebody.DisableKeyAsync(new DisableKeyRequest { KeyId = KeyId(scenario) }, Ct);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        Assert.Equal(1, await MessagesAsync(scenario, "ApproximateNumberOfMessagesNotVisible"));

        scenario.Operator.CrashAndRestart();
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(2));

        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Equal(0, await MessagesAsync(scenario));
    }

    [Fact]
    public async Task An_event_whose_key_cannot_be_compared_is_not_lost()
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        await scenario.BreakAsync("GetKeyPolicy", "error5xx");
        await somebody.DisableKeyAsync(new DisableKeyRequest { KeyId = KeyId(scenario) }, Ct);
        await scenario.RestAsync();
        Assert.Equal("Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);

        scenario.Operator.CrashAndRestart();
        await scenario.Aws.ClearFaultsAsync();
        await scenario.RestAsync();

        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Equal(0, await MessagesAsync(scenario));
    }

    [Fact]
    public async Task A_suspended_resource_is_left_alone_and_compared_when_it_is_resumed()
    {
        using var scenario = await StartAsync();
        var somebody = await scenario.Aws.KmsAsAsync(Somebody);
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "tags: {team: a}", "suspend: true"));
        await somebody.DisableKeyAsync(new DisableKeyRequest { KeyId = KeyId(scenario) }, Ct);
        await scenario.Operator.SettleAsync();
        Assert.Equal("Disabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
        Assert.Equal(0, await MessagesAsync(scenario));

        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "tags: {team: a}", "suspend: false"));
        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeyAsync())["keyState"]);
    }

    [Fact]
    public async Task A_replica_that_somebody_changes_is_put_right_in_its_own_Region()
    {
        using var scenario = await StartAsync("multiRegion: true", "replicaRegions: [eu-west-1]");
        await scenario.RestAsync();
        var replica = (await scenario.Aws.KeysAsync()).Single(key => (string?)key["region"] == "eu-west-1");
        var somebody = await scenario.Aws.KmsAsAsync(Somebody, "eu-west-1");
        await somebody.DisableKeyAsync(new DisableKeyRequest { KeyId = (string?)replica["keyId"] }, Ct);

        await scenario.Operator.SettleAsync(Target);

        Assert.Equal("Enabled", (string?)(await scenario.Aws.KeysAsync()).Single(key => (string?)key["region"] == "eu-west-1")["keyState"]);
    }

    [Fact]
    public async Task Only_the_leader_reads()
    {
        using var scenario = await StartAsync();
        scenario.Operator.Kill();
        scenario.User.EnsureNamespace("kms-operator-system");
        scenario.Operator.Start(new OperatorWiring { Lease = new LeaderLeaseOptions() });
        scenario.Operator.Start(new OperatorWiring { Lease = new LeaderLeaseOptions() });
        await scenario.RestAsync();
        var before = (await scenario.Aws.CallsAsync())["ReceiveMessage"];

        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));

        // One receive waits for 20 seconds.
        Assert.InRange((await scenario.Aws.CallsAsync())["ReceiveMessage"] - before, 29, 31);
    }

    private static async Task<Scenario> StartAsync(params string[] fields)
    {
        var scenario = await Scenario.StartAsync(Options, "permissions: {undelete: Allow, aliasTakeOver: Allow}");
        await scenario.ApplyAsync(Scenario.Key("one", ["service: s3", "tags: {team: a}", "deletionPolicy: Retain", "description: first", .. fields]));
        await CreateQueueAsync(scenario);
        await scenario.RestAsync();
        return scenario;
    }

    private static async Task CreateQueueAsync(Scenario scenario)
    {
        await scenario.Aws.Sqs().CreateQueueAsync(QueueName, Ct);
        await scenario.Aws.PostAsync("/_sim/events", $$"""{"queueArn": "{{QueueArn}}"}""");
    }

    /// <summary>The message that a change makes, read before the operator does anything.</summary>
    private static async Task<string> EventOfAsync(Scenario scenario, IAmazonSQS sqs, string url, Func<Task> change)
    {
        var copy = await sqs.CreateQueueAsync("copy", Ct);
        await scenario.Aws.PostAsync("/_sim/events", """{"queueArn": "arn:aws:sqs:us-east-1:123456789012:copy"}""");
        await change();
        var messages = (await sqs.ReceiveMessageAsync(new ReceiveMessageRequest { QueueUrl = copy.QueueUrl, MaxNumberOfMessages = 10 }, Ct)).Messages;
        await sqs.DeleteQueueAsync(copy.QueueUrl, Ct);
        Assert.NotEqual(url, copy.QueueUrl);
        return messages.Single().Body;
    }

    private static Task ChangeAsync(IAmazonKeyManagementService kms, string change, string keyId, string other) => change switch
    {
        "disable" => kms.DisableKeyAsync(new DisableKeyRequest { KeyId = keyId }, Ct),
        "describe" => kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = keyId, Description = "mine" }, Ct),
        "untag" => kms.UntagResourceAsync(new UntagResourceRequest { KeyId = keyId, TagKeys = ["team"] }, Ct),
        "tag" => kms.TagResourceAsync(new TagResourceRequest { KeyId = keyId, Tags = [new Tag { TagKey = "team", TagValue = "b" }] }, Ct),
        "rotate" => kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = keyId }, Ct),
        "rename" => kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/acme/s3", TargetKeyId = other }, Ct),
        "unname" => kms.DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/acme/s3" }, Ct),
        "delete" => kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = keyId, PendingWindowInDays = 7 }, Ct),
        _ => kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = keyId, Policy = OpenPolicy }, Ct),
    };

    private static string KeyId(Scenario scenario) => scenario.Status("ServiceKey", "one", "keyId")!;

    private static async Task<string> KeyAsync(Scenario scenario, string keyId) =>
        (await scenario.Aws.KeysAsync()).Single(key => (string?)key["keyId"] == keyId).ToJsonString();

    private static Task<int> ComparisonsAsync(Scenario scenario) => scenario.CallsAsync("GetKeyPolicy");

    private static async Task<string> UrlAsync(IAmazonSQS sqs) => (await sqs.GetQueueUrlAsync(QueueName, Ct)).QueueUrl;

    private static async Task<int> MessagesAsync(Scenario scenario, string? attribute = null)
    {
        var sqs = scenario.Aws.Sqs();
        var attributes = (await sqs.GetQueueAttributesAsync(await UrlAsync(sqs), ["All"], Ct)).Attributes;
        string[] counts = attribute is null ? ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"] : [attribute];
        return counts.Sum(name => int.Parse(attributes[name], System.Globalization.CultureInfo.InvariantCulture));
    }
}
