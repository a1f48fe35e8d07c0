using System.Text.RegularExpressions;
using KmsOperator.IntegrationTests.ControlPlane;

namespace KmsOperator.IntegrationTests.Scenarios;

/// <summary>The operator as a process of its own. <c>KMS_OPERATOR_BINARY</c> runs another build of it, for example the published one.</summary>
internal static partial class OperatorProcess
{
    // Its own output, not its copy beside the tests: that one lacks what the tests have from a larger shared framework.
    private static readonly string BuiltAs = Path.GetRelativePath(
        Path.Combine(Repository.Root, "tests", "KmsOperator.IntegrationTests", "bin"), AppContext.BaseDirectory);

    /// <summary>The operator as built with these tests, for <c>dotnet</c>.</summary>
    public static string Program { get; } = Path.Combine(Repository.Root, "src", "KmsOperator", "bin", BuiltAs, "kms-operator.dll");

    /// <summary>Starts <c>kms-operator run</c>.</summary>
    /// <param name="kubeconfig">Whose rights it has.</param>
    /// <param name="awsUrl">Its AWS.</param>
    /// <param name="flags">Flags of <c>run</c>.</param>
    public static ServerProcess Start(string kubeconfig, string awsUrl, params string[] flags) =>
        StartWith(kubeconfig, awsUrl, ["AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test"], ["--log-format", "text", .. flags]);

    /// <summary>Runs another verb to its end.</summary>
    /// <param name="kubeconfig">Whose rights it has.</param>
    /// <param name="awsUrl">Its AWS.</param>
    /// <param name="arguments">The verb and its flags.</param>
    /// <param name="input">For standard input.</param>
    public static Task<CommandResult> RunAsync(string kubeconfig, string awsUrl, string[] arguments, string? input) => Command.RunAsync(
        "/usr/bin/env", [.. Environment(kubeconfig, awsUrl), "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", .. Binary(), .. arguments], input);

    /// <summary>Runs another verb where there are neither AWS credentials nor a kubeconfig.</summary>
    /// <param name="arguments">The verb and its flags.</param>
    public static Task<CommandResult> RunWithNothingAsync(params string[] arguments) => Command.RunAsync(
        "/usr/bin/env", ["-i", $"PATH={System.Environment.GetEnvironmentVariable("PATH")}", "HOME=/nonexistent", "AWS_EC2_METADATA_DISABLED=true", .. Binary(), .. arguments], null);

    /// <summary>Starts <c>kms-operator run</c> without credentials but those that the environment gives.</summary>
    /// <param name="kubeconfig">Whose rights it has.</param>
    /// <param name="awsUrl">Its AWS.</param>
    /// <param name="environment">More variables, each <c>name=value</c>.</param>
    /// <param name="flags">Flags of <c>run</c>.</param>
    public static ServerProcess StartWith(string kubeconfig, string awsUrl, IReadOnlyList<string> environment, params string[] flags) =>
        new("/usr/bin/env", [.. Environment(kubeconfig, awsUrl), .. environment, .. Binary(), "run", .. flags]);

    private static string[] Environment(string kubeconfig, string awsUrl) =>
    [
        // The operators that run inside of the tests have their credentials in the tests' own environment.
        "-u", "AWS_ACCESS_KEY_ID", "-u", "AWS_SECRET_ACCESS_KEY", "-u", "AWS_SESSION_TOKEN",
        // It lives for seconds: not worth the profile that the runtime takes to compile it better.
        "DOTNET_TieredPGO=0",
        $"KUBECONFIG={kubeconfig}", $"AWS_ENDPOINT_URL={awsUrl}", "AWS_REGION=us-east-1",
    ];

    private static string[] Binary() => System.Environment.GetEnvironmentVariable("KMS_OPERATOR_BINARY") is { Length: > 0 } binary ? [binary] : ["dotnet", Program];

    /// <summary>Where the operator serves its metrics, once it does.</summary>
    public static async Task<Uri> MetricsUrlAsync(this ServerProcess process) => new(new Uri((await process.SaysAsync(Metrics())).Groups[1].Value), "metrics");

    /// <summary>Where the operator answers probes, once it does.</summary>
    public static async Task<Uri> HealthUrlAsync(this ServerProcess process) => new((await process.SaysAsync(Probes())).Groups[1].Value);

    [GeneratedRegex("""Serving /metrics on (https?://[^\s"]+)""")]
    private static partial Regex Metrics();

    [GeneratedRegex("""Serving /healthz and /readyz on (https?://[^\s"]+)""")]
    private static partial Regex Probes();
}
