using System.CommandLine;
using KmsOperator.Commands.Output;
using KmsOperator.Configuration;
using KmsOperator.Manifests;
using KmsOperator.Rendering;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator render</c>: what the operator would make of manifests, without any cluster or AWS.</summary>
internal static class RenderCommand
{
    /// <summary>The command.</summary>
    /// <param name="input">What <c>-f -</c> reads.</param>
    public static Command Create(TextReader input)
    {
        var files = ManifestOptions.Filename();
        var account = ManifestOptions.Account();
        var output = ManifestOptions.Output("--output", "-o", "json", "yaml");

        var command = new Command("render", "Print the keys, aliases, tags and policies that manifests describe, without cluster or AWS.") { files, account, output };
        command.SetAction(result => Run(
            ManifestLoader.Load(result.GetValue(files)!, input), result.GetValue(account), result.GetValue(output)!, result.InvocationConfiguration.Output, result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Renders; on any error nothing is printed but the errors.</summary>
    private static int Run(ManifestSet manifests, string? account, string format, TextWriter output, TextWriter errors)
    {
        var rendering = ManifestRenderer.Render(manifests, account);
        ManifestError[] problems = [.. manifests.Errors, .. rendering.Errors];
        if (problems.Length > 0)
        {
            foreach (var problem in problems)
            {
                errors.WriteLine(problem);
            }

            return ExitCodes.InvalidInput;
        }

        if (manifests.Resources.Count == 0)
        {
            errors.WriteLine("There is no KeyClass, ServiceKey or KeyReplica in these manifests.");
        }

        output.WriteLine(format == "yaml" ? JsonToYaml.Write(rendering.ToJson()) : JsonOutput.Of(rendering.ToJson()));
        return ExitCodes.Success;
    }
}
