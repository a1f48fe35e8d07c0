using System.Net;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.SecurityToken.Model;

namespace KmsSimulator.Tests.InProcess;

public sealed class SimulatorHandlerTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Fact]
    public void A_call_that_nothing_delays_has_ended_when_the_SDK_returns_its_task()
    {
        using var simulator = new InProcessSimulator();
        Assert.True(simulator.Kms.CreateKeyAsync(new CreateKeyRequest(), Token).IsCompletedSuccessfully);
        Assert.True(simulator.Kms.DescribeKeyAsync(new DescribeKeyRequest { KeyId = "alias/none" }, Token).IsFaulted);
    }

    [Fact]
    public async Task Errors_reach_the_SDK_as_over_a_network()
    {
        using var simulator = new InProcessSimulator();
        var call = () => simulator.Kms.DescribeKeyAsync(new DescribeKeyRequest { KeyId = "alias/none" }, Token);
        await KmsAssert.FailsAsync("NotFoundException", "Alias arn:aws:kms:us-east-1:123456789012:alias/none is not found.", call);
    }

    [Fact]
    public async Task STS_is_there_too_and_its_credentials_are_those_of_the_role()
    {
        using var simulator = new InProcessSimulator();
        var role = new AssumeRoleRequest { RoleArn = "arn:aws:iam::222222222222:role/r", RoleSessionName = "test" };
        var kms = simulator.KmsAs((await simulator.Sts().AssumeRoleAsync(role, Token)).Credentials);
        Assert.Equal("222222222222", (await kms.CreateKeyAsync(new CreateKeyRequest(), Token)).KeyMetadata.AWSAccountId);
    }

    [Theory]
    [InlineData("dropBefore", 0)]
    [InlineData("dropAfter", 1)]
    public async Task A_dropped_connection_is_an_exception_of_HttpClient(string kind, int keys)
    {
        using var simulator = new InProcessSimulator();
        await simulator.SetAsync("/_sim/faults", $$"""{"operation": "CreateKey", "kind": "{{kind}}"}""");
        await Assert.ThrowsAsync<HttpRequestException>(() => simulator.Kms.CreateKeyAsync(new CreateKeyRequest(), Token));
        Assert.Equal(keys, (await simulator.KeysAsync()).Count);
    }

    [Fact]
    public async Task A_delay_ends_when_the_given_clock_says_so()
    {
        using var simulator = new InProcessSimulator();
        await simulator.SetAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "delay", "delayMs": 60000}""");
        var call = simulator.Kms.CreateKeyAsync(new CreateKeyRequest(), Token);
        simulator.Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Empty(await simulator.KeysAsync());
        simulator.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(KeyState.Enabled, (await call).KeyMetadata.KeyState);
    }

    [Fact]
    public async Task A_held_call_has_its_effect_when_it_is_let_go_although_its_caller_has_left()
    {
        using var simulator = new InProcessSimulator();
        await simulator.SetAsync("/_sim/faults", """{"operation": "CreateKey", "kind": "hold"}""");
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var call = simulator.Kms.CreateKeyAsync(new CreateKeyRequest(), leave.Token);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Empty(await simulator.KeysAsync());
        await simulator.SetAsync("/_sim/faults/release", "");
        while ((await simulator.KeysAsync()).Count == 0)
            await Task.Yield();
    }

    [Fact]
    public async Task The_same_seed_and_calls_give_the_same_answers()
    {
        Assert.Equal(await AnswersAsync(7), await AnswersAsync(7));
        Assert.NotEqual(await AnswersAsync(7), await AnswersAsync(8));

        static async Task<string> AnswersAsync(int seed)
        {
            using var simulator = new InProcessSimulator(seed);
            var key = (await simulator.Kms.CreateKeyAsync(new CreateKeyRequest(), Token)).KeyMetadata.KeyId;
            var grant = new CreateGrantRequest { KeyId = key, GranteePrincipal = "arn:aws:iam::123456789012:role/r", Operations = ["Decrypt"] };
            return $"{key} {(await simulator.Kms.CreateGrantAsync(grant, Token)).GrantToken}";
        }
    }

    [Fact]
    public async Task A_caller_who_has_already_cancelled_has_no_effect()
    {
        using var simulator = new InProcessSimulator();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => simulator.Kms.CreateKeyAsync(new CreateKeyRequest(), new CancellationToken(canceled: true)));
        Assert.Empty(await simulator.KeysAsync());
    }

    [Fact]
    public async Task What_is_neither_KMS_nor_STS_is_not_found()
    {
        using var simulator = new InProcessSimulator();
        using var response = await simulator.Http.GetAsync("/other", Token);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }
}
