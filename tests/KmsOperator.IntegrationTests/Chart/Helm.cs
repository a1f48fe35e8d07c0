using KmsOperator.IntegrationTests.ControlPlane;
using Xunit;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>The real Helm, as <c>hack/helm.sh</c> finds it, on the repository's chart.</summary>
internal static class Helm
{
    /// <summary>Directory of the chart.</summary>
    public static string Chart { get; } = Path.Combine(Repository.Root, "charts", "kms-operator");

    /// <summary>Runs helm; skips the test where there is none, or fails it in CI.</summary>
    public static async Task<CommandResult> RunAsync(params string[] arguments)
    {
        var found = await Command.RunAsync(Path.Combine(Repository.Root, "hack", "helm.sh"), []);
        if (found.ExitCode != 0)
        {
            if (Environment.GetEnvironmentVariable("CI") == "true")
            {
                Assert.Fail(found.Error);
            }

            Assert.Skip(found.Error);
        }

        return await Command.RunAsync(found.Output.Trim(), arguments);
    }

    /// <summary>What the chart makes, as YAML.</summary>
    /// <param name="arguments">For example <c>--set</c>, <c>a=b</c>.</param>
    public static async Task<string> TemplateAsync(params string[] arguments) =>
        (await RunAsync(["template", "kms-operator", Chart, "--namespace", "kms-operator-system", .. arguments])).EnsureSuccess();
}
