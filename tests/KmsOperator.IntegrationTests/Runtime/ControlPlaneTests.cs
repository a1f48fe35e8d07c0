using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Runtime;

public sealed class ControlPlaneTests(ControlPlaneFixture fixture)
{
    [Fact]
    public async Task With_controllers_a_deleted_namespace_goes_with_all_that_is_in_it()
    {
        var cluster = fixture.Cluster;
        await cluster.StartControllersAsync();
        var name = await cluster.CreateNamespaceAsync("doomed");
        (await cluster.KubectlAsync("create", "configmap", "content", "-n", name)).EnsureSuccess();

        (await cluster.KubectlAsync("delete", "namespace", name, "--wait=false")).EnsureSuccess();

        await Eventually.TrueAsync(
            async () => (await cluster.KubectlAsync("get", "namespace", name)).Error.Contains("NotFound", StringComparison.Ordinal),
            () => $"Namespace {name} is still there.",
            TimeSpan.FromSeconds(90));
    }
}
