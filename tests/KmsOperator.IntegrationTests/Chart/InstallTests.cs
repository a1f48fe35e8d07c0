using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsSimulator;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>
/// From nothing to the first Ready key: the chart is applied to a real API server, and the operator runs with exactly the arguments, the environment
/// and the service account that the chart says; only the kubelet is missing. The server's audit log then says whether the roles fit.
/// </summary>
public sealed class InstallTests : IAsyncDisposable
{
    // What one run does not need, and why it is granted.
    private static readonly Dictionary<string, string> Unused = new()
    {
        ["update kms.servicekey.dev/servicekeys/finalizers"] = "asked for by the OwnerReferencesPermissionEnforcement admission plugin only",
        ["update kms.servicekey.dev/keyreplicas/finalizers"] = "asked for by the OwnerReferencesPermissionEnforcement admission plugin only",
        ["get kms.servicekey.dev/keyclasses"] = "only when the write of a status meets a conflict",
        ["get kms.servicekey.dev/servicekeys"] = "only when the write of a status meets a conflict, and before a deletion",
        ["get kms.servicekey.dev/keyreplicas"] = "only when the write of a status meets a conflict, and before a deletion",
        ["patch events.k8s.io/events"] = "only when an event repeats",
        ["patch /configmaps"] = "only when what is published changes",
        ["get /namespaces"] = "only without --cluster-id",
    };

    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-install-");
    private Cluster? _cluster;
    private SimulatorHost? _simulator;

    public async ValueTask DisposeAsync()
    {
        if (_simulator is not null)
        {
            await _simulator.DisposeAsync();
        }

        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _files.Delete(recursive: true);
    }

    [Theory]
    [InlineData("")]
    [InlineData("team")]
    public async Task The_chart_brings_a_cluster_from_nothing_to_Ready_keys_with_roles_that_fit(string watched)
    {
        var audit = Path.Combine(_files.FullName, "audit.log");
        try
        {
            _cluster = await LocalCluster.StartAsync(audit);
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("REQUIRE_CLUSTER") != "1")
        {
            Assert.Skip($"There is no etcd and kube-apiserver: {e.Message}");
        }

        _simulator = await SimulatorHost.StartAsync(new SimulatorOptions { QuotaScale = 0 }, TimeProvider.System, CancellationToken.None);
        foreach (var name in (string[])["kms-operator-system", "team"])
        {
            (await _cluster.KubectlAsync("create", "namespace", name)).EnsureSuccess();
        }

        List<string> values =
        [
            $"aws.region=us-east-1,aws.endpointUrl={_simulator.Url},operator.consistencyWindow=1s",
            $"metrics.port={LoopbackPort.Free()},health.port={LoopbackPort.Free()}",
            "extraEnv[0].name=AWS_ACCESS_KEY_ID,extraEnv[0].value=test,extraEnv[1].name=AWS_SECRET_ACCESS_KEY,extraEnv[1].value=test",
            .. watched.Length == 0 ? [] : (string[])[$"watchNamespaces={{{watched}}}"],
        ];
        var yaml = await Helm.TemplateAsync([.. values.SelectMany(value => (string[])["--set", value]), "--skip-tests", "--kube-version", $"1.{_cluster.ServerMinor}.0"]);
        (await _cluster.KubectlAsync(["apply", "--validate=false", "-f", "-"], yaml)).EnsureSuccess();
        (await _cluster.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")).EnsureSuccess();
        await Eventually.TrueAsync(
            async () => (await _cluster.KubectlAsync("get", "keyclasses,servicekeys,keyreplicas", "-A")).ExitCode == 0, () => "The kinds are not served.");

        using (var process = await StartAsChartSaysAsync())
        {
            await UseAllFeaturesAsync(process);
            await process.SignalAsync("TERM");
            Assert.Equal(0, await process.ExitCode.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        }

        var used = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in await File.ReadAllLinesAsync(audit, TestContext.Current.CancellationToken))
        {
            var request = JsonNode.Parse(line)!;
            if (request["user"]!["username"]!.GetValue<string>() != "system:serviceaccount:kms-operator-system:kms-operator" || request["objectRef"] is not { } subject)
            {
                continue;
            }

            var what = $"{request["verb"]} {subject["apiGroup"]}/{subject["resource"]}{(subject["subresource"] is { } sub ? $"/{sub}" : "")}";
            Assert.False(request["responseStatus"]?["code"]?.GetValue<int>() == 403, $"403: {what} in {subject["namespace"]}");
            used.Add(what);
        }

        var granted = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var kind in (string[])["clusterroles", "roles"])
        {
            var roles = JsonNode.Parse((await _cluster.KubectlAsync("get", kind, "-A", "-l", "app.kubernetes.io/name=kms-operator", "-o", "json")).EnsureSuccess())!["items"]!.AsArray();
            string[] forPeople = ["kms-operator-view", "kms-operator-edit", "kms-operator-keyclass-admin"];
            granted.UnionWith(roles.Where(role => !forPeople.Contains(role!["metadata"]!["name"]!.GetValue<string>())).SelectMany(role => RoleRules.Of(role!["rules"]!.AsArray())));
        }

        Assert.DoesNotContain(granted, rule => rule.EndsWith("/secrets", StringComparison.Ordinal));
        Assert.Empty(used.Except(granted));
        Assert.Empty(granted.Except(used).Except(Unused.Keys));
        Assert.Equal(watched.Length > 0, (await _cluster.KubectlAsync("get", "role", "kms-operator", "-n", "team")).ExitCode == 0);
    }

    private async Task<ServerProcess> StartAsChartSaysAsync()
    {
        var deployment = JsonNode.Parse((await _cluster!.KubectlAsync("get", "deployment", "kms-operator", "-n", "kms-operator-system", "-o", "json")).EnsureSuccess())!;
        var pod = deployment["spec"]!["template"]!["spec"]!;
        var container = pod["containers"]![0]!;
        var account = pod["serviceAccountName"]!.GetValue<string>();
        var environment = container["env"]!.AsArray().Select(variable => $"{variable!["name"]}={variable["value"]?.GetValue<string>() ?? "kms-operator-system"}");
        string[] program = Environment.GetEnvironmentVariable("KMS_OPERATOR_BINARY") is { Length: > 0 } binary ? [binary] : ["dotnet", Scenarios.OperatorProcess.Program];
        return new ServerProcess(
            "/usr/bin/env",
            [
                "-i", $"PATH={Environment.GetEnvironmentVariable("PATH")}", $"HOME={_files.FullName}", $"DOTNET_ROOT={Environment.GetEnvironmentVariable("DOTNET_ROOT")}",
                $"KUBECONFIG={await _cluster.KubeconfigForServiceAccountAsync("kms-operator-system", account)}",
                .. environment, .. program, .. container["args"]!.AsArray().Select(argument => argument!.GetValue<string>()),
            ]);
    }

    private async Task UseAllFeaturesAsync(ServerProcess process)
    {
        await ApplyAsync("apiVersion: kms.servicekey.dev/v1alpha1\nkind: KeyClass\nmetadata: {name: class}\nspec: {region: us-east-1, aliasPrefix: chart, access: {administrators: [Admin]}}");
        await ApplyAsync(Key("replicaRegions: [eu-west-1], publish: {configMapName: first}"));
        await UntilAsync("Available eu-west-1", "{.status.conditions[?(@.type==\"Ready\")].reason} {.status.replicas[*].region}", process);
        await ApplyAsync(Key("replicaRegions: [us-west-2], publish: {configMapName: second}"));
        await Eventually.TrueAsync(async () => (await _cluster!.KubectlAsync("get", "kr,cm", "-n", "team", "-o", "name")).Output.Trim() is var left
            && left.Contains("configmap/second", StringComparison.Ordinal) && !left.Contains("first", StringComparison.Ordinal) && !left.Contains("eu-west-1", StringComparison.Ordinal), () => process.LastLines);
        (await _cluster!.KubectlAsync("delete", "servicekeys.kms.servicekey.dev", "one", "-n", "team", "--timeout=60s")).EnsureSuccess();
    }

    private Task ApplyAsync(string manifest) => _cluster!.ApplyTextAsync(manifest);

    private static string Key(string rest) =>
        $"apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {{name: one, namespace: team}}\nspec: {{className: class, service: s3, multiRegion: true, deletionPolicy: Delete, {rest}}}";

    private Task UntilAsync(string expected, string path, ServerProcess process) => Eventually.TrueAsync(
        async () => (await _cluster!.KubectlAsync("get", "servicekeys.kms.servicekey.dev", "one", "-n", "team", "-o", $"jsonpath={path}")).Output == expected, () => process.LastLines);
}
