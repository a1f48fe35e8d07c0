using System.Text.Json.Nodes;
using Amazon.KeyManagementService.Model;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Commands;
using KmsOperator.Orphans;
using KmsOperator.Testing.Running;
using KmsOperator.UnitTests.Keys;
using Xunit;

namespace KmsOperator.UnitTests.Orphans;

/// <summary>The verb against the API server and KMS in memory, beside the real operator.</summary>
public sealed class OrphansCommandTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keys_that_resources_have_are_none()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs", "multiRegion: true", "replicaRegions: [eu-west-1]") + Scenario.Key("kept", "service: s3"));
        await scenario.DeleteAsync("ServiceKey", "kept");

        var (code, output, errors) = await RunAsync(scenario, "text");

        Assert.Equal((0, "", ""), (code, output, errors));
    }

    [Fact]
    public async Task A_second_key_of_an_owner_and_a_key_without_owner_are_listed_and_nothing_is_changed()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Key("orders", "service: sqs"));
        var used = (string)(await scenario.Aws.KeyAsync())["keyId"]!;
        var uid = (string)scenario.User.Get("ServiceKey", Scenario.Id("ServiceKey", "orders"))["metadata"]!["uid"]!;
        var doubled = await CreateAsync(scenario, "ServiceKey/team/orders", uid);
        var lost = await CreateAsync(scenario, "ServiceKey/team/gone", "3f0c");
        var keysBefore = Text(await scenario.Aws.KeysAsync());

        var (code, output, _) = await RunAsync(scenario, "json");

        Assert.Equal(2, code);
        var found = JsonNode.Parse(output)!.AsArray().ToDictionary(one => (string)one!["keyId"]!);
        Assert.Equal(new[] { doubled, lost }.Order(), found.Keys.Order());
        Assert.Equal("Doubled", (string?)found[doubled]!["reason"]);
        Assert.Contains(used, (string?)found[doubled]!["why"], StringComparison.Ordinal);
        Assert.Equal("Orphan", (string?)found[lost]!["reason"]);
        Assert.Equal(keysBefore, Text(await scenario.Aws.KeysAsync()));

        var (_, table, _) = await RunAsync(scenario, "text");
        var lines = table.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["ACCOUNT", "REGION", "KEY-ID", "STATE", "OWNER", "WHY", "CREATED"], lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(3, lines.Length);
        Assert.Contains(lines, line => line.StartsWith($"{SimulatedAws.AccountId}   us-east-1   {lost}   Enabled   ServiceKey/team/gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_region_that_cannot_be_searched_is_an_error_and_not_none()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.Aws.PostAsync("/_sim/faults", """{"operation": "ListKeys", "kind": "error5xx"}""");

        var (code, output, errors) = await RunAsync(scenario, "text");

        Assert.Equal((1, ""), (code, output));
        Assert.Contains("us-east-1", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--output: 'yaml' is neither text nor json.", "-o", "yaml")]
    [InlineData("--cluster-id: 'a b' is not an id", "--cluster-id", "a b")]
    public async Task A_bad_value_is_refused_before_anything_is_read(string message, params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();

        Assert.Equal(64, await CommandLine.RunAsync(["orphans", .. arguments], _ => null, output, errors));
        Assert.Contains(message, errors.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> CreateAsync(Scenario scenario, string owner, string uid)
    {
        var tags = new Dictionary<string, string> { [TagNames.Cluster] = "test", [TagNames.Owner] = owner, [TagNames.Uid] = uid };
        var created = await scenario.Aws.Kms().CreateKeyAsync(
            new CreateKeyRequest { Tags = [.. tags.Select(tag => new Tag { TagKey = tag.Key, TagValue = tag.Value })] }, Ct);
        return created.KeyMetadata.KeyId;
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(Scenario scenario, string format)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var clock = scenario.Operator.Clock;
        using var clients = new AwsClients("orphans-test", new RequestRateLimiter(1, clock), time: clock, inProcess: scenario.Aws.InProcess);
        var search = new OrphanSearch(new ListedResources(scenario.Operator.Server.Connect()), new RegionalClientFactory(clients, clock, TimeSpan.Zero), clock);
        var code = await OrphansCommand.RunAsync(search, "test", format, output, errors, Ct);
        return (code, output.ToString(), errors.ToString());
    }

    private static string Text(IEnumerable<JsonObject> keys) => string.Join('\n', keys.Select(key => key.ToJsonString()));
}
