using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>
/// A spec that has changed costs one write. That the key is being changed is not put on record first: the generation of the spec, which the status has not seen, says it.
/// </summary>
public sealed class SpecChangeTests
{
    private static readonly string[] Before = ["service: s3", "description: as before"];

    public static TheoryData<string[], string> Unrecorded => new()
    {
        { ["service: s3", "description: new words"], "the description" },
        { ["service: s3", "description: as before", "enabled: false"], "the key is switched off" },
        { ["service: s3", "description: as before", "access: {users: [App]}"], "the policy" },
        { ["service: s3", "description: as before", "rotation: {periodDays: 90}"], "the period of the rotation" },
        { ["service: s3", "description: as before", "rotation: {enabled: false}"], "no rotation" },
        { ["service: s3", "description: new words", "access: {users: [App]}", "rotation: {periodDays: 90}"], "several at once" },
    };

    public static TheoryData<string[], string> Recorded => new()
    {
        { ["service: s3", "description: as before", "alias: alias/own/name"], "the new alias must be found again by its name" },
        { ["service: s3", "description: as before", "additionalAliases: [alias/second]"], "and so must another one" },
    };

    [Theory]
    [MemberData(nameof(Unrecorded))]
    public async Task A_change_costs_one_write_of_the_status(string[] spec, string why)
    {
        using var scenario = await ReadyAsync();
        var writes = RecordWrites(scenario);

        await scenario.ApplyAsync(Scenario.Key("one", spec));

        Assert.True(scenario.Condition("ServiceKey", "one", "Ready") is { Status: "True" }, why);
        Assert.True(writes is ["apply servicekeys/status"], $"{why}: {string.Join(", ", writes)}");
    }

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task What_only_a_record_can_bring_back_is_on_record_before_it_is_made(string[] spec, string why)
    {
        using var scenario = await ReadyAsync();
        var writes = RecordWrites(scenario);

        await scenario.ApplyAsync(Scenario.Key("one", spec));

        Assert.True(writes is ["apply servicekeys/status", "apply servicekeys/status"], $"{why}: {string.Join(", ", writes)}");
    }

    [Theory]
    [MemberData(nameof(Unrecorded))]
    public async Task A_spec_that_goes_back_while_no_operator_runs_is_made_true_again(string[] spec, string why)
    {
        using var scenario = await ReadyAsync();
        var before = (await scenario.Aws.KeyAsync()).ToJsonString();
        await EndBeforeTheStatusIsWrittenAsync(scenario, spec);
        Assert.True((await scenario.Aws.KeyAsync()).ToJsonString() != before, $"{why}: the process ended before it had changed anything");

        scenario.User.Apply(Scenario.Key("one", Before), Scenario.Namespace);
        scenario.Operator.Start();
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        var after = (await scenario.Aws.KeyAsync()).ToJsonString();
        Assert.True(after == before, $"{why}:\n{before}\n{after}");
        Assert.DoesNotContain(scenario.Events("one"), note => note.Contains("somebody else", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_of_an_operator_that_is_gone_is_undone_also_where_it_arrives_after_the_spec_went_back()
    {
        using var scenario = await ReadyAsync();
        scenario.Operator.Kill();
        scenario.User.Apply(Scenario.Key("one", [.. Before, "publish: {configMapName: one}"]), Scenario.Namespace);
        scenario.Operator.Start();
        await scenario.Operator.SettleAsync(TimeSpan.FromSeconds(20));
        scenario.AssertReady("ServiceKey", "one");

        // The call of the process before was on its way.
        await scenario.Aws.Kms().UpdateKeyDescriptionAsync(
            new() { KeyId = scenario.Status("ServiceKey", "one", "keyId"), Description = "late" }, TestContext.Current.CancellationToken);
        await scenario.RestAsync();

        scenario.AssertReady("ServiceKey", "one");
        Assert.Equal("as before", (string?)(await scenario.Aws.KeyAsync())["description"]);
    }

    [Fact]
    public async Task A_status_that_is_written_meanwhile_does_not_hide_that_the_key_may_be_between_two_specs()
    {
        using var scenario = await ReadyAsync();
        await EndBeforeTheStatusIsWrittenAsync(scenario, ["service: s3", "description: new words"]);
        scenario.User.Patch("KeyClass", Scenario.Id("KeyClass", "standard"), """{"spec": {"allowedNamespaces": {"from": "None"}}}""");

        scenario.Operator.Start();
        await scenario.Operator.SettleAsync();

        Assert.False(scenario.Condition("ServiceKey", "one", "Ready") is { Status: "True" });
        Assert.Null(scenario.Status("ServiceKey", "one", "desiredSha256"));
    }

    private static async Task<Scenario> ReadyAsync()
    {
        var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("one", Before));
        await scenario.RestAsync();
        scenario.AssertReady("ServiceKey", "one");
        return scenario;
    }

    /// <summary>Changes the spec, and kills the operator when it has changed the key and has not said so yet.</summary>
    private static async Task EndBeforeTheStatusIsWrittenAsync(Scenario scenario, string[] spec)
    {
        scenario.Operator.Connection.Before = (request, _) =>
            request is { Plural: "servicekeys", Subresource: "status", Verb: "apply" } ? throw new HttpRequestException("The process ends here.") : Task.CompletedTask;
        scenario.User.Apply(Scenario.Key("one", spec), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);
        scenario.Operator.Kill();
    }

    private static List<string> RecordWrites(Scenario scenario)
    {
        var writes = new List<string>();
        scenario.Operator.Connection.Before = (request, _) =>
        {
            if (request is { Plural: "servicekeys", Verb: "apply" or "patch" or "update" })
                writes.Add($"{request.Verb} {request.Plural}{(request.Subresource is null ? "" : $"/{request.Subresource}")}");
            return Task.CompletedTask;
        };
        return writes;
    }
}
