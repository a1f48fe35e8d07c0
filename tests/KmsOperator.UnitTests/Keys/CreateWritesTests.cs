using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>What a new key costs the API server.</summary>
public sealed class CreateWritesTests
{
    public static TheoryData<string[], string> Keys => new()
    {
        { ["service: s3"], "a plain key" },
        { ["service: s3", "rotation: {enabled: false}"], "a key that does not rotate" },
        { ["service: s3", "additionalAliases: [alias/a, alias/b]"], "a key with more names" },
        { ["service: s3", "enabled: false"], "a key that is created to be disabled" },
    };

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task A_new_key_costs_two_writes_and_one_event(string[] spec, string why)
    {
        using var scenario = await Scenario.StartAsync();
        var requests = Record(scenario);

        await scenario.ApplyAsync(Scenario.Key("one", spec));

        var ready = scenario.Condition("ServiceKey", "one", "Ready");
        Assert.True(ready is { Status: "True" }, $"{why}: {ready}");
        Assert.Equal(["patch servicekeys", "apply servicekeys/status", "create events"], requests);
        Assert.Equal([$"{ready.Value.Reason}: {ready.Value.Message}"], scenario.Events("one"));
    }

    [Fact]
    public async Task Keys_that_are_created_together_with_their_class_cost_no_more()
    {
        using var scenario = await Scenario.StartAsync();
        var requests = Record(scenario);

        await scenario.ApplyAsync(
            Scenario.Key("one", "service: s3", "className: late") + Scenario.Key("two", "service: sqs", "className: late")
            + "---\n" + Scenario.Class().Replace("name: standard\n  annotations: {kms.servicekey.dev/is-default-class: \"true\"}", "name: late", StringComparison.Ordinal));

        scenario.AssertReady("ServiceKey", "one");
        scenario.AssertReady("ServiceKey", "two");
        Assert.Equal(2, requests.Count(request => request == "patch servicekeys"));
        Assert.InRange(requests.Count(request => request == "apply servicekeys/status"), 2, 4);
    }

    [Fact]
    public async Task A_resource_whose_class_is_known_not_to_be_ready_says_so_at_once()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.BreakAsync("GetCallerIdentity");
        scenario.User.Apply(Scenario.Class().Replace("name: standard\n  annotations: {kms.servicekey.dev/is-default-class: \"true\"}", "name: late", StringComparison.Ordinal));
        await scenario.Operator.SettleAsync(TimeSpan.Zero);

        scenario.User.Apply(Scenario.Key("one", "service: s3", "className: late"), Scenario.Namespace);
        await scenario.Operator.SettleAsync(TimeSpan.Zero);

        Assert.Equal("ClassNotReady", scenario.Condition("ServiceKey", "one", "Ready")?.Reason);
    }

    /// <summary>The writes of the operator from now on, in order.</summary>
    private static List<string> Record(Scenario scenario)
    {
        var requests = new List<string>();
        scenario.Operator.Connection.After = (request, _) =>
        {
            if (request.Verb is not ("get" or "list" or "watch"))
                requests.Add($"{request.Verb} {request.Plural}{(request.Subresource is null ? "" : $"/{request.Subresource}")}");
            return Task.CompletedTask;
        };
        return requests;
    }
}
