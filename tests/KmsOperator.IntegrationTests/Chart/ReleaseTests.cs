using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>What <c>make release-files</c> writes can be installed as it is, and is of the release: its version, its image, by digest.</summary>
public sealed class ReleaseTests : IAsyncDisposable
{
    private const string Digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private const string Image = "ghcr.io/owner/kms-operator@" + Digest;
    private static readonly string[] Platforms = ["amd64", "arm64"];
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-release-");
    private Cluster? _cluster;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        _files.Delete(recursive: true);
    }

    [Fact]
    public async Task The_install_file_of_a_release_applies_to_an_empty_API_server_and_names_the_image_by_digest()
    {
        _cluster = await EmptyAsync();
        await MakeAsync();

        await ApplyAsync(_cluster);
        var deployment = JsonNode.Parse((await _cluster.KubectlAsync("get", "deployment", "kms-operator", "-n", "kms-operator-system", "-o", "json")).EnsureSuccess())!;
        Assert.Equal(Image, deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["image"]!.GetValue<string>());
        Assert.Equal("9.8.7", deployment["metadata"]!["labels"]!["app.kubernetes.io/version"]!.GetValue<string>());
        var @namespace = (await _cluster.KubectlAsync("get", "namespace", "kms-operator-system", "-o", "json")).EnsureSuccess();
        Assert.Contains("\"pod-security.kubernetes.io/enforce\": \"restricted\"", @namespace, StringComparison.Ordinal);
        (await _cluster.KubectlAsync("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")).EnsureSuccess();

        // A second time, as an upgrade does.
        await ApplyAsync(_cluster);
    }

    [Fact]
    public async Task The_chart_of_a_release_needs_no_value_to_be_installed()
    {
        await MakeAsync();
        var package = Path.Combine(_files.FullName, "kms-operator-9.8.7.tgz");

        var about = (await Helm.RunAsync("show", "chart", package)).EnsureSuccess();
        Assert.Contains("\nversion: 9.8.7", about, StringComparison.Ordinal);
        Assert.Contains("appVersion: 9.8.7", about, StringComparison.Ordinal);
        Assert.Contains("image: ghcr.io/owner/kms-operator:9.8.7@" + Digest, about, StringComparison.Ordinal);
        Assert.Contains("https://github.com/Owner/kms-operator", about, StringComparison.Ordinal);
        Assert.DoesNotContain("OWNER/REPO", about, StringComparison.Ordinal);

        var rendered = (await Helm.RunAsync("template", "keys", package, "--set", "metrics.prometheusRule.enabled=true")).EnsureSuccess();
        Assert.Contains($"image: \"{Image}\"", rendered, StringComparison.Ordinal);
        Assert.DoesNotContain("image: \"kms-operator", rendered, StringComparison.Ordinal);
        Assert.Contains("https://github.com/Owner/kms-operator/blob/v9.8.7/docs/", rendered, StringComparison.Ordinal);
        Assert.DoesNotContain("OWNER/REPO", rendered, StringComparison.Ordinal);

        var files = (await Command.RunAsync("tar", ["-tzf", package])).EnsureSuccess();
        Assert.Contains("kms-operator/LICENSE", files, StringComparison.Ordinal);
        var readme = (await Command.RunAsync("tar", ["-xOzf", package, "kms-operator/README.md"])).EnsureSuccess();
        Assert.Contains($"| `image.digest` | `{Digest}` |", readme, StringComparison.Ordinal);
        Assert.Contains("helm install kms-operator oci://ghcr.io/owner/charts/kms-operator --version 9.8.7 ", readme, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_chart_of_a_release_has_nothing_left_to_fill_in()
    {
        await MakeAsync();
        var folder = _files.CreateSubdirectory("chart");
        (await Command.RunAsync("tar", ["-xzf", Path.Combine(_files.FullName, "kms-operator-9.8.7.tgz"), "-C", folder.FullName])).EnsureSuccess();

        var files = folder.EnumerateFiles("*", SearchOption.AllDirectories).ToArray();
        Assert.Contains(files, file => file.Name == "README.md");
        Assert.All(files, file => Assert.DoesNotMatch(@"\b(OWNER|REPO|VERSION)\b", File.ReadAllText(file.FullName)));
    }

    [Fact]
    public async Task The_manifest_for_krew_names_the_archives_of_the_release_with_their_sums()
    {
        await MakeAsync();

        var manifest = await File.ReadAllTextAsync(Path.Combine(_files.FullName, "kms.yaml"), TestContext.Current.CancellationToken);
        Assert.DoesNotMatch(@"\b(OWNER|REPO|VERSION|0{64})\b|vVERSION", manifest);
        foreach (var platform in Platforms)
        {
            var sum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(platform)));
            Assert.Contains(
                $"uri: https://github.com/Owner/kms-operator/releases/download/v9.8.7/kubectl-kms-linux-{platform}.tar.gz\n      sha256: \"{sum}\"\n", manifest, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_executable_of_a_release_says_its_version()
    {
        var version = (await Command.RunAsync(
            "dotnet", ["msbuild", Path.Combine(Repository.Root, "src", "KmsOperator"), "-t:GetAssemblyVersion", "-p:Version=9.8.7", "-getProperty:InformationalVersion"])).EnsureSuccess();
        Assert.StartsWith("9.8.7", version.Trim(), StringComparison.Ordinal);
    }

    // Servers before 1.25 do not know the rules of the CRDs: kubectl drops them for those, with an apply that is not server-side and does not look.
    private async Task ApplyAsync(Cluster cluster) => (await cluster.KubectlAsync(
        ["apply", cluster.EvaluatesCel ? "--server-side" : "--validate=false", "-f", Path.Combine(_files.FullName, "install.yaml")], null)).EnsureSuccess();

    private async Task MakeAsync()
    {
        foreach (var platform in Platforms)
            await File.WriteAllTextAsync(Path.Combine(_files.FullName, $"kubectl-kms-linux-{platform}.tar.gz"), platform, TestContext.Current.CancellationToken);

        (await Command.RunAsync("/usr/bin/env",
        [
            $"ARTIFACTS={_files.FullName}", "VERSION=v9.8.7", "IMAGE=ghcr.io/Owner/kms-operator", $"DIGEST={Digest}", "SOURCE=https://github.com/Owner/kms-operator",
            "make", "-s", "-C", Repository.Root, "release-files",
        ])).EnsureSuccess();
    }

    private static async Task<Cluster> EmptyAsync()
    {
        try
        {
            return await LocalCluster.StartAsync();
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("REQUIRE_CLUSTER") != "1")
        {
            Assert.Skip($"There is no etcd and kube-apiserver: {e.Message}");
            throw;
        }
    }
}
