using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Keys;

/// <summary>Services, their limits and parameters, and the preset of the policy, with the operator.</summary>
public sealed class ServiceTests
{
    // fields of the key, what the operator itself says of them, why; the API server refuses them too
    public static TheoryData<string[], string, string> Mistakes => new()
    {
        { ["service: s3", "keySpec: RSA_2048"], "spec.keySpec: keySpec must be SYMMETRIC_DEFAULT with service s3", "symmetric only" },
        { ["service: route53-dnssec"], "spec.keySpec: keySpec must be ECC_NIST_P256 with service route53-dnssec", "a required key spec" },
        { ["service: route53-dnssec", "keySpec: ECC_NIST_P256", "keyUsage: KEY_AGREEMENT"], "spec.keyUsage: keyUsage must be SIGN_VERIFY with service route53-dnssec", "a required usage" },
        { ["service: route53-dnssec", "keySpec: ECC_NIST_P256", "keyUsage: SIGN_VERIFY", "multiRegion: true"], "spec.multiRegion: multiRegion must be false with service route53-dnssec", "no multi-Region key" },
        { ["service: controltower", "multiRegion: true"], "spec.multiRegion: multiRegion must be false with service controltower", "no multi-Region key" },
        { ["service: fargate", "multiRegion: true"], "spec.multiRegion: multiRegion must be false with service fargate", "no multi-Region key" },
        { ["service: fargate", "alias: alias/mine"], "spec.alias: alias must be left out with service fargate", "no alias" },
        { ["service: fargate", "additionalAliases: [alias/mine]"], "spec.additionalAliases: additionalAliases must be left out with service fargate", "no alias" },
        { ["service: s3", "serviceParameters: {trailArns: [\"arn:aws:cloudtrail:us-east-1:123456789012:trail/a\"]}"], "spec.serviceParameters.trailArns: serviceParameters.trailArns needs service cloudtrail, this is s3, which takes no parameters", "a parameter of another service" },
        { ["service: eventbridge", "serviceParameters: {trailArns: [\"arn:aws:cloudtrail:us-east-1:123456789012:trail/a\"]}"], "spec.serviceParameters.trailArns: serviceParameters.trailArns needs service cloudtrail, this is eventbridge, which takes serviceParameters.eventBusArns; did you mean that?", "the service has another one" },
        { ["serviceParameters: {trailArns: [\"arn:aws:cloudtrail:us-east-1:123456789012:trail/a\"]}"], "spec.serviceParameters.trailArns: serviceParameters.trailArns needs service cloudtrail; set that", "no service" },
        { ["service: cloudtrail", "serviceParameters: {trailArns: [\"arn:aws:events:us-east-1:123456789012:event-bus/a\"]}"], "spec.serviceParameters.trailArns[0]: \"arn:aws:events:us-east-1:123456789012:event-bus/a\" is not the ARN of a CloudTrail trail", "an ARN of another service" },
        { ["service: cloudtrail", "serviceParameters: {trailArns: [\"arn:aws:cloudtrail:us-east-1:123456789012:trail/*\"]}"], "spec.serviceParameters.trailArns[0]: ", "a wildcard" },
        { ["service: s3", "policy: {preset: Wide}"], "spec.policy.preset: \"Wide\" is not supported", "no such preset" },
    };

    [Theory, MemberData(nameof(Mistakes))]
    public async Task A_mistake_is_refused_by_the_API_server_and_by_the_operator_with_its_field(string[] fields, string message, string why)
    {
        using var scenario = await Scenario.StartAsync();
        var manifest = Scenario.Key("one", fields);

        await Assert.ThrowsAsync<KubernetesApiException>(() => scenario.ApplyAsync(manifest));

        var key = (ServiceKey)Assert.Single(ManifestLoader.Parse("f.yaml", manifest).Resources).Resource;
        var found = string.Join("; ", SpecValidation.Validate(key));
        Assert.True(found.Contains(message, StringComparison.Ordinal), $"{why}: {found}");
        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    // fields of the key, message, why; only the operator knows the account
    public static TheoryData<string[], string, string> Foreign => new()
    {
        { ["service: cloudtrail", "serviceParameters: {trailArns: [\"arn:aws:cloudtrail:us-east-1:444455556666:trail/a\"]}"], "spec.serviceParameters.trailArns[0]: \"arn:aws:cloudtrail:us-east-1:444455556666:trail/a\" is of account 444455556666", "an account that nobody trusts" },
        { ["service: eventbridge", "access: {trustedAccounts: [\"444455556666\"]}", "serviceParameters: {eventBusArns: [\"arn:aws:events:us-east-1:444455556666:event-bus/a\"]}"], "spec.serviceParameters.eventBusArns[0]: ", "a bus of a trusted account" },
        { ["service: cloudtrail", "serviceParameters: {trailArns: [\"arn:aws-cn:cloudtrail:cn-north-1:123456789012:trail/a\"]}"], "spec.serviceParameters.trailArns[0]: \"arn:aws-cn:cloudtrail:cn-north-1:123456789012:trail/a\" is of partition aws-cn", "another partition" },
    };

    [Theory, MemberData(nameof(Foreign))]
    public async Task A_resource_of_another_account_or_partition_is_named_with_its_field_and_nothing_is_sent(string[] fields, string message, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", fields));

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.Contains(message, scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.True((await scenario.Aws.KeysAsync()).Count == 0, why);
    }

    [Fact]
    public async Task A_service_of_one_Region_is_refused_with_a_class_of_another()
    {
        using var scenario = await Scenario.StartAsync();
        await scenario.ApplyAsync(Scenario.Class().Replace("us-east-1", "eu-west-1", StringComparison.Ordinal));

        await scenario.ApplyAsync(Scenario.Key("one", "service: route53-dnssec", "keySpec: ECC_NIST_P256", "keyUsage: SIGN_VERIFY"));

        scenario.AssertStalled("ServiceKey", "one", "InvalidSpec");
        Assert.Contains("spec.service: route53-dnssec takes keys of us-east-1 only", scenario.Condition("ServiceKey", "one", "Ready")!.Value.Message, StringComparison.Ordinal);
        Assert.Empty(await scenario.Aws.KeysAsync());
    }

    // fields of the key, text of its policy, why
    public static TheoryData<string[], string, string> Parameters => new()
    {
        { ["service: eventbridge"], "\"arn:aws:events:us-east-1:123456789012:event-bus/*\"", "every bus of account and Region" },
        { ["service: eventbridge", "serviceParameters: {eventBusArns: [\"arn:aws:events:us-east-1:123456789012:event-bus/a\"]}"], "\"aws:SourceArn\":\"arn:aws:events:us-east-1:123456789012:event-bus/a\"", "one bus" },
        { ["service: eventbridge", "serviceParameters: {eventBusArns: []}"], "\"arn:aws:events:us-east-1:123456789012:event-bus/*\"", "an empty list is none" },
        { ["service: cloudtrail", "access: {trustedAccounts: [\"444455556666\"]}", "serviceParameters: {trailArns: [\"arn:aws:cloudtrail:us-east-1:444455556666:trail/a\"]}"], "\"arn:aws:cloudtrail:us-east-1:444455556666:trail/a\"", "a trail of a trusted account" },
        { ["service: s3-tables", "serviceParameters: {tableBucketArns: [\"arn:aws:s3tables:us-east-1:123456789012:bucket/a\"]}"], "\"arn:aws:s3tables:us-east-1:123456789012:bucket/a/*\"", "the tables of a bucket" },
        { ["service: fargate", "serviceParameters: {clusterNames: [a, b]}"], "\"kms:EncryptionContext:aws:ecs:clusterName\":[\"a\",\"b\"]", "two clusters" },
        { ["service: route53-dnssec", "keySpec: ECC_NIST_P256", "keyUsage: SIGN_VERIFY"], "\"arn:aws:route53:::hostedzone/*\"", "an ARN without account" },
        { ["service: s3"], "\"kms:Create*\"", "the class's preset" },
        { ["service: s3", "policy: {preset: Scoped}"], "\"kms:CreateAlias\"", "the resource's preset" },
    };

    [Theory, MemberData(nameof(Parameters))]
    public async Task What_a_resource_says_of_its_service_is_in_the_key_s_policy(string[] fields, string text, string why)
    {
        using var scenario = await Scenario.StartAsync();

        await scenario.ApplyAsync(Scenario.Key("one", fields));

        scenario.AssertReady("ServiceKey", "one");
        var policy = JsonNode.Parse((string)(await scenario.Aws.KeyAsync())["policy"]!)!.ToJsonString();
        Assert.True(policy.Contains(text, StringComparison.Ordinal), $"{why}: {policy}");
    }

    [Fact]
    public async Task The_class_s_preset_counts_for_keys_and_replicas_and_resources_may_differ()
    {
        using var scenario = await Scenario.StartAsync("policyPreset: Scoped");

        await scenario.ApplyAsync(Scenario.Key("one", "service: eventbridge", "multiRegion: true", "serviceParameters: {eventBusArns: [\"arn:aws:events:us-east-1:123456789012:event-bus/a\"]}")
            + "\n---\n" + Scenario.Replica("scoped", "primaryRef: {name: one}", "region: us-west-2")
            + "\n---\n" + Scenario.Replica("canonical", "primaryRef: {name: one}", "region: eu-west-1", "policy: {preset: Canonical}"));
        await scenario.RestAsync();

        var policies = (await scenario.Aws.KeysAsync()).ToDictionary(key => (string)key["region"]!, key => (string)key["policy"]!);
        Assert.Equal(["eu-west-1", "us-east-1", "us-west-2"], policies.Keys.Order());
        Assert.All(policies, policy => Assert.Equal(policy.Key == "eu-west-1", policy.Value.Contains("\"kms:Create*\"", StringComparison.Ordinal)));
        Assert.All(policies, policy => Assert.Contains($"arn:aws:events:{policy.Key}:123456789012:event-bus/a", policy.Value, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_of_each_service_becomes_ready_with_either_preset()
    {
        using var scenario = await Scenario.StartAsync();
        var names = ServiceCatalogue.Services.Values.SelectMany(row => Enum.GetNames<PolicyPreset>().Select(preset => (Name: $"{row.Name}-{preset.ToLowerInvariant()}", Row: row, Preset: preset))).ToArray();

        await scenario.ApplyAsync(string.Join("\n---\n", names.Select(one => Scenario.Key(
            one.Name, $"service: {one.Row.Name}", $"keySpec: {one.Row.Limits.KeySpec}", $"keyUsage: {one.Row.Limits.KeyUsage}", $"policy: {{preset: {one.Preset}}}",
            one.Row.Limits.NoAlias ? "description: one" : $"alias: alias/acme/{one.Name}"))));
        await scenario.RestAsync();

        // Two keys of a service that takes no alias have one by the class's template; the second is refused it.
        Assert.All(names.Where(one => !one.Row.Limits.NoAlias), one => scenario.AssertReady("ServiceKey", one.Name));
    }
}
