using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.CrdCases;

/// <summary>
/// The samples of <c>tests/crd-cases</c> against a real server. What only a CEL rule refuses, a server before 1.25 accepts; everything
/// else holds on every server. The unit tests hold the same samples against the operator's own check.
/// </summary>
[Trait(Servers.Trait, Servers.Old)]
public sealed partial class CrdCaseTests(ControlPlaneFixture controlPlane, CrdServer server) : IClassFixture<CrdServer>
{
    private static readonly string Directory = Path.Combine(Repository.Root, "tests", "crd-cases");

    public static TheoryData<string> Accepted => Paths("accept");

    public static TheoryData<string> Rejected => Paths("reject");

    [Theory, MemberData(nameof(Accepted))]
    public async Task The_server_accepts(string path)
    {
        var answer = await SubmitAsync(await File.ReadAllTextAsync(Path.Combine(Directory, path), TestContext.Current.CancellationToken));

        Assert.True(answer.ExitCode == 0, answer.Error);
    }

    [Theory, MemberData(nameof(Rejected))]
    public async Task The_server_rejects_and_says_why(string path)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Directory, path), TestContext.Current.CancellationToken);
        var expected = Expectation().Match(text).Groups[1].Value;
        Assert.NotEmpty(expected);

        var answer = await SubmitAsync(text);

        // What only a rule refuses. Some such texts are also those of a schema, which every server holds.
        if (answer.ExitCode == 0 && !controlPlane.Cluster.EvaluatesCel && IsMessageOfCelRule(expected)) return;

        Assert.True(answer.ExitCode != 0, "The server accepted it.");
        Assert.Contains(expected, answer.Error, StringComparison.Ordinal);
    }

    /// <summary>Creates the resource without keeping it; of two documents, creates the first with its status and updates it to the second.</summary>
    private async Task<CommandResult> SubmitAsync(string text)
    {
        var cluster = controlPlane.Cluster;
        var home = await server.NamespaceAsync(cluster);
        var documents = text.Replace("namespace: default", $"namespace: {home}", StringComparison.Ordinal).Split("\n---\n");
        // Unchecked by kubectl: the server's own answer counts.
        if (documents is not [var before, var after])
            return await cluster.KubectlAsync(["create", "--dry-run=server", "--validate=false", "-f", "-"], documents[0]);

        (await cluster.KubectlAsync(["create", "--validate=false", "-f", "-"], before)).EnsureSuccess();
        try
        {
            if (before.Contains("\nstatus:", StringComparison.Ordinal)) await WriteStatusAsync(cluster, home, before);
            return await cluster.KubectlAsync(["replace", "--dry-run=server", "--validate=false", "-f", "-"], after);
        }
        finally
        {
            await cluster.KubectlAsync(["delete", "--wait=false", "-f", "-"], before);
        }
    }

    private static async Task WriteStatusAsync(Cluster cluster, string home, string manifest)
    {
        var plural = manifest.Contains("kind: ServiceKey", StringComparison.Ordinal) ? "servicekeys" : "keyreplicas";
        var path = $"/apis/kms.servicekey.dev/v1alpha1/namespaces/{home}/{plural}/sample";
        // kubectl sends what it gets as JSON, so the stored object is fetched and the sample's status put into it.
        var stored = JsonNode.Parse((await cluster.KubectlAsync("get", "--raw", path)).EnsureSuccess())!;
        var status = (await cluster.KubectlAsync(["create", "--dry-run=client", "--validate=false", "-o", "json", "-f", "-"], manifest)).EnsureSuccess();
        stored["status"] = JsonNode.Parse(status)!["status"]!.DeepClone();
        (await cluster.KubectlAsync(["replace", "--raw", $"{path}/status", "-f", "-"], stored.ToJsonString())).EnsureSuccess();
    }

    private static bool IsMessageOfCelRule(string part) =>
        System.IO.Directory.EnumerateFiles(Path.Combine(Repository.Root, "config", "crds"), "*.yaml")
            .SelectMany(File.ReadLines)
            .Any(line => line.TrimStart().StartsWith("message: ", StringComparison.Ordinal) && line.Contains(part, StringComparison.Ordinal));

    private static TheoryData<string> Paths(string group) =>
    [
        .. System.IO.Directory.EnumerateFiles(Directory, "*.yaml", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Directory, file).Replace('\\', '/'))
            .Where(path => path.Split('/')[1] == group)
            .Order(StringComparer.Ordinal),
    ];

    [GeneratedRegex("^# expect: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Expectation();
}
