using System.Text.Json.Nodes;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Plans;

/// <summary>What the verb prints of a plan, and its exit codes.</summary>
public sealed class PlanOutputTests
{
    [Fact]
    public async Task Text_names_the_calls_the_changes_and_the_dangers_and_the_exit_code_says_that_there_are_changes()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3", "tags: {team: a}"));

        var (code, output) = await scenario.Operator.PrintAsync("text", Scenario.Key("orders", "service: s3", "tags: {team: b}", "access: {trustedAccounts: [\"999999999999\"]}"));

        Assert.Equal(2, code);
        Assert.StartsWith("~ ServiceKey team/orders  (keys.yaml:2)\n", output, StringComparison.Ordinal);
        Assert.Contains("    TagResource: tags\n      ~ tag team: a -> b\n", output, StringComparison.Ordinal);
        Assert.Contains("      + statement \"", output, StringComparison.Ordinal);
        Assert.Contains("      ! gives access to account 999999999999\n", output, StringComparison.Ordinal);
        Assert.EndsWith("Plan: 1 to change, 0 unchanged; 1 danger.\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_has_colours_only_where_they_are_wanted()
    {
        using var scenario = await Scenario.StartAsync();

        Assert.Contains("\u001b[32m", (await scenario.Operator.PrintAsync("text", Scenario.Key("orders", "service: s3"), colours: true)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_to_do_is_exit_code_0()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));

        Assert.Equal((0, "Nothing to do: 1 unchanged.\n"), await scenario.Operator.PrintAsync("text", Scenario.Key("orders", "service: s3")));
    }

    [Fact]
    public async Task A_refusal_is_exit_code_1_though_there_are_changes_elsewhere()
    {
        using var scenario = await Scenario.StartAsync();

        var (code, output) = await scenario.Operator.PrintAsync("text", Scenario.Key("one", "service: s3") + Scenario.Key("two", "service: sqs", "takeOverAlias: true"));

        Assert.Equal(1, code);
        Assert.Contains("refused: PermissionDenied: spec.takeOverAlias", output, StringComparison.Ordinal);
        Assert.Contains("Plan: 1 to create, 0 unchanged; 1 refused.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_has_the_documented_shape()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: s3"));

        var (code, output) = await scenario.Operator.PrintAsync("json", Scenario.Key("orders", "service: s3", "enabled: false"));

        Assert.Equal(2, code);
        var plan = JsonNode.Parse(output)!;
        Assert.Equal(1, (int)plan["formatVersion"]!);
        Assert.Equal("test", (string?)plan["clusterId"]);
        Assert.True((bool)plan["summary"]!["hasChanges"]!);
        Assert.Equal(1, (int)plan["summary"]!["update"]!);
        var resource = plan["resources"]![0]!;
        Assert.Equal(("ServiceKey", "team", "orders", "update", "ready"), ((string)resource["kind"]!, (string)resource["namespace"]!, (string)resource["name"]!, (string)resource["action"]!, (string)resource["outcome"]!));
        Assert.Equal(("123456789012", "us-east-1"), ((string)resource["account"]!, (string)resource["region"]!));
        var step = resource["steps"]![0]!;
        Assert.Equal("DisableKey", (string)step["operation"]!);
        Assert.Equal(("changed", "state", "Enabled", "Disabled"), ((string)step["changes"]![0]!["change"]!, (string)step["changes"]![0]!["subject"]!, (string)step["changes"]![0]!["before"]!, (string)step["changes"]![0]!["after"]!));
        Assert.Equal("disabling", (string)step["dangers"]![0]!["kind"]!);
    }

    [Fact]
    public async Task Markdown_folds_long_differences_and_escapes_what_is_quoted()
    {
        using var scenario = await Scenario.StartAsync();

        var (_, output) = await scenario.Operator.PrintAsync(
            "markdown", Scenario.Key("orders", "service: s3") + Scenario.Key("two", "service: sqs", "description: \"</details> ``` <b>@everybody\""));

        Assert.Contains("<details><summary>3 calls: CreateKey, CreateAlias, EnableKeyRotation</summary>", output, StringComparison.Ordinal);
        Assert.Contains("````diff", output, StringComparison.Ordinal);
        Assert.Equal(2, output.Split("<details>").Length - 1);
        var outside = string.Concat(output.Split("````").Where((_, index) => index % 2 == 0));
        Assert.DoesNotContain("<b>", outside, StringComparison.Ordinal);
    }
}
