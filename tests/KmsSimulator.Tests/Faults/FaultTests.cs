using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.SecurityToken.Model;

namespace KmsSimulator.Tests.Faults;

public sealed class FaultTests
{
    private const string Hold = """{"operation": "CreateKey", "kind": "hold"}""";

    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData("throttle", "ThrottlingException", "You have exceeded the rate at which you may call KMS", 400)]
    [InlineData("error5xx", "KMSInternalException", "internal error", 500)]
    [InlineData("accessDenied", "AccessDeniedException", "User: arn:aws:iam::123456789012:user/simulator is not authorized to perform: kms:CreateKey", 400)]
    public async Task A_fault_answers_instead_of_the_operation_and_then_is_over(string kind, string code, string message, int status)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/faults", $$"""{"operation": "CreateKey", "kind": "{{kind}}"}""");
        await KmsAssert.FailsAsync(code, message, () => simulator.CreateKeyAsync(), status);
        Assert.Empty((await simulator.GetAsync("/_sim/keys")).AsArray());
        await simulator.CreateKeyAsync();
    }

    [Theory]
    [InlineData("dropBefore", 0)]
    [InlineData("dropAfter", 1)]
    public async Task A_dropped_connection_leaves_the_caller_without_an_answer_and_KMS_with_or_without_the_key(string kind, int keys)
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/faults", $$"""{"operation": "CreateKey", "kind": "{{kind}}"}""");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => simulator.CreateKeyAsync());
        Assert.True(error is HttpRequestException or IOException, error.ToString());
        Assert.Equal(keys, (await simulator.GetAsync("/_sim/keys")).AsArray().Count);
        var call = Assert.Single((await simulator.GetAsync("/_sim/calls?detail=1")).AsArray());
        Assert.Equal(kind, (string)call!["outcome"]!);
    }

    [Fact]
    public async Task A_dropped_answer_is_recorded_with_the_error_that_it_was()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/faults", """{"operation": "DescribeKey", "kind": "dropAfter"}""");
        await Assert.ThrowsAnyAsync<Exception>(() => simulator.DescribeAsync("nonsense"));
        Assert.Equal(["DescribeKey dropAfter NotFoundException"], await RawHttp.RecordedAsync(simulator));
    }

    [Fact]
    public async Task A_client_that_repeats_by_itself_makes_a_key_for_every_answer_that_was_lost()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "dropAfter", "count": 2}""");
        using var repeating = new AmazonKeyManagementServiceClient(
            new BasicAWSCredentials("AKIATEST", "secret"),
            new AmazonKeyManagementServiceConfig { ServiceURL = simulator.Url, AuthenticationRegion = TestSimulator.Region });
        await repeating.CreateKeyAsync(new CreateKeyRequest(), Token);
        Assert.Equal(3, (await simulator.GetAsync("/_sim/keys")).AsArray().Count);
    }

    [Fact]
    public async Task A_delayed_call_has_its_effect_late()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "delay", "delayMs": 60000}""");
        var call = simulator.CreateKeyAsync();
        await ReachedAsync(simulator);
        Assert.Empty((await simulator.GetAsync("/_sim/keys")).AsArray());
        Assert.False(call.IsCompleted);
        while (!call.IsCompleted)
        {
            simulator.Time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }

        Assert.Equal("Enabled", (await call).KeyState.Value);
    }

    // what lets the call go, why
    public static TheoryData<string, string, string> Releases => new()
    {
        { "POST", "/_sim/faults/release", "the request made for it" },
        { "DELETE", "/_sim/faults", "a test that clears its faults leaves no call behind" },
        { "POST", "/_sim/reset", "nor does one that resets everything" },
    };

    [Theory]
    [MemberData(nameof(Releases))]
    public async Task A_held_call_has_its_effect_when_it_is_let_go(string method, string path, string why)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var call = await HeldAsync(simulator);
        Assert.Empty((await simulator.GetAsync("/_sim/keys")).AsArray());
        Assert.False(call.IsCompleted);
        var (status, _) = await RawHttp.SendAsync(simulator, new HttpMethod(method), path);
        Assert.Equal(200, status);
        Assert.True((await call).KeyState == KeyState.Enabled, why);
        Assert.Single((await simulator.GetAsync("/_sim/keys")).AsArray());
    }

    [Fact]
    public async Task A_release_says_how_many_calls_it_lets_go_and_keeps_the_faults_that_are_to_come()
    {
        await using var simulator = await TestSimulator.StartAsync();
        Assert.Equal(0, (int)(await simulator.SetAsync("/_sim/faults/release", ""))["released"]!);
        var first = await HeldAsync(simulator);
        var second = await HeldAsync(simulator);
        await simulator.SetAsync("/_sim/faults", Hold);
        Assert.Equal(2, (int)(await simulator.SetAsync("/_sim/faults/release", ""))["released"]!);
        await first;
        await second;
        Assert.Equal("hold", (string)Assert.Single((await simulator.GetAsync("/_sim/faults")).AsArray())!["kind"]!);
        Assert.Equal(0, (int)(await simulator.SetAsync("/_sim/faults/release", ""))["released"]!);
    }

    [Fact]
    public async Task A_held_call_has_its_effect_also_when_the_client_has_gone()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/faults", Hold);
        using var patience = new CancellationTokenSource();
        var call = simulator.Kms.CreateKeyAsync(new CreateKeyRequest(), patience.Token);
        await ReachedAsync(simulator);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Empty((await simulator.GetAsync("/_sim/keys")).AsArray());
        await simulator.SetAsync("/_sim/faults/release", "");
        while ((await simulator.GetAsync("/_sim/keys")).AsArray().Count == 0)
            await Task.Yield();
    }

    [Fact]
    public async Task A_simulator_that_ends_lets_go_what_it_holds_and_answers()
    {
        var simulator = await TestSimulator.StartAsync();
        using var patient = new AmazonKeyManagementServiceClient(
            new BasicAWSCredentials("AKIATEST", "secret"),
            new AmazonKeyManagementServiceConfig { ServiceURL = simulator.Url, AuthenticationRegion = TestSimulator.Region, MaxErrorRetry = 0 });
        await simulator.SetAsync("/_sim/faults", Hold);
        var call = patient.CreateKeyAsync(new CreateKeyRequest(), Token);
        await ReachedAsync(simulator);
        await simulator.DisposeAsync();
        Assert.Equal("Enabled", (await call).KeyMetadata.KeyState.Value);
    }

    [Fact]
    public async Task Nth_and_count_choose_the_calls_and_what_remains_can_be_seen()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.CreateKeyAsync();
        await simulator.SetAsync("/_sim/faults", """[{"operation": "CreateKey", "kind": "throttle", "nth": 2, "count": 2}]""");
        await simulator.CreateKeyAsync();
        Assert.Equal((1, 2), await Remaining());
        await KmsAssert.FailsAsync("ThrottlingException", "", () => simulator.CreateKeyAsync());
        Assert.Equal((1, 1), await Remaining());
        await KmsAssert.FailsAsync("ThrottlingException", "", () => simulator.CreateKeyAsync());
        Assert.Empty((await simulator.GetAsync("/_sim/faults")).AsArray());
        await simulator.CreateKeyAsync();

        async Task<(int, int)> Remaining()
        {
            var fault = Assert.Single((await simulator.GetAsync("/_sim/faults")).AsArray())!;
            return ((int)fault["nth"]!, (int)fault["count"]!);
        }
    }

    [Fact]
    public async Task Faults_can_be_for_one_account_or_Region_or_all_operations()
    {
        await using var simulator = await TestSimulator.StartAsync();
        await simulator.SetAsync("/_sim/faults", """
            [{"operation": "*", "kind": "throttle", "region": "eu-west-1"},
             {"operation": "AssumeRole", "kind": "error5xx"},
             {"operation": "ListKeys", "kind": "accessDenied", "account": "222222222222"}]
            """);
        await KmsAssert.FailsAsync("InternalFailure", "", () => simulator.Sts().AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = "arn:aws:iam::222222222222:role/r", RoleSessionName = "session" }, Token), 500);
        await simulator.Kms.ListKeysAsync(new ListKeysRequest(), Token);
        await KmsAssert.FailsAsync("ThrottlingException", "", () =>
            simulator.KmsIn("eu-west-1").ListKeysAsync(new ListKeysRequest(), Token));
        var other = simulator.KmsIn("us-east-1", await simulator.AssumeAsync("arn:aws:iam::222222222222:role/r"));
        await KmsAssert.FailsAsync("AccessDeniedException", "assumed-role/r/test is not authorized", () =>
            other.ListKeysAsync(new ListKeysRequest(), Token));
        Assert.Empty((await simulator.GetAsync("/_sim/faults")).AsArray());
    }

    [Theory]
    [InlineData("""{"kind": "throttle"}""", "operation is missing")]
    [InlineData("""{"operation": "CreateKeys", "kind": "throttle"}""", "CreateKeys is none that is simulated")]
    [InlineData("""{"operation": "CreateKey", "kind": "explode"}""", "kind must be one of throttle, error5xx, accessDenied, dropBefore, dropAfter, delay, hold")]
    [InlineData("""{"operation": "CreateKey", "kind": "hold", "delayMs": 5}""", "delayMs")]
    [InlineData("""{"operation": "CreateKey", "kind": "delay"}""", "delayMs")]
    [InlineData("""{"operation": "CreateKey", "kind": "throttle", "delayMs": 5}""", "delayMs")]
    [InlineData("""{"operation": "CreateKey", "kind": "throttle", "nth": 0}""", "nth must be a whole number, 1 or more")]
    [InlineData("""{"operation": "CreateKey", "kind": "throttle", "times": 2}""", "no member times")]
    [InlineData("""[{"operation": "CreateKey", "kind": "throttle"}, 1]""", "A JSON object is wanted")]
    [InlineData("nonsense", "not JSON")]
    public async Task Faults_that_make_no_sense_are_refused_whole(string body, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var (status, answer) = await simulator.PostAsync("/_sim/faults", body);
        Assert.Equal(400, status);
        Assert.Contains(message, (string)answer["error"]!, StringComparison.Ordinal);
        Assert.Empty((await simulator.GetAsync("/_sim/faults")).AsArray());
    }

    /// <summary>A CreateKey that has arrived and waits.</summary>
    private static async Task<Task<KeyMetadata>> HeldAsync(TestSimulator simulator)
    {
        await simulator.SetAsync("/_sim/faults", Hold);
        var call = simulator.CreateKeyAsync();
        await ReachedAsync(simulator);
        return call;
    }

    /// <summary>Waits until every fault has hit its call.</summary>
    private static async Task ReachedAsync(TestSimulator simulator)
    {
        while ((await simulator.GetAsync("/_sim/faults")).AsArray().Count > 0)
            await Task.Yield();
    }
}
