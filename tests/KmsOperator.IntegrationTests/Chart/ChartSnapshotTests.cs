using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>
/// Whole renderings, so that a change of a template is seen in review as what it does to a cluster. After a change that is meant:
/// <c>UPDATE_SNAPSHOTS=1 dotnet test --project tests/KmsOperator.IntegrationTests -- --filter-class "*ChartSnapshotTests*"</c>.
/// </summary>
public sealed class ChartSnapshotTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "KmsOperator.IntegrationTests", "Chart", "Snapshots");

    public static TheoryData<string, string> Snapshots => new()
    {
        { "default", "replicaCount=2" },
        { "everything", ChartTests.All + ",metrics.dashboard.enabled=false,metrics.tls.enabled=true,metrics.tls.secretName=cert" },
        { "namespaced", "watchNamespaces={shop,bank},rbac.userRoles=false" },
        { "alone", "operator.leaderElect=false,replicaCount=1,metrics.enabled=false,rbac.userRoles=false,serviceAccount.create=false,serviceAccount.name=theirs" },
    };

    [Theory]
    [MemberData(nameof(Snapshots))]
    public async Task A_rendering_is_the_one_that_was_reviewed(string name, string values)
    {
        // The CRDs are those of config/crds, which another test says. A later Kubernetes than the test server's, for all kinds.
        var rendered = await Helm.TemplateAsync("--set", values, "--set", "crds.enabled=false", "--kube-version", "1.31.0");
        var file = Path.Combine(Folder, $"{name}.yaml");
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
        {
            await File.WriteAllTextAsync(file, rendered, TestContext.Current.CancellationToken);
        }

        // As objects: Helm's versions differ in white space.
        Assert.Equal(Canonical(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)), Canonical(rendered));
    }

    private static string[] Canonical(string yaml) => [.. Rendering.Objects(yaml).Select(one => Rendering.Sorted(one).ToJsonString())];
}
