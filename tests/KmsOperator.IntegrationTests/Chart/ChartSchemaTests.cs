using System.Text.Json.Nodes;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>Values that would fail later, or do something else than they say, are refused by name before anything is rendered.</summary>
public sealed class ChartSchemaTests
{
    private const string Tls = "metrics.tls.enabled=true,metrics.tls.secretName=cert";

    // values, the value that the message names
    public static TheoryData<string, string> BadValues => new()
    {
        { "replicas=3", "replicas" },
        { "image.tga=1", "tga" },
        { "rbac.materialSecrets[0].names={a}", "namespace" },
        { "rbac.materialSecrets[0].namespace=a", "names" },
        { "rbac.materialSecrets[0].namespace=a,rbac.materialSecrets[0].names={*}", "names" },
        { "image.tag=a b", "image.tag" },
        { "image.tag=v1@sha256:0", "image.tag" },
        { "image.repository=Kms", "image.repository" },
        { "image.repository=kms:v1", "image.repository" },
        { "image.digest=latest", "image.digest" },
        { "image.registry=https://example.com", "image.registry" },
        { "operator.workers=0", "operator.workers" },
        { "operator.quotaShare=2", "operator.quotaShare" },
        { "operator.quotaShare=0.00001", "operator.quotaShare" },
        { "operator.eventQueues={kms-events}", "operator.eventQueues" },
        { "operator.eventQueues={https://sqs.eu-west-1.amazonaws.com/111122223333/a.fifo}", "operator.eventQueues" },
        { "operator.logFormat=xml", "operator.logFormat" },
        { "operator.driftPeriod=often", "operator.driftPeriod" },
        { "operator.driftPeriod=0s", "operator.driftPeriod" },
        { "operator.consistencyWindow=0h0.0m", "operator.consistencyWindow" },
        { "operator.clusterId=a b", "operator.clusterId" },
        { "operator.leaderElectionId=A_b", "operator.leaderElectionId" },
        { "operator.leaderElect=false", "operator.leaderElect" },
        { "operator.leaderElect=false,replicaCount=1,strategy.type=RollingUpdate", "strategy.type" },
        { "operator.leaderElect=false,replicaCount=1,operator.shards=2", "operator.shards" },
        { "operator.shards=0", "operator.shards" },
        { "operator.shards=65", "operator.shards" },
        { "watchNamespaces={Not A Namespace}", "watchNamespaces" },
        { "aws.region=Frankfurt", "aws.region" },
        { "aws.endpointUrl=localhost:4566", "aws.endpointUrl" },
        { "metrics.port=100000", "metrics.port" },
        { "metrics.port=8081", "metrics.port" },
        { "health.port=8080", "health.port" },
        { "metrics.enabled=false,metrics.serviceMonitor.enabled=true", "metrics.enabled" },
        { "metrics.tls.enabled=true", "metrics.tls.secretName" },
        { "metrics.tokenReview.enabled=true", "metrics.tokenReview" },
        { Tls + ",metrics.tokenReview.enabled=true,metrics.podMonitor.enabled=true", "metrics.podMonitor.authorization" },
        { "metrics.serviceMonitor.interval=30", "interval" },
        { "metrics.serviceMonitor.interval=0s", "interval" },
        { "metrics.prometheusRule.runbookBaseUrl=docs", "runbookBaseUrl" },
        { "tracing.enabled=true", "tracing.endpoint" },
        { "tracing.samplerArg=2", "samplerArg" },
        { "podDisruptionBudget.minAvailable=most", "minAvailable" },
        { "podDisruptionBudget.minAvailable=-1", "minAvailable" },
        { "podDisruptionBudget.enabled=true,podDisruptionBudget.minAvailable=2", "podDisruptionBudget.minAvailable" },
        { "podDisruptionBudget.maxUnavailable=0%", "maxUnavailable" },
        { "topologySpread.topologyKey=not a label", "topologyKey" },
        { "fullnameOverride=Keys", "fullnameOverride" },
        { "fullnameOverride=123", "fullnameOverride" },
        { "nameOverride=-keys", "nameOverride" },
        { "serviceAccount.create=false", "serviceAccount.name" },
        { "podLabels.app\\.kubernetes\\.io/name=other", "podLabels" },
        { "commonLabels.app\\.kubernetes\\.io/instance=other", "commonLabels" },
        { "commonLabels.helm\\.sh/chart=other", "commonLabels" },
        { "commonLabels.team=not a value", "commonLabels" },
        { "securityContext.privilegd=true", "privilegd" },
        { "podSecurityContext.runAsNonRot=true", "runAsNonRot" },
        { "resources.requests.cpus=1", "cpus" },
        { "resources.limits.memory=much", "memory" },
        { "extraEnv[0].nam=A", "nam" },
        { "extraVolumes[0].name=v,extraVolumes[0].hostPath.path=/", "hostPath" },
        { "tolerations[0].effects=NoSchedule", "effects" },
        { "affinity.podAntiAffinity.x=y", "podAntiAffinity" },
        { "global.imageRegistri=x", "imageRegistri" },
        { "extraArgs[0]=workers", "extraArgs" },
        { "admissionPolicies.privilegedServiceAccounts={argocd}", "privilegedServiceAccounts" },
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
    public async Task Every_object_of_the_schema_is_closed_or_a_map_of_texts()
    {
        var schema = await SchemaAsync();
        List<string> open = [];
        Walk(schema, "", open);
        Assert.Empty(open);
    }

    [Fact]
    public async Task Every_default_stands_in_the_schema_and_every_property_of_it_has_a_default()
    {
        var schema = await SchemaAsync();
        var values = Rendering.Objects(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "values.yaml"), TestContext.Current.CancellationToken)).Single();
        List<string> different = [];
        Compare(schema, values, "", different);
        Assert.Empty(different);
    }

    private static async Task<JsonObject> SchemaAsync() =>
        JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "values.schema.json"), TestContext.Current.CancellationToken))!.AsObject();

    /// <summary>Schemas that take an object and do not say which fields it has.</summary>
    private static void Walk(JsonNode? node, string path, List<string> open)
    {
        if (node is JsonObject schema)
        {
            var isSchema = schema["type"] is not null || schema["properties"] is JsonObject;
            if (isSchema && schema["type"] is JsonValue type && type.GetValue<string>() == "object")
            {
                var closed = schema["additionalProperties"] switch
                {
                    JsonValue no => !no.GetValue<bool>(),
                    JsonObject map => map["type"]?.GetValue<string>() == "string",
                    _ => false,
                };
                if (!closed)
                {
                    open.Add(path);
                }
            }

            // Without a type a schema takes everything, unless it lists values or alternatives.
            foreach (var (name, property) in (schema["properties"] as JsonObject) ?? [])
            {
                if (isSchema && property is JsonObject one && one["type"] is null && one["enum"] is null && one["anyOf"] is null && one["$ref"] is null)
                {
                    open.Add($"{path}/{name}");
                }
            }

            foreach (var (name, value) in schema)
            {
                Walk(value, $"{path}/{name}", open);
            }
        }
        else if (node is JsonArray list)
        {
            foreach (var item in list)
            {
                Walk(item, path, open);
            }
        }
    }

    /// <summary>Where defaults and schema name different fields; below a default that is empty, or a Kubernetes object, the schema says more than the defaults.</summary>
    private static void Compare(JsonObject schema, JsonObject values, string path, List<string> different)
    {
        string[] kubernetes = ["/resources", "/podSecurityContext", "/securityContext"];
        if (schema["properties"] is not JsonObject properties || values.Count == 0 || kubernetes.Contains(path))
        {
            return;
        }

        different.AddRange(properties.Select(field => field.Key).Except(values.Select(field => field.Key)).Select(name => $"{path}/{name}: no default"));
        different.AddRange(values.Select(field => field.Key).Except(properties.Select(field => field.Key)).Select(name => $"{path}/{name}: not in the schema"));
        foreach (var (name, value) in values)
        {
            if (value is JsonObject inner && properties[name] is JsonObject its)
            {
                Compare(its, inner, $"{path}/{name}", different);
            }
        }
    }
}
