using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>The chart, rendered by the real Helm and held against the real API server.</summary>
public sealed partial class ChartTests(ControlPlaneFixture controlPlane)
{
    // Kinds that the test server does not have: another project's CRDs, and what came with later versions of Kubernetes.
    private static readonly string[] Elsewhere = ["ServiceMonitor", "PodMonitor", "PrometheusRule", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];

    private const string All = "podDisruptionBudget.enabled=true,networkPolicy.enabled=true,metrics.service.enabled=true,metrics.serviceMonitor.enabled=true,"
        + "metrics.podMonitor.enabled=true,metrics.prometheusRule.enabled=true,metrics.dashboard.enabled=true,admissionPolicies.enabled=true";

    // values, what must be in the rendering, why
    public static TheoryData<string, string, string> Values => new()
    {
        { "replicaCount=2", "kind: Deployment", "the defaults" },
        { All, "kind: PrometheusRule", "everything that is optional at once" },
        { "watchNamespaces={kube-public}", "- --watch-namespaces=kube-public", "Roles in place of the ClusterRole's namespaced part" },
        { "replicaCount=1,operator.leaderElect=false", "- --leader-elect=false", "one replica needs no lease" },
        { "image.registry=example.com/team,image.digest=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "image: example.com/team/kms-operator@sha256:0123", "a digest wins over the tag" },
        { "serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=arn:aws:iam::123456789012:role/x", "eks.amazonaws.com/role-arn: arn:aws:iam::123456789012:role/x", "IRSA" },
        { "serviceAccount.create=false,serviceAccount.name=theirs", "serviceAccountName: theirs", "an account that is there already" },
        { "crds.enabled=false", "kind: Deployment", "CRDs from elsewhere" },
        { "crds.keep=false", "kind: CustomResourceDefinition", "CRDs that go with the release" },
        { "metrics.enabled=false", "- --metrics-address=0", "no metrics" },
        { "fullnameOverride=keys,commonLabels.team=security", "name: keys-leader-election", "other names and labels" },
        { "extraEnv[0].name=A,extraEnv[0].value=b,extraArgs[0]=--workers=3,extraVolumes[0].name=v,extraVolumes[0].emptyDir.medium=Memory,extraVolumeMounts[0].name=v,extraVolumeMounts[0].mountPath=/v,imagePullSecrets[0]=pull", "mountPath: /v", "what the chart does not know of" },
        { "affinity.podAntiAffinity.x=y,topologySpread.enabled=false,priorityClassName=system-cluster-critical,nodeSelector.a=b,tolerations[0].key=k", "priorityClassName: system-cluster-critical", "placement" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public async Task What_is_rendered_is_accepted_by_the_API_server(string values, string part, string why)
    {
        var cluster = controlPlane.Cluster;
        await cluster.ApplyTextAsync("apiVersion: v1\nkind: Namespace\nmetadata: {name: kms-operator-system}");
        var yaml = await Helm.TemplateAsync("--set", values, "--kube-version", $"1.{cluster.ServerMinor}.0");
        Assert.True(yaml.Contains(part, StringComparison.Ordinal), why);
        foreach (var document in Documents(yaml))
        {
            Assert.NotEqual("Secret", document.Kind);
            if (values.Contains("affinity.podAntiAffinity.x", StringComparison.Ordinal) || !Elsewhere.Contains(document.Kind))
            {
                // Unchecked by kubectl: servers before 1.25 do not know the CRDs' CEL rules.
                var applied = await cluster.KubectlAsync(["apply", "--dry-run=server", "--validate=false", "-f", "-"], document.Yaml);
                Assert.True(applied.ExitCode == 0, $"{why}: {document.Kind} {applied.Error}");
            }
        }
    }

    // values, the value that the message names
    public static TheoryData<string, string> BadValues => new()
    {
        { "replicas=3", "replicas" },
        { "image.tga=1", "tga" },
        { "operator.workers=0", "operator.workers" },
        { "operator.quotaShare=2", "operator.quotaShare" },
        { "operator.logFormat=xml", "operator.logFormat" },
        { "operator.driftPeriod=often", "operator.driftPeriod" },
        { "image.digest=latest", "image.digest" },
        { "watchNamespaces={Not A Namespace}", "watchNamespaces" },
        { "aws.region=Frankfurt", "aws.region" },
        { "metrics.port=100000", "metrics.port" },
        { "podDisruptionBudget.maxUnavailable=1", "maxUnavailable" },
        { "operator.leaderElect=false", "operator.leaderElect" },
        { "serviceAccount.create=false", "serviceAccount.name" },
        { "metrics.enabled=false,metrics.serviceMonitor.enabled=true", "metrics.enabled" },
    };

    [Theory]
    [MemberData(nameof(BadValues))]
    public async Task A_bad_value_is_refused_by_name(string values, string named)
    {
        var rendered = await Helm.RunAsync("template", "kms-operator", Helm.Chart, "--set", values);
        Assert.NotEqual(0, rendered.ExitCode);
        Assert.Contains(named, rendered.Error, StringComparison.Ordinal);
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
    public async Task Config_default_is_what_the_chart_makes_with_its_defaults()
    {
        var cluster = controlPlane.Cluster;
        async Task<SortedDictionary<string, string>> ObjectsAsync(string yaml)
        {
            // kubectl gives JSON, and has the same view of both.
            var json = (await cluster.KubectlAsync(["create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-"], yaml)).EnsureSuccess();
            var objects = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var one in SplitJson(json))
            {
                var kind = one["kind"]!.GetValue<string>();

                // The chart leaves the namespace to who installs it, and has a test pod.
                if (kind is not ("Namespace" or "Pod"))
                {
                    objects[$"{kind}/{one["metadata"]!["name"]}"] = Normal(one).ToJsonString();
                }
            }

            return objects;
        }

        var chart = await ObjectsAsync(await Helm.TemplateAsync());
        var kustomize = await ObjectsAsync(await KustomizeAsync(cluster, Path.Combine(Repository.Root, "config", "default")));
        Assert.Equal(chart.Keys, kustomize.Keys);
        Assert.All(chart, one => Assert.Equal(one.Value, kustomize[one.Key]));
    }

    [Fact]
    public async Task Dashboard_and_alerts_ask_only_for_metrics_that_the_operator_has_and_link_to_pages_that_exist()
    {
        var page = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "metrics.md"), TestContext.Current.CancellationToken);
        var known = MetricRow().Matches(page).Select(row => row.Groups[1].Value).ToHashSet();
        var dashboard = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "files", "dashboard.json"), TestContext.Current.CancellationToken))!;
        var queries = dashboard["panels"]!.AsArray().SelectMany(panel => panel!["targets"]!.AsArray()).Select(target => target!["expr"]!.GetValue<string>()).ToList();
        var alerts = (YamlMappingNode)Load(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "files", "alerts.yaml"), TestContext.Current.CancellationToken)).Single();
        foreach (var rule in ((YamlSequenceNode)alerts["groups"]).SelectMany(group => (YamlSequenceNode)group["rules"]))
        {
            queries.Add(rule["expr"].ToString());
            var runbook = rule["annotations"]["runbook"].ToString().Split('#');
            var linked = await File.ReadAllTextAsync(Path.Combine(Repository.Root, runbook[0]), TestContext.Current.CancellationToken);
            if (runbook.Length > 1)
            {
                Assert.Contains(runbook[1], Heading().Matches(linked).Select(heading => heading.Groups[1].Value.ToLowerInvariant().Replace(' ', '-')));
            }
        }

        Assert.NotEmpty(queries);
        Assert.All(queries, query =>
        {
            var asked = Metric().Matches(query).Select(metric => HistogramSuffix().Replace(metric.Value, "")).ToArray();
            Assert.True(asked.Length > 0, query);
            Assert.All(asked, metric => Assert.Contains(metric, known));
        });
    }

    [Fact]
    public async Task Nothing_is_rendered_by_chance_or_by_looking_at_a_cluster()
    {
        var templates = Directory.EnumerateFiles(Path.Combine(Helm.Chart, "templates"), "*", SearchOption.AllDirectories).ToDictionary(file => file, File.ReadAllText);
        Assert.All(templates, template => Assert.DoesNotMatch(@"\blookup\b|\brand[A-Z]|\bgenCA|\buuidv4|\bnow\b", template.Value));
        Assert.All(templates.Where(template => !template.Key.Contains("/tests/", StringComparison.Ordinal)), template => Assert.DoesNotContain("helm.sh/hook", template.Value, StringComparison.Ordinal));
        Assert.Equal(await Helm.TemplateAsync("--set", All), await Helm.TemplateAsync("--set", All));
    }

    /// <summary>The resources of a kustomization, one by one: the kustomize in kubectl 1.20 takes no folders among them.</summary>
    private static async Task<string> KustomizeAsync(Cluster cluster, string folder)
    {
        var parts = new List<string>();
        foreach (var resource in (YamlSequenceNode)Load(await File.ReadAllTextAsync(Path.Combine(folder, "kustomization.yaml"))).Single()["resources"])
        {
            var path = Path.GetFullPath(Path.Combine(folder, resource.ToString()));
            parts.Add(Directory.Exists(path) ? (await cluster.KubectlAsync("kustomize", path)).EnsureSuccess() : await File.ReadAllTextAsync(path));
        }

        return string.Join("\n---\n", parts);
    }

    private static IEnumerable<YamlNode> Load(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return stream.Documents.Select(document => document.RootNode);
    }

    private static IEnumerable<(string Kind, string Yaml)> Documents(string yaml) =>
        from text in Separator().Split(yaml)
        from node in Load(text).OfType<YamlMappingNode>()
        select (node["kind"].ToString(), text);

    /// <summary>kubectl prints one object after the other, or a List.</summary>
    private static IEnumerable<JsonObject> SplitJson(string json)
    {
        var parsed = JsonNode.Parse($"[{ObjectEnd().Replace(json.Trim(), "},{")}]")!.AsArray();
        return parsed.SelectMany(one => one!["kind"]!.GetValue<string>() == "List" ? one["items"]!.AsArray().OfType<JsonObject>() : [one.AsObject()]);
    }

    /// <summary>Without Helm's own labels, and with rules as the set of what they permit.</summary>
    private static JsonNode Normal(JsonObject one)
    {
        var copy = (JsonObject)one.DeepClone();
        Strip(copy);
        if (copy["metadata"]!["annotations"] is JsonObject { Count: 0 })
        {
            copy["metadata"]!.AsObject().Remove("annotations");
        }

        if (copy["rules"] is JsonArray rules)
        {
            copy["rules"] = new JsonArray([.. RoleRules.Of(rules).Select(rule => (JsonNode)rule)]);
        }

        return Sorted(copy);
    }

    private static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, field.Value is null ? null : (JsonNode?)Sorted(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(item => item is null ? null : Sorted(item))]),
        _ => node.DeepClone(),
    };

    private static void Strip(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var label in (string[])["app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart", "helm.sh/resource-policy"])
                {
                    map.Remove(label);
                }

                foreach (var (_, value) in map)
                {
                    Strip(value);
                }

                break;
            case JsonArray list:
                foreach (var item in list)
                {
                    Strip(item);
                }

                break;
        }
    }

    [GeneratedRegex(@"^---\s*$", RegexOptions.Multiline)]
    private static partial Regex Separator();

    [GeneratedRegex(@"^\}\s*\{", RegexOptions.Multiline)]
    private static partial Regex ObjectEnd();

    [GeneratedRegex(@"^\| `(\w+)` \| \w+ \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\b(kmsoperator|controller_runtime|workqueue|rest_client|leader_election)_[a-z_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramSuffix();
}
