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
    // What this run does not need, and why it is granted.
    private static readonly Dictionary<string, string> Unused = new()
    {
        ["update kms.servicekey.dev/servicekeys/finalizers"] = "asked for by the OwnerReferencesPermissionEnforcement admission plugin only",
        ["update kms.servicekey.dev/keyreplicas/finalizers"] = "asked for by the OwnerReferencesPermissionEnforcement admission plugin only",
    };

    // What a run needs or not, as it comes.
    private static readonly Dictionary<string, string> ByChance = new()
    {
        ["get kms.servicekey.dev/keyclasses"] = "when the write of a status meets a conflict",
        ["get kms.servicekey.dev/servicekeys"] = "when the write of a status meets a conflict, and before a deletion",
        ["get kms.servicekey.dev/keyreplicas"] = "when the write of a status meets a conflict, and before a deletion",
        ["patch events.k8s.io/events"] = "when an event repeats",
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
        var yaml = await Helm.TemplateAsync([.. values.SelectMany(value => (string[])["--set", value]), "--skip-tests", "--kube-version", $"1.{_cluster.CoreMinor}.0"]);
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

        List<UsedRule> used = [];
        foreach (var line in await File.ReadAllLinesAsync(audit, TestContext.Current.CancellationToken))
        {
            var request = JsonNode.Parse(line)!;
            if (request["user"]!["username"]!.GetValue<string>() == "system:serviceaccount:kms-operator-system:kms-operator" && UsedRule.Of(request) is { } one)
            {
                Assert.False(request["responseStatus"]?["code"]?.GetValue<int>() == 403, $"403: {one}");
                used.Add(one);
            }
        }

        // Each rule where it is granted: one that only the other namespace needs is one too many here.
        var granted = await GrantedRule.OfAsync(_cluster, "kms-operator-system", "kms-operator");
        Assert.DoesNotContain(granted, rule => rule.Resource.EndsWith("/secrets", StringComparison.Ordinal) || rule.Verb == "*" || rule.Resource.Contains('*', StringComparison.Ordinal));
        Assert.All(used, one => Assert.Contains(granted, rule => rule.Permits(one)));
        var unused = granted.Where(rule => !used.Any(rule.Permits)).ToArray();
        Assert.DoesNotContain(unused, rule => !Unused.ContainsKey($"{rule.Verb} {rule.Resource}") && !ByChance.ContainsKey($"{rule.Verb} {rule.Resource}"));

        // An exemption that is used, or that nobody was granted, is out of date.
        Assert.Empty(Unused.Keys.Except(unused.Select(rule => $"{rule.Verb} {rule.Resource}")));
        Assert.Empty(ByChance.Keys.Except(granted.Select(rule => $"{rule.Verb} {rule.Resource}")));
        Assert.Equal(watched.Length > 0, (await _cluster.KubectlAsync("get", "role", "kms-operator", "-n", "team")).ExitCode == 0);
        Assert.All(granted.Where(rule => rule.Namespace.Length == 0), rule => Assert.True(
            watched.Length == 0 || rule.Resource.Contains("keyclasses", StringComparison.Ordinal) || rule.Resource == "/namespaces", rule.ToString()));
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
        // Two default classes, for an event about a class.
        foreach (var name in (string[])["class", "other"])
        {
            await ApplyAsync($"apiVersion: kms.servicekey.dev/v1alpha1\nkind: KeyClass\nmetadata: {{name: {name}, annotations: {{kms.servicekey.dev/is-default-class: 'true'}}}}\n"
                + "spec: {region: us-east-1, aliasPrefix: chart, access: {administrators: [Admin]}}");
        }

        await ApplyAsync(Key("replicaRegions: [eu-west-1], publish: {configMapName: first}"));
        await UntilAsync(
            async () => await FindAsync("sk/one") is { } key && (key.Condition("Ready").Field(".reason"), key.Field(".status.replicas[*].region")) == ("Available", "eu-west-1"), process);
        await ApplyAsync(Key("replicaRegions: [eu-west-1], publish: {configMapName: first}, alias: alias/changed"));
        await UntilAsync(async () => (await FindAsync("cm/first")).Field(".data.aliasName") == "alias/changed", process);
        await ApplyAsync(Key("replicaRegions: [us-west-2], publish: {configMapName: second}"));
        await UntilAsync(async () => await FindAsync("cm/second") is not null && await FindAsync("cm/first") is null && await FindAsync("kr/one-eu-west-1") is null, process);
        (await _cluster!.KubectlAsync("delete", "servicekeys.kms.servicekey.dev", "one", "-n", "team", "--timeout=60s")).EnsureSuccess();
    }

    private Task ApplyAsync(string manifest) => _cluster!.ApplyTextAsync(manifest);

    private static string Key(string rest) =>
        $"apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {{name: one, namespace: team}}\nspec: {{className: class, service: s3, multiRegion: true, deletionPolicy: Delete, {rest}}}";

    private Task<JsonObject?> FindAsync(string resource) => _cluster!.Client.FindAsync(resource, "team");

    private static Task UntilAsync(Func<Task<bool>> holds, ServerProcess process) => Eventually.TrueAsync(holds, () => process.LastLines);
}
