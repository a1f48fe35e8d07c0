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
}
