using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Admin;

public sealed class AdminInterfaceTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public async Task Keys_are_listed_with_all_that_a_test_wants_to_know()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true, Description = "d", Tags = [new Tag { TagKey = "t", TagValue = "v" }] });
        await simulator.Kms.CreateAliasAsync("alias/a", key.KeyId, Token);
        await simulator.Kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key.KeyId, RotationPeriodInDays = 120 }, Token);
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = key.KeyId, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.KmsIn("eu-west-1").ScheduleKeyDeletionAsync(key.KeyId, 7, Token);

        var keys = (await simulator.GetAsync("/_sim/keys")).AsArray();
        Assert.Equal(["eu-west-1", "us-east-1"], keys.Select(item => (string)item!["region"]!));
        var (replica, primary) = (keys[0]!, keys[1]!);
        Assert.Equal(
            [
                "accountId", "region", "keyId", "arn", "keyState", "description", "keySpec", "keyUsage", "multiRegion", "multiRegionKeyType", "aliases", "grants",
                "tags", "policy", "rotation", "deletionDate",
            ],
            primary.AsObject().Select(member => member.Key));
        Assert.Equal(("123456789012", key.Arn, "Enabled", "d"), ((string)primary["accountId"]!, (string)primary["arn"]!, (string)primary["keyState"]!, (string)primary["description"]!));
        Assert.Equal(("alias/a", "v", 120), ((string)primary["aliases"]![0]!, (string)primary["tags"]!["t"]!, (int)primary["rotation"]!["periodDays"]!));
        Assert.Equal(("PRIMARY", "REPLICA"), ((string)primary["multiRegionKeyType"]!, (string)replica["multiRegionKeyType"]!));
        Assert.Equal((await simulator.Kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key.KeyId }, Token)).Policy, (string)primary["policy"]!);
        Assert.Null(primary["deletionDate"]);
        Assert.Equal(simulator.Time.GetUtcNow().AddDays(7).UtcDateTime, ((DateTime)replica["deletionDate"]!).ToUniversalTime());
    }

    [Fact]
    public async Task Calls_are_counted_and_recorded_with_their_outcome()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.DescribeAsync(key.KeyId);
        await KmsAssert.FailsAsync("NotFoundException", "", () => simulator.DescribeAsync("nonsense"));
        await simulator.AssumeAsync("arn:aws:iam::222222222222:role/r");
        Assert.Equal("""{"AssumeRole":1,"CreateKey":1,"DescribeKey":2}""", (await simulator.GetAsync("/_sim/calls")).ToJsonString());

        var calls = (await simulator.GetAsync("/_sim/calls?detail=1")).AsArray();
        Assert.Equal(
            [("CreateKey", "OK", key.Arn), ("DescribeKey", "OK", key.Arn), ("DescribeKey", "NotFoundException", "nonsense"), ("AssumeRole", "OK", null)],
            calls.Select(call => ((string)call!["operation"]!, (string)call["outcome"]!, (string?)call["key"])));
        Assert.All(calls, call => Assert.Equal(("123456789012", "us-east-1"), ((string)call!["account"]!, (string)call["region"]!)));
        Assert.Equal(simulator.Time.GetUtcNow().UtcDateTime, ((DateTime)calls[0]!["time"]!).ToUniversalTime());
    }

    [Fact]
    public async Task A_reset_leaves_nothing()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.CreateKeyAsync();
        await simulator.SetAsync("/_sim/faults", """{"operation": "ListKeys", "kind": "throttle"}""");
        await simulator.SetAsync("/_sim/principals", """{"strict": true}""");
        await simulator.SetAsync("/_sim/roles", """{"arn": "arn:aws:iam::222222222222:role/r", "deny": true}""");
        await simulator.AdvanceAsync(TimeSpan.FromDays(1));
        await simulator.SetAsync("/_sim/reset", "");
        Assert.Equal("[]", (await simulator.GetAsync("/_sim/keys")).ToJsonString());
        Assert.Equal("{}", (await simulator.GetAsync("/_sim/calls")).ToJsonString());
        Assert.Equal("[]", (await simulator.GetAsync("/_sim/faults")).ToJsonString());
        await simulator.AssumeAsync("arn:aws:iam::222222222222:role/r");
        var key = await simulator.CreateKeyAsync(new CreateKeyRequest
        {
            Policy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":["123456789012","arn:aws:iam::123456789012:role/r"]},"Action":"kms:*","Resource":"*"}}""",
        });
        Assert.Equal(simulator.Time.GetUtcNow().UtcDateTime, key.CreationDate);
    }

    [Theory]
    [InlineData("/_sim/clock", "{}", "advanceSeconds is missing")]
    [InlineData("/_sim/clock", """{"advanceSeconds": -1}""", "advanceSeconds must be a number from 0")]
    [InlineData("/_sim/clock", """{"advanceSeconds": "1"}""", "advanceSeconds must be a number")]
    [InlineData("/_sim/principals", """{"exists": "arn:aws:iam::123456789012:role/r"}""", "exists must be a list of strings")]
    [InlineData("/_sim/principals", """{"delete": ["arn:aws:iam::123456789012:root"]}""", "not the ARN of a role or user")]
    [InlineData("/_sim/roles", "{}", "arn is missing")]
    [InlineData("/_sim/roles", """{"arn": "x"}""", "not the ARN of a role")]
    public async Task Requests_that_make_no_sense_are_refused_with_a_reason(string path, string body, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (status, answer) = await simulator.PostAsync(path, body);
        Assert.Equal(400, status);
        Assert.Contains(message, (string)answer["error"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/_sim/nothing", 404)]
    [InlineData("POST", "/_sim/keys", 405)]
    [InlineData("GET", "/_sim/clock", 405)]
    public async Task Unknown_paths_and_wrong_methods_are_told_apart(string method, string path, int status)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (answered, body) = await RawHttp.SendAsync(simulator, new HttpMethod(method), path);
        Assert.Equal(status, answered);
        Assert.Contains(path, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_clock_goes_a_century_ahead_at_most()
    {
        await using var simulator = await TestSimulator.StartAsync();
        for (var i = 0; i < 10; i++)
            await simulator.SetAsync("/_sim/clock", """{"advanceSeconds": 315360000}""");
        var (status, answer) = await simulator.PostAsync("/_sim/clock", """{"advanceSeconds": 315360000}""");
        Assert.Equal(400, status);
        Assert.Contains("36500 days ahead", (string)answer["error"]!, StringComparison.Ordinal);
        await simulator.CreateKeyAsync();
    }

    [Fact]
    public async Task It_says_that_it_is_healthy()
    {
        await using var simulator = await TestSimulator.StartAsync();
        Assert.Equal("ok", (string)(await simulator.GetAsync("/_sim/healthz"))["status"]!);
    }
}
