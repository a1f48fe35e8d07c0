using System.CommandLine;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Kubernetes;
using KmsOperator.Manifests;
using KmsOperator.Rendering;
using KmsOperator.Reports;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator report</c>: keys, owners, access, last use and cost. It only reads.</summary>
internal static class ReportCommand
{
    private const string Explanation =
        """
        List the keys of a cluster, or those that manifests would become: owner, account, Region, rotation, last use, who has access, cost a month, orphans.
        Nothing is changed. Exit code 1 when something could not be read.
        """;

    /// <summary>The command.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="input">Standard input.</param>
    public static Command Create(Func<string, string?> environment, TextReader input)
    {
        var files = new Option<string[]>("--filename", "-f")
        {
            Description = "A file or directory of manifests, or - for standard input; then neither a cluster nor AWS is asked. Without it: the cluster.",
            AllowMultipleArgumentsPerToken = false,
        };
        var account = ManifestOptions.Account(description: "With -f: account of KeyClasses that name none (12 digits).");
        var target = new ClusterFlags(environment);
        var clusterId = new OperatorFlags(environment).ClusterId;
        var output = ManifestOptions.Output("--output", "-o", "csv", "json", "html");
        var command = new Command("report", Explanation) { files, account, target.Context, clusterId, output };
        command.SetAction((result, cancellationToken) =>
        {
            var (writer, errors) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            return result.GetValue(files) is { Length: > 0 } paths
                ? ReportManifestsAsync(paths, input, result.GetValue(account), result.GetValue(output)!, writer, errors)
                : ReportClusterAsync(() => target.Connect(result, TimeProvider.System), result.GetValue(clusterId), result.GetValue(output)!, writer, errors, cancellationToken);
        });
        return command;
    }

    /// <summary>Prints a report.</summary>
    /// <returns>0; 1 when something could not be read.</returns>
    internal static async Task<int> PrintAsync(KeyReport report, string format, TextWriter output, TextWriter errors)
    {
        await output.WriteAsync(format switch
        {
            "json" => JsonReport.Write(report),
            "html" => HtmlReport.Write(report),
            _ => CsvReport.Write(report),
        });
        foreach (var error in report.Errors)
        {
            await errors.WriteLineAsync(error);
        }

        return report.Errors.Count > 0 ? ExitCodes.Failure : ExitCodes.Success;
    }

    private static async Task<int> ReportManifestsAsync(string[] paths, TextReader input, string? account, string format, TextWriter output, TextWriter errors)
    {
        var manifests = ManifestLoader.Load(paths, input);
        var rendering = ManifestRenderer.Render(manifests, account);
        ManifestError[] problems = [.. ManifestProblems.Find(manifests, paths, "default"), .. rendering.Errors];
        foreach (var problem in problems.Distinct())
        {
            await errors.WriteLineAsync(problem.ToString());
        }

        return problems.Length > 0 ? ExitCodes.Failure : await PrintAsync(ManifestReport.Of(manifests, rendering.Keys, TimeProvider.System.GetUtcNow()), format, output, errors);
    }

    private static async Task<int> ReportClusterAsync(
        Func<KubernetesApi?> connect, string? clusterId, string format, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        return await ClusterAccess.UseAsync(connect, errors, async api =>
        {
            clusterId ??= await OperatorHost.FindClusterIdAsync(api, cancellationToken);
            using var clients = new AwsClients(RoleSessionName.ForCluster(clusterId), new RequestRateLimiter(RequestRateLimiter.DefaultShare, time), time: time);
            var report = new ClusterReport(api, new RegionalClientFactory(clients, time, TimeSpan.Zero), time);
            return await PrintAsync(await report.RunAsync(clusterId, cancellationToken), format, output, errors);
        });
    }
}
