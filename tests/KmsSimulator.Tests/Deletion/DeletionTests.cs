using Amazon.KeyManagementService.Model;

namespace KmsSimulator.Tests.Deletion;

public sealed class DeletionTests
{
    private static CancellationToken Token => TestSimulator.Token;

    [Theory]
    [InlineData(0, "greater than or equal to 1")]
    [InlineData(6, "between 7 and 30")]
    [InlineData(31, "between 7 and 30")]
    [InlineData(366, "less than or equal to 365")]
    public async Task Windows_have_7_to_30_days(int days, string message)
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await KmsAssert.FailsAsync("ValidationException", message, () => simulator.Kms.ScheduleKeyDeletionAsync(id, days, Token));
    }

    [Fact]
    public async Task A_scheduled_key_is_gone_with_its_aliases_and_grants_when_the_window_is_over_and_not_before()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.CreateAliasAsync("alias/a", key.KeyId, Token);
        await simulator.Kms.CreateGrantAsync(new CreateGrantRequest { KeyId = key.KeyId, GranteePrincipal = "arn:aws:iam::123456789012:role/r", Operations = ["Encrypt"] }, Token);
        var answer = await simulator.Kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = key.KeyId }, Token);
        Assert.Equal((key.Arn, "PendingDeletion", 30), (answer.KeyId, answer.KeyState.Value, answer.PendingWindowInDays));
        Assert.Equal(simulator.Time.GetUtcNow().AddDays(30).UtcDateTime, answer.DeletionDate);

        await simulator.AdvanceAsync(TimeSpan.FromDays(30) - TimeSpan.FromSeconds(1));
        Assert.Equal("PendingDeletion", (await simulator.DescribeAsync("alias/a")).KeyState.Value);
        await simulator.AdvanceAsync(TimeSpan.FromSeconds(1));
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.DescribeAsync(key.KeyId));
        await KmsAssert.FailsAsync("NotFoundException", "alias/a is not found", () => simulator.DescribeAsync("alias/a"));
        Assert.All((await simulator.Kms.ListAliasesAsync(new ListAliasesRequest(), Token)).Aliases, alias => Assert.StartsWith("alias/aws/", alias.AliasName, StringComparison.Ordinal));
        await simulator.Kms.CreateAliasAsync("alias/a", (await simulator.CreateKeyAsync()).KeyId, Token);
    }

    [Fact]
    public async Task A_cancelled_deletion_leaves_a_disabled_key_that_stays()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var key = await simulator.CreateKeyAsync();
        await simulator.Kms.ScheduleKeyDeletionAsync(key.KeyId, 7, Token);
        Assert.Equal(key.Arn, (await simulator.Kms.CancelKeyDeletionAsync(key.KeyId, Token)).KeyId);
        await simulator.AdvanceAsync(TimeSpan.FromDays(8));
        var kept = await simulator.DescribeAsync(key.KeyId);
        Assert.Equal("Disabled", kept.KeyState.Value);
        Assert.Null(kept.DeletionDate);
    }

    [Fact]
    public async Task A_deletion_scheduled_anew_keeps_to_the_new_date()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync()).KeyId;
        await simulator.Kms.ScheduleKeyDeletionAsync(id, 7, Token);
        await simulator.Kms.CancelKeyDeletionAsync(id, Token);
        await simulator.Kms.ScheduleKeyDeletionAsync(id, 20, Token);
        await simulator.AdvanceAsync(TimeSpan.FromDays(19));
        Assert.Equal("PendingDeletion", (await simulator.DescribeAsync(id)).KeyState.Value);
    }

    [Fact]
    public async Task A_primary_waits_for_its_last_replica_and_then_for_its_own_window()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        var answer = await simulator.Kms.ScheduleKeyDeletionAsync(id, 8, Token);
        Assert.Equal(("PendingReplicaDeletion", 8), (answer.KeyState.Value, answer.PendingWindowInDays));
        Assert.Null(answer.DeletionDate);
        await simulator.KmsIn("eu-west-1").ScheduleKeyDeletionAsync(id, 7, Token);

        // A scheduled replica still exists.
        Assert.Equal(("PendingReplicaDeletion", 8), await State());
        await simulator.AdvanceAsync(TimeSpan.FromDays(7));
        var waiting = await simulator.DescribeAsync(id);
        Assert.Equal("PendingDeletion", waiting.KeyState.Value);
        Assert.Equal(simulator.Time.GetUtcNow().AddDays(15).UtcDateTime, waiting.DeletionDate);
        await simulator.AdvanceAsync(TimeSpan.FromDays(8));
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.DescribeAsync(id));

        async Task<(string, int?)> State()
        {
            var key = await simulator.DescribeAsync(id);
            return (key.KeyState.Value, key.PendingDeletionWindowInDays);
        }
    }

    [Fact]
    public async Task A_long_leap_ends_replica_and_primary_each_at_its_own_time()
    {
        await using var simulator = await TestSimulator.StartAsync();
        var id = (await simulator.CreateKeyAsync(new CreateKeyRequest { MultiRegion = true })).KeyId;
        await simulator.Kms.ReplicateKeyAsync(new ReplicateKeyRequest { KeyId = id, ReplicaRegion = "eu-west-1" }, Token);
        await simulator.Kms.ScheduleKeyDeletionAsync(id, 7, Token);
        await simulator.KmsIn("eu-west-1").ScheduleKeyDeletionAsync(id, 7, Token);
        await simulator.AdvanceAsync(TimeSpan.FromDays(14));
        await KmsAssert.FailsAsync("NotFoundException", "does not exist", () => simulator.DescribeAsync(id));
    }
}
