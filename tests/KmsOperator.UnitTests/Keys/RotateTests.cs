using Xunit;

namespace KmsOperator.UnitTests.Keys;

public sealed class RotateTests
{
    public static TheoryData<string[], int, string> Requests => new()
    {
        { ["one"], 1, "a first value rotates once" },
        { ["one", "one"], 1, "the same value again is no new request" },
        { ["one", "two"], 2, "another value rotates again" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Each_new_value_of_the_annotation_rotates_the_key_once(string[] values, int rotations, string why)
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        foreach (var value in values)
        {
            await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/rotate-at", value);
            await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        }

        Assert.True(await scenario.CallsAsync("RotateKeyOnDemand") == rotations, why);
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task Of_a_long_history_the_status_has_as_many_rotations_as_the_CRD_takes()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "rotation: {periodDays: 90}"));
        await scenario.RestAsync();
        await scenario.Aws.PostAsync("/_sim/clock", $$"""{"advanceSeconds": {{(long)TimeSpan.FromDays(30 * 91).TotalSeconds}}}""");

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal(25, scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["rotation"]!["history"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_rotation_whose_answer_was_lost_is_not_repeated()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(10));
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "RotateKeyOnDemand", "kind": "dropAfter"}""");

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/rotate-at", "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(30));

        Assert.Equal(1, await scenario.CallsAsync("RotateKeyOnDemand"));
        scenario.AssertReady("ServiceKey", "one");
    }

    [Fact]
    public async Task The_history_has_the_rotations_of_both_kinds_the_latest_first()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3", "rotation: {periodDays: 90}"));
        Assert.Equal(0, (int?)Rotation(scenario)["onDemandUsed"]);
        Assert.Equal(0, await scenario.CallsAsync("ListKeyRotations"));

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/rotate-at", "now");
        await scenario.Operator.SettleAsync(TimeSpan.FromHours(1));

        // No operator runs for most of the period: even a quiet one has some hundred thousand bookmarks to read in three months.
        scenario.Operator.Kill();
        scenario.Operator.Clock.Advance(TimeSpan.FromDays(91));
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(TimeSpan.FromDays(1));

        Assert.Equal(["AUTOMATIC", "ON_DEMAND"], Rotation(scenario)["history"]!.AsArray().Select(entry => (string?)entry!["type"]));
        Assert.Equal(1, (int?)Rotation(scenario)["onDemandUsed"]);
    }

    [Fact]
    public async Task A_key_that_nobody_rotates_is_not_asked_for_its_rotations_at_each_comparison()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));

        // The drift period is ten hours.
        await scenario.Operator.SettleAsync(TimeSpan.FromDays(3));

        Assert.Equal(0, await scenario.CallsAsync("ListKeyRotations"));
    }

    [Fact]
    public async Task The_rotations_on_demand_are_counted_and_the_one_after_the_last_is_not_sent()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        for (var i = 1; i <= 26; i++)
        {
            await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/rotate-at", $"number {i}");
            await scenario.Operator.SettleAsync(TimeSpan.FromMinutes(30));
        }

        Assert.Equal(25, await scenario.CallsAsync("RotateKeyOnDemand"));
        Assert.Equal(25, (int?)Rotation(scenario)["onDemandUsed"]);
        Assert.Equal(25, Rotation(scenario)["history"]!.AsArray().Count);
        scenario.AssertStalled("ServiceKey", "one", "QuotaExceeded");
        Assert.Contains(scenario.User.List("Event"), one => ((string?)one["note"])?.Contains("has 5 of its 25 rotations on demand left") == true);
    }

    private static System.Text.Json.Nodes.JsonNode Rotation(Scenario scenario) =>
        scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "one"))["status"]!["rotation"]!;

    [Fact]
    public async Task A_key_whose_rotations_may_not_be_read_is_compared_all_the_same()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", "service: s3"));
        await scenario.RestAsync();
        await scenario.BreakAsync("ListKeyRotations");

        await scenario.AnnotateAsync("ServiceKey", "one", "kms.servicekey.dev/reconcile-at", "now");

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal("now", scenario.Status("ServiceKey", "one", "lastHandledReconcileAt"));
    }
}
