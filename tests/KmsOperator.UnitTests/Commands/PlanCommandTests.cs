using KmsOperator.Commands;
using Xunit;

namespace KmsOperator.UnitTests.Commands;

/// <summary>Bad input to <c>plan</c>: what is wrong, where, and the exit code. Nothing here gets as far as a cluster or AWS.</summary>
public sealed class PlanCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("plan-");

    public static TheoryData<string, string, string> BadFiles => new()
    {
        { "a: [", "keys.yaml:", "broken YAML" },
        { "apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKeys\nmetadata: {name: a}\nspec: {}\n", "keys.yaml:2: kind: ServiceKeys is not known", "an unknown kind" },
        { "apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {name: a}\nspec:\n  servise: s3\n", "keys.yaml:5: spec.servise", "an unknown field" },
        { "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "has no KeyClass, ServiceKey or KeyReplica", "nothing that the operator knows" },
        { "a: [\n  b\nc: d\n", "is not valid YAML", "a list that is not closed" },
        { "\u0000\u0001binary", "keys.yaml", "a binary file" },
        {
            "apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {name: a}\nspec: {service: s3}\n---\n"
            + "apiVersion: kms.servicekey.dev/v1alpha1\nkind: ServiceKey\nmetadata: {name: a, namespace: default}\nspec: {service: s3}\n",
            "keys.yaml:8: metadata.name: ServiceKey a stands in", "two of one name"
        },
    };

    [Theory]
    [MemberData(nameof(BadFiles))]
    public async Task A_bad_file_is_named_with_its_line_and_nothing_is_printed(string content, string message, string why)
    {
        var path = Path.Combine(_folder.FullName, "keys.yaml");
        await File.WriteAllTextAsync(path, content, TestContext.Current.CancellationToken);

        var (code, output, errors) = await RunAsync("plan", "-f", path, "--offline");

        Assert.True(code == 1 && output.Length == 0, why);
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_folder_says_what_it_lacks()
    {
        var (code, _, errors) = await RunAsync("plan", "-f", _folder.FullName, "--offline");

        Assert.Equal(1, code);
        Assert.Contains($"{_folder.FullName}: holds no manifests", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no such file or directory", 1, "-f", "/nowhere", "--offline")]
    [InlineData("--output: 'yaml' is not text, json or markdown.", 64, "-f", "x", "-o", "yaml")]
    [InlineData("--concurrency: '0' is not a number from 1 to 64.", 64, "-f", "x", "--concurrency", "0")]
    [InlineData("--namespace: 'A_B'", 64, "-f", "x", "-n", "A_B")]
    [InlineData("--cluster-id: 'a b' is not an id", 64, "-f", "x", "--cluster-id", "a b")]
    [InlineData("--offline: also give manifests (-f)", 64, "--offline")]
    [InlineData("--upgrade-from: leave out -f", 64, "-f", "x", "--upgrade-from", "1.2.3")]
    [InlineData("There is no kubeconfig", 1)]
    public async Task A_bad_value_is_answered_with_what_to_do(string message, int expected, params string[] arguments)
    {
        var (code, output, errors) = await RunAsync(["plan", .. arguments]);

        Assert.Equal((expected, ""), (code, output));
        Assert.Contains(message, errors, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await CommandLine.RunAsync(arguments, _ => null, output, errors);
        return (code, output.ToString(), errors.ToString());
    }
}
