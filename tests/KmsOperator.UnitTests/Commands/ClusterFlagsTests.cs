using KmsOperator.Commands;
using Xunit;

namespace KmsOperator.UnitTests.Commands;

/// <summary>What verbs say of a cluster that they cannot reach: what is wrong, where, and what to do.</summary>
public sealed class ClusterFlagsTests : IDisposable
{
    private static readonly string[][] Verbs = [["plan"], ["report"], ["orphans"], ["status"], ["tree"], ["rotate", "x"], ["reconcile", "x"], ["suspend", "x"], ["resume", "x"]];

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory();

    // content of the kubeconfig, --context, what is said, why
    public static TheoryData<string?, string?, string, string> Mistakes => new()
    {
        { null, null, "{home}/config", "no such file: its name" },
        { "junk: [", null, "in {home}/config", "no YAML: which file" },
        { "hello", null, "in {home}/config: it is no kubeconfig.", "YAML of something else" },
        { Kubeconfig("here"), "there", "there is no context there; there is here. --context names", "no such context: those that there are" },
        { "apiVersion: v1\nkind: Config\n", "there", "there is no context there; there is none.", "no contexts at all" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Every_verb_says_what_is_wrong_with_a_kubeconfig(string? content, string? context, string message, string why)
    {
        var path = Path.Combine(_home.FullName, "config");
        if (content is not null)
        {
            await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);
        }

        foreach (var verb in Verbs)
        {
            var (code, output, errors) = await RunAsync(path, [.. verb, .. context is null ? [] : (string[])["--context", context]]);

            Assert.Equal((1, ""), (code, output));
            Assert.True(errors.Contains(message.Replace("{home}", _home.FullName, StringComparison.Ordinal), StringComparison.Ordinal), $"{why}: {errors}");
            Assert.Single(errors.TrimEnd('\n').Split('\n'));
        }
    }

    [Fact]
    public async Task Several_kubeconfigs_are_one_also_with_a_context()
    {
        var (first, second) = (Path.Combine(_home.FullName, "first"), Path.Combine(_home.FullName, "second"));
        await File.WriteAllTextAsync(first, Kubeconfig("here"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(second, Kubeconfig("there"), TestContext.Current.CancellationToken);

        var (_, _, errors) = await RunAsync($"{first}{Path.PathSeparator}{Path.Combine(_home.FullName, "absent")}{Path.PathSeparator}{second}", ["status", "--context", "nowhere"]);

        Assert.Contains("there is here, there.", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_is_named_with_what_to_do()
    {
        var path = Path.Combine(_home.FullName, "config");
        await File.WriteAllTextAsync(path, Kubeconfig("here"), TestContext.Current.CancellationToken);

        foreach (var (verb, advice) in new[] { ("status", "--context names another cluster of the kubeconfig"), ("plan", "KUBECONFIG, or --context of a verb, names another one") })
        {
            var (code, _, errors) = await RunAsync(path, [verb]);

            Assert.Equal(1, code);
            Assert.StartsWith("The API server cannot be reached: ", errors, StringComparison.Ordinal);
            Assert.Contains("127.0.0.1:1", errors, StringComparison.Ordinal);
            Assert.EndsWith($"Is it running? {advice}.\n", errors, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _home.Delete(recursive: true);

    /// <summary>A kubeconfig with one context, whose server does not exist.</summary>
    private static string Kubeconfig(string context) =>
        $$"""
        apiVersion: v1
        kind: Config
        current-context: {{context}}
        clusters: [{name: {{context}}, cluster: {server: "http://127.0.0.1:1"} } ]
        users: [{name: {{context}}, user: {token: x} }]
        contexts: [{name: {{context}}, context: {cluster: {{context}}, user: {{context}} } }]
        """;

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string kubeconfig, string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await CommandLine.RunAsync(arguments, name => name == "KUBECONFIG" ? kubeconfig : null, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
