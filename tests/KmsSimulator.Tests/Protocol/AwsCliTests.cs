using System.Text.Json.Nodes;

namespace KmsSimulator.Tests.Protocol;

/// <summary>The AWS CLI as a second opinion: another client, another parser.</summary>
public sealed class AwsCliTests
{
    [Fact]
    public async Task The_AWS_CLI_leads_a_key_through_its_life()
    {
        await ExternalTool.RequireAsync("The AWS CLI", "REQUIRE_AWS_CLI", "aws", "--version");
        await using var simulator = await TestSimulator.StartAsync();
        var key = (await Json("kms", "create-key", "--multi-region", "--description", "by the CLI", "--tags", "TagKey=a,TagValue=b"))!["KeyMetadata"]!;
        var id = (string)key["KeyId"]!;
        Assert.Equal("Enabled", (string)key["KeyState"]!);
        await Json("kms", "create-alias", "--alias-name", "alias/cli", "--target-key-id", id);
        await Json("kms", "enable-key-rotation", "--key-id", id, "--rotation-period-in-days", "100");
        Assert.Equal(100, (int)(await Json("kms", "get-key-rotation-status", "--key-id", id))!["RotationPeriodInDays"]!);
        Assert.Equal(id, (string)(await Json("kms", "describe-key", "--key-id", "alias/cli"))!["KeyMetadata"]!["KeyId"]!);
        Assert.Equal("b", (string)(await Json("kms", "list-resource-tags", "--key-id", id))!["Tags"]![0]!["TagValue"]!);
        Assert.Equal("Creating", (string)(await Json("kms", "replicate-key", "--key-id", id, "--replica-region", "eu-west-1"))!["ReplicaKeyMetadata"]!["KeyState"]!);
        Assert.Equal("PendingReplicaDeletion", (string)(await Json("kms", "schedule-key-deletion", "--key-id", id, "--pending-window-in-days", "7"))!["KeyState"]!);

        var (code, _, error) = await ExternalTool.RunAsync(simulator, "aws", "kms", "enable-key", "--key-id", id);
        Assert.NotEqual(0, code);
        Assert.Contains($"(KMSInvalidStateException) when calling the EnableKey operation: arn:aws:kms:us-east-1:123456789012:key/{id} is pending replica deletion.", error, StringComparison.Ordinal);

        async Task<JsonNode?> Json(params string[] arguments)
        {
            var (exitCode, output, message) = await ExternalTool.RunAsync(simulator, "aws", [.. arguments, "--output", "json"]);
            Assert.True(exitCode == 0, $"aws {string.Join(' ', arguments)}: {message}");
            return output.Length == 0 ? null : JsonNode.Parse(output);
        }
    }

    [Fact]
    public async Task The_AWS_CLI_pages_and_speaks_to_STS()
    {
        await ExternalTool.RequireAsync("The AWS CLI", "REQUIRE_AWS_CLI", "aws", "--version");
        await using var simulator = await TestSimulator.StartAsync();
        for (var i = 0; i < 7; i++)
            await simulator.CreateKeyAsync();
        var (_, keys, _) = await ExternalTool.RunAsync(simulator, "aws", "kms", "list-keys", "--page-size", "2", "--output", "json");
        Assert.Equal(7, JsonNode.Parse(keys)!["Keys"]!.AsArray().Select(key => (string)key!["KeyId"]!).Distinct().Count());
        var (_, role, _) = await ExternalTool.RunAsync(
            simulator, "aws", "sts", "assume-role", "--role-arn", "arn:aws:iam::222222222222:role/r", "--role-session-name", "cli", "--output", "json");
        Assert.Equal("arn:aws:sts::222222222222:assumed-role/r/cli", (string)JsonNode.Parse(role)!["AssumedRoleUser"]!["Arn"]!);
        var (_, _, error) = await ExternalTool.RunAsync(simulator, "aws", "sts", "assume-role", "--role-arn", "arn:aws:iam::222222222222:user/u", "--role-session-name", "cli");
        Assert.Contains("(ValidationError) when calling the AssumeRole operation", error, StringComparison.Ordinal);
    }
}
