using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Scenarios;

public sealed partial class ScenarioTests
{
    [Fact]
    public async Task What_Git_has_is_never_touched()
    {
        var manifest = Key("one", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", "tags: {team: a}", "publish: {configMapName: one}")
            .Replace("metadata: {name: one,", "metadata: {name: one, labels: {app: shop}, annotations: {note: kept},", StringComparison.Ordinal);

        // As the server would store it: its own defaults are not the operator's doing.
        var intended = JsonNode.Parse((await Cluster.KubectlAsync(["create", "--dry-run=server", "--validate=false", "-o", "json", "-f", "-"], manifest)).EnsureSuccess())!;
        await Cluster.ApplyTextAsync(manifest);
        await ReadyAsync("sk/one");
        await LookAsync("one");
        await Eventually.TrueAsync(async () => (await FieldAsync("sk/one", ".status.lastHandledReconcileAt")).Length > 0, () => operators.Log);

        var stored = JsonNode.Parse((await Cluster.KubectlAsync("get", "sk", "one", "-n", _namespace, "--show-managed-fields", "-o", "json")) is { ExitCode: 0 } shown
            ? shown.Output
            : (await Cluster.KubectlAsync("get", "sk", "one", "-n", _namespace, "-o", "json")).EnsureSuccess())!;
        Assert.Equal(intended["spec"]!.ToJsonString(), stored["spec"]!.ToJsonString());
        Assert.Equal(intended["metadata"]!["labels"]!.ToJsonString(), stored["metadata"]!["labels"]!.ToJsonString());
        var annotations = stored["metadata"]!["annotations"]!.AsObject();
        annotations.Remove("kms.servicekey.dev/reconcile-at");
        Assert.Equal(intended["metadata"]!["annotations"]!.ToJsonString(), annotations.ToJsonString());
        Assert.Equal(["kms.servicekey.dev/key"], stored["metadata"]!["finalizers"]!.AsArray().Select(finalizer => finalizer!.GetValue<string>()));
        Assert.Equal(1, stored["metadata"]!["generation"]!.GetValue<int>());

        var own = stored["metadata"]!["managedFields"]!.AsArray().Where(entry => entry!["manager"]!.GetValue<string>().StartsWith("kms-operator", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(own);
        Assert.All(own, entry => Assert.All(entry!["fieldsV1"]!.AsObject(), field => Assert.True(
            field.Key == "f:status" || (field.Key == "f:metadata" && field.Value!.AsObject().All(meta => meta.Key == "f:finalizers")), entry.ToJsonString())));
    }

    [Fact]
    public async Task What_is_published_is_what_a_workload_and_Flux_ask_for()
    {
        await Cluster.ApplyTextAsync(Key("one", "service: s3", "multiRegion: true", "replicaRegions: [eu-west-1]", "publish: {configMapName: orders-key}"));
        JsonObject? data = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var got = await Cluster.KubectlAsync("get", "cm", "orders-key", "-n", _namespace, "-o", "jsonpath={.data}");
                data = got.Output.Length > 0 ? JsonNode.Parse(got.Output)!.AsObject() : null;
                return data?.ContainsKey("replicaArn_eu_west_1") == true;
            },
            () => operators.Log);
        await Cluster.ApplyTextAsync(
            $$"""
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: orders, namespace: {{_namespace}}}
            spec:
              selector: {matchLabels: {app: orders} }
              template:
                metadata: {labels: {app: orders} }
                spec:
                  containers:
                    - name: orders
                      image: orders
                      env:
                        - {name: KEY_ARN, valueFrom: {configMapKeyRef: {name: orders-key, key: arn} } }
                      envFrom:
                        - configMapRef: {name: orders-key}
            """);
        Assert.Equal(await FieldAsync("sk/one", ".status.arn"), data!["arn"]!.GetValue<string>());
        Assert.All(data, entry => Assert.Matches("^[_A-Za-z][_A-Za-z0-9]*$", entry.Key));
        var flux = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "config", "gitops", "flux", "kustomizations.yaml"), TestContext.Current.CancellationToken);
        string[] asked = [.. Substitution().Matches(flux).Select(variable => variable.Groups[1].Value)];
        Assert.NotEmpty(asked);
        Assert.All(asked, name => Assert.True(data.ContainsKey(name), name));
    }

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex Substitution();
}
