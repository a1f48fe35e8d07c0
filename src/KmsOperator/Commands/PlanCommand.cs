using System.CommandLine;
using System.Globalization;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Kubernetes;
using KmsOperator.Manifests;
using KmsOperator.Plans;
using KmsOperator.Plans.Output;
using KmsOperator.Schemas;
using KmsOperator.Terminal;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator plan</c>: what the operator would do. It only reads.</summary>
internal static class PlanCommand
{
    private const string Explanation =
        """
        Show what the operator would do in AWS for manifests, before they are applied. Nothing is written.
        Exit code 0: nothing to do. 2: there are changes. 1: an error, or a resource that the operator refuses. 64: a flag is wrong.
        """;

    /// <summary>The command.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="input">Standard input.</param>
    public static Command Create(Func<string, string?> environment, TextReader input)
    {
        var files = new Option<string[]>("--filename", "-f")
        {
            Description = "A file or directory of manifests (YAML or JSON), or - for standard input; may be given several times. Without it: all resources of the cluster.",
            AllowMultipleArgumentsPerToken = false,
        };
        var target = new ClusterFlags(environment);
        var clusterId = new OperatorFlags(environment).ClusterId;
        var upgradeFrom = new Option<string?>("--upgrade-from") { Description = "The version of the operator that runs now, for the heading. All resources of the cluster are planned, so it goes without -f." };
        var concurrency = new Option<int>("--concurrency") { Description = "Resources looked at at the same time (1 to 64).", DefaultValueFactory = _ => 8 };
        concurrency.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !(int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= 64))
            {
                result.AddError($"--concurrency: '{token.Value}' is not a number from 1 to 64.");
            }
        });
        var output = ManifestOptions.Output("--output", "-o", "text", "json", "markdown");
        var command = new Command("plan", Explanation) { files, target.Context, target.Namespace, target.Offline, clusterId, upgradeFrom, concurrency, output };
        command.Validators.Add(result =>
        {
            var given = result.GetValue(files) is { Length: > 0 };
            if (!given && result.GetValue(target.Offline))
            {
                result.AddError("--offline: also give manifests (-f): without a cluster there is nothing else to plan.");
            }

            if (given && result.GetValue(upgradeFrom) is not null)
            {
                result.AddError("--upgrade-from: leave out -f: before an upgrade, all resources of the cluster are planned.");
            }
        });
        command.SetAction((result, cancellationToken) => ConnectAndRunAsync(
            new Request(result.GetValue(files) ?? [], result.GetValue(clusterId), result.GetValue(upgradeFrom), result.GetValue(output)!, result.GetValue(concurrency), result.GetValue(target.Namespace)!),
            () => target.Connect(result, TimeProvider.System),
            environment,
            input,
            result.InvocationConfiguration.Output,
            result.InvocationConfiguration.Error,
            cancellationToken));
        return command;
    }

    /// <summary>Plans and prints.</summary>
    /// <param name="run">Makes plans.</param>
    /// <param name="input">What of.</param>
    /// <param name="format"><c>text</c>, <c>json</c> or <c>markdown</c>.</param>
    /// <param name="colours">Colours of the text.</param>
    /// <param name="output">Where the plan goes.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>0 when there is nothing to do; 2 when there are changes; 1 when a resource is refused or could not be looked at.</returns>
    internal static async Task<int> RunAsync(PlanRun run, PlanInput input, string format, Colours colours, TextWriter output, CancellationToken cancellationToken)
    {
        var report = await run.RunAsync(input, cancellationToken);
        await output.WriteAsync(format switch
        {
            "json" => JsonPlan.Write(report, OperatorHost.Version),
            "markdown" => MarkdownPlan.Write(report),
            _ => new TextPlan(colours).Write(report),
        });
        return report.HasErrors ? ExitCodes.Failure : report.HasChanges ? ExitCodes.Found : ExitCodes.Success;
    }

    private static async Task<int> ConnectAndRunAsync(
        Request request, Func<KubernetesApi?> connect, Func<string, string?> environment, TextReader input, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        ManifestSet? manifests = null;
        if (request.Paths.Length > 0)
        {
            manifests = ManifestLoader.Load(request.Paths, input);
            ManifestError[] problems =
            [
                .. ManifestProblems.Find(manifests, request.Paths, request.Namespace),
                .. manifests.Resources.SelectMany(manifest => ManifestCheck.FindBrokenRules(manifest).Select(error => manifest.Error(error.Field, error.Message))),
            ];
            if (problems.Length > 0)
            {
                foreach (var problem in problems)
                {
                    await errors.WriteLineAsync(problem.ToString());
                }

                return ExitCodes.Failure;
            }
        }

        var time = TimeProvider.System;
        try
        {
            WebIdentity.Register();
            using var api = connect();
            if (api is null && manifests is null)
            {
                await errors.WriteLineAsync("There is no kubeconfig, so there is no cluster to plan: set KUBECONFIG, or give manifests with -f.");
                return ExitCodes.Failure;
            }

            var clusterId = request.ClusterId ?? (api is null ? null : await OperatorHost.FindClusterIdAsync(api, cancellationToken));
            var run = new PlanRun(
                wrap => new AwsClients(
                    RoleSessionName.ForCluster(clusterId ?? "plan"), new RequestRateLimiter(RequestRateLimiter.DefaultShare, time), wrapTransport: wrap, time: time),
                time);
            var planned = new PlanInput
            {
                Manifests = manifests,
                Cluster = api,
                ClusterId = clusterId,
                Namespace = request.Namespace,
                Concurrency = request.Concurrency,
                Progress = ProgressLine.For(errors),
            };
            if (request.UpgradeFrom is { } from && request.Format == "text")
            {
                await output.WriteLineAsync($"Upgrade from {from} to {OperatorHost.Version}: what this version would do that {from} has not done.");
                await output.WriteLineAsync();
            }

            return await RunAsync(run, planned, request.Format, Colours.For(output, environment), output, cancellationToken);
        }
        catch (StartFailedException e)
        {
            await errors.WriteLineAsync(e.Message);
            return ExitCodes.Failure;
        }
        catch (Exception e) when (ClusterAccess.Describe(e) is not null)
        {
            await errors.WriteLineAsync(ClusterAccess.Describe(e));
            return ExitCodes.Failure;
        }
    }

    private sealed record Request(string[] Paths, string? ClusterId, string? UpgradeFrom, string Format, int Concurrency, string Namespace);
}
