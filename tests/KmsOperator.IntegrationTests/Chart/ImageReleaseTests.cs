using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>
/// The make targets that a release calls, with programs in docker's, helm's and cosign's place that write down how they were called: what needs a registry is not to
/// be had here, what is asked of it is.
/// </summary>
public sealed class ImageReleaseTests : IDisposable
{
    private const string Image = "ghcr.io/owner/kms-operator";
    private readonly DirectoryInfo _files = Directory.CreateTempSubdirectory("kms-operator-release-");

    public void Dispose() => _files.Delete(recursive: true);

    [Fact]
    public async Task A_release_is_built_from_digests_attested_and_pushed_by_digest()
    {
        (await MakeAsync("image-release", Digest('a'))).EnsureSuccess();

        var build = (await CallsAsync()).Single(call => call.StartsWith("docker buildx build ", StringComparison.Ordinal));
        Assert.Contains($"--build-arg SDK=mcr.microsoft.com/dotnet/sdk:10.0-noble-aot@{Digest('a')} ", build, StringComparison.Ordinal);
        Assert.Contains($"--build-arg BASE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled@{Digest('a')} ", build, StringComparison.Ordinal);
        Assert.Contains("--build-arg VERSION=1.2.3 ", build, StringComparison.Ordinal);
        Assert.Contains("--sbom=true --provenance=mode=max --metadata-file ", build, StringComparison.Ordinal);
        Assert.Contains($"name={Image},push-by-digest=true,", build, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_executable_of_the_pushed_image_is_packed_as_a_plugin_of_kubectl_with_the_license()
    {
        (await MakeAsync("image-release", Digest('a'))).EnsureSuccess();

        Assert.Contains(await CallsAsync(), call => call == $"docker create {Image}@{Digest('5')}");
        var archive = Directory.GetFiles(_files.FullName, "kubectl-kms-linux-*.tar.gz").Single();
        Assert.Equal("executable of the image\n", (await Command.RunAsync("tar", ["-xOzf", archive, "kms-operator"])).EnsureSuccess());
        Assert.Contains("Apache License", (await Command.RunAsync("tar", ["-xOzf", archive, "LICENSE"])).EnsureSuccess(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_digest_of_a_base_image_nothing_is_built()
    {
        var made = await MakeAsync("image-release", "");

        Assert.NotEqual(0, made.ExitCode);
        Assert.Contains("nothing is built from a tag alone", made.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(await CallsAsync(), call => call.Contains(" build ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Both_platforms_are_joined_by_digest_and_the_whole_is_signed_with_them()
    {
        foreach (var (platform, digit) in (ReadOnlySpan<(string, char)>)[("amd64", '1'), ("arm64", '2')])
        {
            File.WriteAllText(Path.Combine(_files.FullName, $"image-{platform}.json"), $$"""
                {
                  "buildx.build.ref": "x",
                  "containerimage.digest": "{{Digest(digit)}}"
                }
                """);
        }

        (await MakeAsync("image-manifest", Digest('3'))).EnsureSuccess();
        (await MakeAsync("sign", Digest('3'), $"DIGEST={Digest('3')}")).EnsureSuccess();

        var calls = await CallsAsync();
        Assert.Contains($"docker buildx imagetools create --tag {Image}:1.2.3 {Image}@{Digest('1')} {Image}@{Digest('2')}", calls);
        Assert.Contains($"cosign sign --yes --recursive {Image}@{Digest('3')}", calls);
        Assert.Equal(Digest('3'), (await File.ReadAllTextAsync(Path.Combine(_files.FullName, "image-digest"), TestContext.Current.CancellationToken)).Trim());
    }

    [Fact]
    public async Task One_platform_alone_is_no_release()
    {
        await File.WriteAllTextAsync(Path.Combine(_files.FullName, "image-amd64.json"), $"{{\"containerimage.digest\": \"{Digest('1')}\"}}", TestContext.Current.CancellationToken);
        var made = await MakeAsync("image-manifest", Digest('3'));
        Assert.NotEqual(0, made.ExitCode);
        Assert.Contains("image-arm64.json", made.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(await CallsAsync(), call => call.Contains(" create ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_chart_is_pushed_and_signed_by_the_digest_that_helm_says()
    {
        await File.WriteAllTextAsync(Path.Combine(_files.FullName, "kms-operator-1.2.3.tgz"), "", TestContext.Current.CancellationToken);
        (await MakeAsync("chart-push", Digest('4'), "REGISTRY=ghcr.io/Owner/charts", $"HELM={Path.Combine(_files.FullName, "helm")}")).EnsureSuccess();
        var calls = await CallsAsync();
        Assert.Contains($"helm push {_files.FullName}/kms-operator-1.2.3.tgz oci://ghcr.io/owner/charts", calls);
        Assert.Contains($"cosign sign --yes ghcr.io/owner/charts/kms-operator@{Digest('4')}", calls);
    }

    [Fact]
    public async Task A_helm_that_cannot_push_is_named_before_anything_is_pushed()
    {
        await File.WriteAllTextAsync(Path.Combine(_files.FullName, "kms-operator-1.2.3.tgz"), "", TestContext.Current.CancellationToken);
        var helm = Path.Combine(_files.FullName, "helm");
        var made = await MakeAsync("chart-push", Digest('4'), "REGISTRY=ghcr.io/owner/charts", $"HELM={helm}", "HELM_SAYS=v3.6.2");
        Assert.NotEqual(0, made.ExitCode);
        Assert.Contains($"{helm} is v3.6.2; pushing a chart needs helm 3.8 or later", made.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(await CallsAsync(), call => call.StartsWith("helm push ", StringComparison.Ordinal) || call.StartsWith("cosign ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("VERSION=latest", "VERSION")]
    [InlineData("VERSION=1.2.3;id", "VERSION")]
    [InlineData("IMAGE=kms-operator", "IMAGE")]
    [InlineData("IMAGE=ghcr.io/owner/repo:tag", "IMAGE")]
    public async Task A_value_that_names_no_release_is_refused(string value, string named)
    {
        var made = await MakeAsync("image-release", Digest('a'), value);
        Assert.NotEqual(0, made.ExitCode);
        Assert.Contains(named + ":", made.Error, StringComparison.Ordinal);
        Assert.Empty(await CallsAsync());
    }

    private static string Digest(char digit) => "sha256:" + new string(digit, 64);

    /// <param name="target">What to make.</param>
    /// <param name="digest">What the registry says that every image is.</param>
    /// <param name="more">Variables besides, in place of those of version 1.2.3.</param>
    private async Task<CommandResult> MakeAsync(string target, string digest, params string[] more)
    {
        foreach (var program in (string[])["docker", "helm", "cosign"])
        {
            var path = Path.Combine(_files.FullName, program);
            await File.WriteAllTextAsync(path, $$"""
                #!/usr/bin/env bash
                echo "{{program}} $*" >>"{{_files.FullName}}/calls"
                case "{{program}} $*" in
                    *" imagetools inspect "*) echo "{{digest}}" ;;
                    *" buildx build "*) while [[ $# -gt 0 ]]; do [[ $1 != --metadata-file ]] || echo '{"containerimage.digest": "{{Digest('5')}}"}' >"$2"; shift; done ;;
                    "docker create "*) echo "container" ;;
                    "docker cp "*) echo "executable of the image" >"$3" ;;
                    "helm version "*) echo "${HELM_SAYS:-v3.19.0}" ;;
                    "helm push "*) echo "Pushed: somewhere"; echo "Digest: {{digest}}" ;;
                esac
                """);
            (await Command.RunAsync("chmod", ["+x", path])).EnsureSuccess();
        }

        return await Command.RunAsync("/usr/bin/env",
        [
            $"PATH={_files.FullName}:{Environment.GetEnvironmentVariable("PATH")}", $"ARTIFACTS={_files.FullName}",
            "VERSION=v1.2.3", "IMAGE=ghcr.io/Owner/kms-operator", .. more, "make", "-s", "-C", Repository.Root, target,
        ]);
    }

    private async Task<string[]> CallsAsync()
    {
        var calls = Path.Combine(_files.FullName, "calls");
        return File.Exists(calls) ? await File.ReadAllLinesAsync(calls, TestContext.Current.CancellationToken) : [];
    }
}
