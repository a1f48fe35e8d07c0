using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>The chart, rendered by the real Helm and held against the real API server.</summary>
public sealed class ChartTests(ControlPlaneFixture controlPlane, MonitoringKinds monitoring, AcceptedObjects accepted) : IClassFixture<MonitoringKinds>, IClassFixture<AcceptedObjects>
{
    /// <summary>Everything that is optional at once.</summary>
    internal const string All = "podDisruptionBudget.enabled=true,networkPolicy.enabled=true,metrics.service.enabled=true,metrics.serviceMonitor.enabled=true,"
        + "metrics.podMonitor.enabled=true,metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true,admissionPolicies.enabled=true,tracing.enabled=true,tracing.endpoint=http://collector:4317,"
        + "operator.eventQueues={https://sqs.eu-west-1.amazonaws.com/111122223333/kms-operator-events}";

    private const string Tls = "metrics.tls.enabled=true,metrics.tls.secretName=cert";

    // Values; what must be in the rendering; what must not; why. Parts are separated by a bar.
    public static TheoryData<string, string, string, string> Values => new()
    {
        { "replicaCount=2", "replicas: 2|--leader-election-id=kms-operator|--quota-share=0.5|kind: ClusterRole", "PodDisruptionBudget|NetworkPolicy|monitoring.coreos.com|--watch-namespaces|tokenreviews|OTEL_|kind: Secret|secretName: \"|resources: [secrets]|kind: Service\n|strategy:", "the defaults" },
        { All, "kind: PrometheusRule|kind: ServiceMonitor|kind: PodMonitor|kind: NetworkPolicy|kind: PodDisruptionBudget|grafana_dashboard|kind: Service\n|kind: ValidatingAdmissionPolicy", "tokenreviews|kind: Secret", "everything that is optional at once" },
        { "watchNamespaces={kube-public}", "- --watch-namespaces=kube-public|namespace: \"kube-public\"", "namespace: \"default\"\nrules: []", "Roles in place of the ClusterRole's namespaced part" },
        { "replicaCount=1,operator.leaderElect=false", "- --leader-elect=false|type: Recreate", "leader-election|resources: [leases]", "one replica needs no lease, and no second one during an update" },
        { "operator.leaderElectionId=ours", "--leader-election-id=ours|resourceNames: [\"ours\"]", "--leader-election-id=kms-operator", "a lease of another name" },
        { "replicaCount=3,operator.shards=3,metrics.prometheusRule.enabled=true", "- --shards=3|resourceNames: [\"kms-operator\",\"kms-operator-members\",\"kms-operator-shard-0\",\"kms-operator-shard-1\",\"kms-operator-shard-2\"]|name=~\"kms-operator(-shard-[0-9]+)?\"", "kms-operator-shard-3", "the work is shared" },
        { "image.registry=example.com/team,image.tag=v1,image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "image: \"example.com/team/kms-operator@sha256:0123", "kms-operator:v1", "a digest wins over the tag" },
        { "image.registry=ghcr.io,global.imageRegistry=mirror.example.com:5000,global.imagePullSecrets={mirror}", "image: \"mirror.example.com:5000/kms-operator:|- name: \"mirror\"", "ghcr.io", "a registry for all charts of a parent" },
        { "serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=arn:aws:iam::123456789012:role/x,serviceAccount.labels.a=b", "eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/x|a: b", "AWS_ROLE_ARN", "IRSA" },
        { "serviceAccount.create=false,serviceAccount.name=theirs", "serviceAccountName: \"theirs\"|name: theirs", "kind: ServiceAccount\nmetadata", "an account that is there already" },
        { "rbac.create=false,rbac.userRoles=false", "kind: Deployment", "kind: Role|kind: ClusterRole", "roles from elsewhere" },
        { "rbac.materialSecrets[0].namespace=kube-public,rbac.materialSecrets[0].names={material-1,material-2}", "name: kms-operator-material|namespace: \"kube-public\"|resources: [secrets]|- material-1|- material-2|verbs: [get]", "kind: Secret", "key material of one namespace, by name" },
        { "crds.enabled=false", "kind: Deployment", "kind: CustomResourceDefinition", "CRDs from elsewhere" },
        { "crds.keep=false", "kind: CustomResourceDefinition", "helm.sh/resource-policy", "CRDs that go with the release" },
        { "metrics.enabled=false", "- --metrics-address=0", "name: metrics", "no metrics" },
        { Tls + ",metrics.tokenReview.enabled=true,metrics.serviceMonitor.enabled=true,metrics.serviceMonitor.tlsConfig.serverName=x", "--metrics-tls-cert-file=/etc/kms-operator/metrics-tls/tls.crt|--metrics-tls-key-file=|--metrics-token-review=true|tokenreviews|subjectaccessreviews|secretName: \"cert\"|scheme: https|serverName: x|bearerTokenFile|kms-operator-metrics-reader", "insecureSkipVerify", "metrics by HTTPS for accounts that may have them" },
        { Tls + ",metrics.podMonitor.enabled=true", "secretName: \"cert\"|scheme: https", "tokenreviews|bearerTokenFile|--metrics-token-review", "metrics by HTTPS for everybody" },
        { "tracing.enabled=true,tracing.endpoint=http://collector:4317,tracing.protocol=grpc,tracing.sampler=parentbased_traceidratio,tracing.resourceAttributes.a=b", "OTEL_EXPORTER_OTLP_ENDPOINT|http://collector:4317|OTEL_EXPORTER_OTLP_PROTOCOL|OTEL_TRACES_SAMPLER|value: \"a=b\"", "OTEL_TRACES_SAMPLER_ARG", "traces" },
        { "fullnameOverride=keys,commonLabels.team=security,podLabels.pod=label", "name: keys-leader-election|team: security|pod: label|--leader-election-id=keys", "name: kms-operator-", "other names and labels" },
        { "extraEnv[0].name=A,extraEnv[0].value=b,extraArgs[0]=--workers=3,extraVolumes[0].name=v,extraVolumes[0].emptyDir.medium=Memory,extraVolumeMounts[0].name=v,extraVolumeMounts[0].mountPath=/v,imagePullSecrets[0]=pull,extraEnvFrom[0].secretRef.name=aws", "mountPath: /v|- \"--workers=3\"|medium: Memory|name: \"pull\"|secretRef", "OTEL_", "what the chart does not know of" },
        { "affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey=zone,topologySpread.enabled=false,priorityClassName=system-cluster-critical,nodeSelector.a=b,tolerations[0].key=k,tolerations[0].operator=Exists", "priorityClassName: \"system-cluster-critical\"|topologyKey: zone|key: k", "topologySpreadConstraints", "placement" },
        { "podDisruptionBudget.enabled=true,podDisruptionBudget.maxUnavailable=50%", "maxUnavailable: 50%", "minAvailable", "a budget the other way round" },
        { "networkPolicy.enabled=true,aws.endpointUrl=http://localstack:4566", "port: 4566|cidr: 169.254.170.23/32|cidr: fd00:ec2::23/128", "169.254.169.254|fd00:ec2::254", "the way to the endpoint and to Pod Identity's agent, none to the node's metadata" },
        { "networkPolicy.enabled=true,networkPolicy.podIdentity=false,networkPolicy.instanceMetadata=true,aws.endpointUrl=https://kms.internal", "cidr: 169.254.169.254/32|cidr: fd00:ec2::254/128|port: 443", "169.254.170.23|fd00:ec2::23/|port: 4566", "credentials of the node" },
        { "strategy.type=RollingUpdate,strategy.rollingUpdate.maxSurge=1,revisionHistoryLimit=1,deploymentAnnotations.a=b", "maxSurge: 1|revisionHistoryLimit: 1|a: b", "Recreate", "how pods are replaced" },
        { "operator.quotaShare=0.001,operator.deletionGuardDays=0,operator.clusterId=a:", "--quota-share=0.001|--deletion-guard-days=0|\"--cluster-id=a:\"", "e-0", "numbers and text that YAML and Go would print otherwise" },
        { "operator.eventQueues={https://sqs.eu-west-1.amazonaws.com/111122223333/a,https://sqs.us-east-1.amazonaws.com/111122223333/b}", "- \"--event-queue=https://sqs.eu-west-1.amazonaws.com/111122223333/a\"|- \"--event-queue=https://sqs.us-east-1.amazonaws.com/111122223333/b\"", "--event-queue={", "a queue in each Region" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public async Task What_is_rendered_says_what_the_values_say_and_is_accepted_by_the_API_server(string values, string present, string absent, string why)
    {
        var cluster = controlPlane.Cluster;
        await monitoring.InstallAsync(cluster);
        await cluster.ApplyTextAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: kms-operator-system}");
        var yaml = await Helm.TemplateAsync("--set", values, "--kube-version", $"1.{cluster.CoreMinor}.0");
        Assert.All(present.Split('|'), part => Assert.True(yaml.Contains(part, StringComparison.Ordinal), $"{why}: there is no '{part}'"));
        Assert.All(absent.Split('|'), part => Assert.False(yaml.Contains(part, StringComparison.Ordinal), $"{why}: there is a '{part}'"));

        var objects = Rendering.Objects(yaml);
        Assert.DoesNotContain(objects, one => one.Kind() == "Secret");
        Assert.Equal(objects.Count, objects.Select(one => $"{one.Id()} {one["metadata"]!["namespace"]}").Distinct().Count());

        // kubectl holds every field against the server's schema, so what is misspelt is not dropped silently. What came with later servers is not to be had on this one, and
        // kubectl before 1.25 refuses the rules of the CRDs, which have tests of their own.
        string[] unknown = [.. cluster.ServerMinor < 30 ? ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"] : (string[])[], .. cluster.EvaluatesCel ? (string[])[] : ["CustomResourceDefinition"]];
        string[] sent = [.. objects.Where(one => !unknown.Contains(one.Kind())).Select(one => one.ToJsonString()).Where(accepted.IsNew)];
        if (sent.Length == 0)
            return;
        // JSON, one after the other, which kubectl takes as well as YAML.
        var applied = await cluster.KubectlAsync(["apply", "--dry-run=server", "-f", "-"], string.Join('\n', sent));
        Assert.True(applied.ExitCode == 0, $"{why}: {applied.Error}");
        accepted.Add(sent);
    }

    [Theory]
    [InlineData("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: wrong, namespace: default}\nspec: {replicaz: 1, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}", "replicaz")]
    [InlineData("apiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\nmetadata: {name: wrong, namespace: default}\nspec: {selector: {}, endpoints: [{port: metrics, intervall: 30s}]}", "intervall")]
    [InlineData("apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: wrong, namespace: default}\nspec: {groups: [{name: a, rules: [{alert: A, exp: up}]}]}", "exp")]
    public async Task The_check_against_the_API_server_sees_a_field_that_does_not_exist(string yaml, string field)
    {
        await monitoring.InstallAsync(controlPlane.Cluster);
        var applied = await controlPlane.Cluster.KubectlAsync(["apply", "--dry-run=server", "-f", "-"], yaml);
        Assert.NotEqual(0, applied.ExitCode);
        Assert.Contains(field, applied.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_chart_lints_strictly() => (await Helm.RunAsync("lint", "--strict", Helm.Chart)).EnsureSuccess();

    [Fact]
    public async Task The_readme_s_table_of_values_is_the_one_of_values_yaml() =>
        (await Command.RunAsync(Path.Combine(Repository.Root, "hack", "chart-docs.sh"), ["--check"])).EnsureSuccess();

    [Fact]
    public void The_chart_s_CRDs_are_those_of_config_crds()
    {
        static Dictionary<string, string> Read(string folder) =>
            Directory.EnumerateFiles(folder, "*.yaml").ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
        Assert.Equal(Read(Path.Combine(Repository.Root, "config", "crds")), Read(Path.Combine(Helm.Chart, "files", "crds")));
    }

    [Fact]
    public async Task Nothing_is_rendered_by_chance_or_by_looking_at_a_cluster()
    {
        var templates = Directory.EnumerateFiles(Path.Combine(Helm.Chart, "templates"), "*", SearchOption.AllDirectories).ToDictionary(file => file, File.ReadAllText);
        Assert.All(templates, template => Assert.DoesNotMatch(@"\blookup\b|\brand[A-Z]|\bgenCA|\buuidv4|\bnow\b", template.Value));
        Assert.All(templates.Where(template => !template.Key.Contains("/tests/", StringComparison.Ordinal)), template => Assert.DoesNotContain("helm.sh/hook", template.Value, StringComparison.Ordinal));
        Assert.Equal(await Helm.TemplateAsync("--set", All), await Helm.TemplateAsync("--set", All));
    }

    [Theory]
    [InlineData("a-release-whose-name-is-as-long-as-helm-lets-it-be-53", "")]
    [InlineData("123", "nameOverride=123")]
    public async Task Names_fit_and_stay_text_whatever_the_release_is_called(string release, string values)
    {
        var objects = Rendering.Objects((await Helm.RunAsync(
            ["template", release, Helm.Chart, "--namespace", "42", "--set-string", values, "--set", "metrics.service.enabled=true,metrics.dashboard.enabled=true"])).EnsureSuccess());
        Assert.All(objects, one => Assert.True(
            one["metadata"]!["name"]!.GetValueKind() == System.Text.Json.JsonValueKind.String && one["metadata"]!["name"]!.GetValue<string>().Length <= 66, one.Id()));
        Assert.All(objects.Where(one => one["metadata"]!["namespace"] is not null), one => Assert.Equal("42", one["metadata"]!["namespace"]!.GetValue<string>()));
        Assert.True(objects.Single("Service")["metadata"]!["name"]!.GetValue<string>().Length <= 63);
    }
}
