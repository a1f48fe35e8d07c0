using System.Text.Json.Nodes;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>Every pod of the chart fits the restricted Pod Security Standard, which the namespace of config/rbac enforces.</summary>
/// <remarks>Source: Kubernetes, "Pod Security Standards", profiles Baseline and Restricted.</remarks>
public sealed class PodSecurityTests
{
    private static readonly string[] Volumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    private static readonly string[] ContainerKinds = ["containers", "initContainers", "ephemeralContainers"];

    public static TheoryData<string> Values => [.. ChartTests.Values.Select(row => row.Data.Item1)];

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Every_pod_fits_the_restricted_Pod_Security_Standard(string values)
    {
        var pods = Rendering.Objects(await Helm.TemplateAsync("--set", values)).PodSpecs().ToArray();
        Assert.Equal(2, pods.Length);
        Assert.Empty(pods.SelectMany(Violations));
        Assert.All(pods.SelectMany(Containers), container => Assert.True(container["securityContext"]!["readOnlyRootFilesystem"]!.GetValue<bool>()));
    }

    [Theory]
    [InlineData("securityContext.allowPrivilegeEscalation=true", "allowPrivilegeEscalation")]
    [InlineData("securityContext.capabilities.add={SYS_ADMIN}", "capabilities.add")]
    [InlineData("securityContext.capabilities.drop={CHOWN}", "capabilities.drop")]
    [InlineData("podSecurityContext.runAsNonRoot=false", "runAsNonRoot")]
    [InlineData("podSecurityContext.runAsUser=0", "runAsUser")]
    [InlineData("podSecurityContext.seccompProfile.type=Unconfined", "seccompProfile")]
    public async Task A_value_that_breaks_the_standard_is_seen(string values, string what)
    {
        var pods = Rendering.Objects(await Helm.TemplateAsync("--set", values)).PodSpecs();
        Assert.All(pods, pod => Assert.Contains(what, Violations(pod)));
    }

    private static IEnumerable<JsonObject> Containers(JsonObject pod) =>
        ContainerKinds.SelectMany(kind => (pod[kind] as JsonArray) ?? []).Select(container => container!.AsObject());

    private static IEnumerable<string> Violations(JsonObject pod)
    {
        foreach (var field in (string[])["hostNetwork", "hostPID", "hostIPC", "hostUsers"])
        {
            if (pod[field] is not null)
            {
                yield return field;
            }
        }

        var common = pod["securityContext"] as JsonObject ?? [];
        if (common["sysctls"] is not null)
        {
            yield return "sysctls";
        }

        foreach (var volume in (pod["volumes"] as JsonArray) ?? [])
        {
            if (!volume!.AsObject().All(field => field.Key == "name" || Volumes.Contains(field.Key)))
            {
                yield return "volumes";
            }
        }

        foreach (var container in Containers(pod))
        {
            var own = container["securityContext"] as JsonObject ?? [];
            JsonNode? Effective(string field) => own[field] ?? common[field];
            if (own["privileged"]?.GetValue<bool>() == true || own["procMount"] is not null)
            {
                yield return "privileged";
            }

            if (own["allowPrivilegeEscalation"]?.GetValue<bool>() != false)
            {
                yield return "allowPrivilegeEscalation";
            }

            if (!((own["capabilities"]?["drop"] as JsonArray) ?? []).Any(name => name!.GetValue<string>() == "ALL"))
            {
                yield return "capabilities.drop";
            }

            if (((own["capabilities"]?["add"] as JsonArray) ?? []).Any(name => name!.GetValue<string>() != "NET_BIND_SERVICE"))
            {
                yield return "capabilities.add";
            }

            if (Effective("runAsNonRoot")?.GetValue<bool>() != true)
            {
                yield return "runAsNonRoot";
            }

            if (Effective("runAsUser")?.GetValue<long>() == 0)
            {
                yield return "runAsUser";
            }

            if (Effective("seccompProfile")?["type"]?.GetValue<string>() is not ("RuntimeDefault" or "Localhost"))
            {
                yield return "seccompProfile";
            }

            if (Effective("appArmorProfile")?["type"]?.GetValue<string>() == "Unconfined")
            {
                yield return "appArmorProfile";
            }

            if (((container["ports"] as JsonArray) ?? []).Any(port => port!["hostPort"] is not null))
            {
                yield return "hostPort";
            }
        }
    }
}
