using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>The verbs that people run against a cluster, with its kubeconfig, as a process of their own.</summary>
[Collection("operator")]
public sealed class VerbTests(ControlPlaneFixture controlPlane, OperatorFixture operators) : IAsyncLifetime
{
    private string _namespace = "";

    private Cluster Cluster => controlPlane.Cluster;

    public async ValueTask InitializeAsync()
    {
        await operators.StartAsync(Cluster);
        _namespace = await Cluster.CreateNamespaceAsync("verbs");
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: kms.servicekey.dev/v1alpha1
            kind: KeyClass
            metadata: {name: {{_namespace}}}
            spec: {region: us-east-1, aliasPrefix: {{_namespace}}, access: {administrators: [Admin]}, deletionPolicy: Delete}
            """);
        await Cluster.ApplyTextAsync(Manifest("service: s3", "description: before"));
        await ReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.KubectlAsync("delete", "sk", "one", "-n", _namespace, "--ignore-not-found", "--timeout=60s");
        await Cluster.KubectlAsync("delete", "keyclass", _namespace, "--ignore-not-found");
    }

    [Fact]
    public async Task Plan_shows_with_the_cluster_s_class_and_status_what_a_manifest_changes_and_what_the_server_will_refuse()
    {
        Assert.Equal(0, (await PlanAsync("service: s3", "description: before")).ExitCode);

        var changed = await PlanAsync("service: s3", "description: after");
        Assert.Equal(2, changed.ExitCode);
        Assert.Contains("UpdateKeyDescription", changed.Output, StringComparison.Ordinal);

        var refused = await PlanAsync("service: ebs", "description: before");
        Assert.Equal(1, refused.ExitCode);
        Assert.Contains("the API server refuses the change: spec: service is immutable", refused.Output, StringComparison.Ordinal);
        var said = (await Assert.ThrowsAnyAsync<Exception>(() => Cluster.ApplyTextAsync(Manifest("service: ebs", "description: before")))).Message;
        Assert.Contains("service is immutable", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_leaves_alone_what_another_field_manager_has_set_and_removes_what_the_manifest_no_longer_has()
    {
        (await Cluster.KubectlAsync("patch", "sk", "one", "-n", _namespace, "--type=merge", "--field-manager=autoscaler", "-p", """{"spec":{"tags":{"cost":"b"}}}""")).EnsureSuccess();

        await Eventually.TrueAsync(async () => (await PlanAsync("service: s3", "description: before")).ExitCode == 0, () => operators.Log);

        var shorter = await PlanAsync("service: s3");
        Assert.Equal(2, shorter.ExitCode);
        Assert.Contains("UpdateKeyDescription", shorter.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("UntagResource", shorter.Output, StringComparison.Ordinal);
        await Cluster.ApplyTextAsync(Manifest("service: s3"));
        Assert.Equal("b", (await Cluster.KubectlAsync("get", "sk", "one", "-n", _namespace, "-o", "jsonpath={.spec.tags.cost}")).Output);
    }

    [Fact]
    public async Task Without_AWS_credentials_a_verb_says_where_they_are_looked_for()
    {
        var result = await OperatorProcess.RunWithNothingAsync("import", "--from-aws", "--region", "us-east-1");

        Assert.Equal(1, result.ExitCode);
        Assert.StartsWith("AWS, us-east-1: NoCredentials: No AWS credentials were found: not in AWS_ACCESS_KEY_ID", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("SDK adds", result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task Status_tree_report_and_orphans_say_what_the_cluster_and_AWS_have()
    {
        var (status, tree, report) = (await RunAsync("status", "-n", _namespace), await RunAsync("tree", "-n", _namespace), await RunAsync("report", "--cluster-id", "test-cluster"));

        Assert.Equal((0, 0), (status.ExitCode, tree.ExitCode));

        // The report is of the whole cluster, so its exit code also depends on what other tests left there.
        Assert.DoesNotContain(_namespace, report.Error, StringComparison.Ordinal);
        var key = Assert.Single(await operators.KeysOfAsync(_namespace));
        Assert.Contains((string)key["arn"]!, status.Output, StringComparison.Ordinal);
        Assert.Contains($"alias/{_namespace}/s3", tree.Output, StringComparison.Ordinal);
        Assert.Contains(report.Output.Split('\n'), line => line.Contains((string)key["keyId"]!, StringComparison.Ordinal) && line.Contains(_namespace, StringComparison.Ordinal));
        Assert.DoesNotContain((string)key["keyId"]!, (await RunAsync("orphans", "--cluster-id", "test-cluster")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Suspend_resume_reconcile_and_rotate_change_the_resource_and_the_operator_follows()
    {
        (await RunAsync("suspend", "-n", _namespace, "one")).EnsureSuccess();
        await ReasonAsync("Suspended");
        (await RunAsync("resume", "-n", _namespace, "one")).EnsureSuccess();
        await ReadyAsync();

        var calls = await operators.CallsAsync();
        (await RunAsync("rotate", "-n", _namespace, "one")).EnsureSuccess();
        await Eventually.TrueAsync(
            async () => (await operators.CallsAsync()).GetValueOrDefault("RotateKeyOnDemand") > calls.GetValueOrDefault("RotateKeyOnDemand"), () => operators.Log);
        (await RunAsync("reconcile", "-n", _namespace, "one")).EnsureSuccess();
        await ReadyAsync();

        var unknown = await RunAsync("reconcile", "-n", _namespace, "another");
        Assert.NotEqual(0, unknown.ExitCode);
        Assert.Contains("another", unknown.Error, StringComparison.Ordinal);
    }

    private Task<CommandResult> PlanAsync(params string[] lines) => RunAsync(["plan", "-f", "-", "--cluster-id", "test-cluster"], Manifest(lines));

    private Task<CommandResult> RunAsync(params string[] arguments) => RunAsync(arguments, null);

    private Task<CommandResult> RunAsync(string[] arguments, string? input) => OperatorProcess.RunAsync(Cluster.AdminKubeconfig, operators.SimulatorUrl, arguments, input);

    private Task ReadyAsync() => ReasonAsync("Available");

    private Task ReasonAsync(string reason) => Eventually.TrueAsync(
        async () => (await Cluster.KubectlAsync("get", "sk", "one", "-n", _namespace, "-o", "jsonpath={.status.conditions[?(@.type==\"Ready\")].reason}")).Output == reason,
        () => operators.Log);

    private string Manifest(params string[] lines) =>
        $$"""
        apiVersion: kms.servicekey.dev/v1alpha1
        kind: ServiceKey
        metadata: {name: one, namespace: {{_namespace}}}
        spec: {className: {{_namespace}}, {{string.Join(", ", lines)}}}
        """;
}
