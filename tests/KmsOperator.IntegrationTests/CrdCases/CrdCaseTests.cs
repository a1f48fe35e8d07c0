using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.IntegrationTests.ControlPlane;
using KmsOperator.Testing.ApiServer;
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

        Assert.True(answer.IsSuccess, answer.Error);
    }

    [Theory, MemberData(nameof(Rejected))]
    public async Task The_server_rejects_and_says_why(string path)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Directory, path), TestContext.Current.CancellationToken);
        var expected = Expectation().Match(text).Groups[1].Value;
        Assert.NotEmpty(expected);

        var answer = await SubmitAsync(text);

        // What only a rule refuses. Some such texts are also those of a schema, which every server holds.
        if (answer.IsSuccess && !controlPlane.Cluster.EvaluatesCel && IsMessageOfCelRule(expected)) return;

        Assert.False(answer.IsSuccess, "The server accepted it.");
        Assert.Contains(expected, answer.Error, StringComparison.Ordinal);
    }

    /// <summary>Creates the resource without keeping it; of two documents, creates the first with its status and updates it to the second.</summary>
    private async Task<ServerAnswer> SubmitAsync(string text)
    {
        var client = controlPlane.Cluster.Client;
        var home = await server.NamespaceAsync(controlPlane.Cluster);
        var documents = YamlManifests.Read(text.Replace("namespace: default", $"namespace: {home}", StringComparison.Ordinal));
        var collection = (await client.KindOfAsync(documents[0])).CollectionPath(home);
        // As with kubectl's --validate=false: the schema counts, not what is unknown to it.
        if (documents is not [var before, var after])
            return await client.SendAsync(HttpMethod.Post, $"{collection}?dryRun=All&fieldValidation=Ignore", documents[0].ToJsonString());

        var stored = (await client.SendAsync(HttpMethod.Post, $"{collection}?fieldValidation=Ignore", before.ToJsonString())).EnsureSuccess();
        var path = $"{collection}/{stored["metadata"]!["name"]}";
        try
        {
            if (before["status"] is { } status)
            {
                var patch = new JsonObject { ["status"] = status.DeepClone() };
                (await client.SendAsync(HttpMethod.Patch, $"{path}/status", patch.ToJsonString(), "application/merge-patch+json")).EnsureSuccess();
            }

            return await UpdateAsync(client, path, after);
        }
        finally
        {
            (await client.SendAsync(HttpMethod.Delete, path)).EnsureSuccess();
        }
    }

    /// <summary>Updates an object without keeping the update. An operator that other tests run may write the object's status meanwhile.</summary>
    private static async Task<ServerAnswer> UpdateAsync(ClusterClient client, string path, JsonObject after)
    {
        for (var attempt = 1; ; attempt++)
        {
            var current = (await client.SendAsync(HttpMethod.Get, path)).EnsureSuccess();
            after["metadata"]!["resourceVersion"] = current["metadata"]!["resourceVersion"]!.DeepClone();
            var answer = await client.SendAsync(HttpMethod.Put, $"{path}?dryRun=All&fieldValidation=Ignore", after.ToJsonString());
            if (answer.Status != HttpStatusCode.Conflict || attempt == 10)
            {
                return answer;
            }
        }
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
