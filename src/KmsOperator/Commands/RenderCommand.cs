using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Configuration;
using KmsOperator.Manifests;
using KmsOperator.Rendering;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator render</c>: what the operator would make of manifests, without any cluster or AWS.</summary>
internal static class RenderCommand
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var files = new Option<string[]>("--filename", "-f")
        {
            Description = "A file or directory of manifests (YAML or JSON); may be given several times.",
            Required = true,
            AllowMultipleArgumentsPerToken = false,
        };
        var account = new Option<string?>("--account") { Description = "Account of KeyClasses that name none (12 digits)." };
        account.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } id && (id.Length != 12 || !id.All(char.IsAsciiDigit)))
            {
                result.AddError($"--account: '{id}' is not an account id of 12 digits.");
            }
        });
        var output = new Option<string>("--output", "-o") { Description = "json or yaml.", DefaultValueFactory = _ => "json" };
        output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not ("json" or "yaml"))
            {
                result.AddError($"--output: '{result.GetValueOrDefault<string>()}' is neither json nor yaml.");
            }
        });

        var command = new Command("render", "Print the keys, aliases, tags and policies that manifests describe, without cluster or AWS.") { files, account, output };
        command.SetAction(result => Run(
            result.GetValue(files)!, result.GetValue(account), result.GetValue(output)!, result.InvocationConfiguration.Output, result.InvocationConfiguration.Error));
        return command;
    }

    /// <summary>Renders; on any error nothing is printed but the errors.</summary>
    internal static int Run(IReadOnlyList<string> paths, string? account, string format, TextWriter output, TextWriter errors)
    {
        var manifests = ManifestLoader.Load(paths);
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

        output.WriteLine(format == "yaml" ? JsonToYaml.Write(rendering.ToJson()) : Json(rendering.ToJson()));
        return ExitCodes.Success;
    }

    private static string Json(JsonNode node)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Indented))
        {
            node.WriteTo(json);
        }

        return System.Text.Encoding.UTF8.GetString(buffer.ToArray());
    }
}
