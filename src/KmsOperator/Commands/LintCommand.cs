using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using KmsOperator.Commands.Output;
using KmsOperator.Configuration;
using KmsOperator.Linting;
using KmsOperator.Manifests;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator lint</c>: what is wrong with manifests and with the policies that they come to, without cluster or AWS.</summary>
internal static class LintCommand
{
    /// <summary>The command.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    /// <param name="input">What <c>-f -</c> reads.</param>
    public static Command Create(Func<string, string?> environment, TextReader input)
    {
        var files = ManifestOptions.Filename();
        var account = ManifestOptions.Account();
        var format = ManifestOptions.Output("--format", null, "text", "json", "sarif", "github");
        var command = new Command(
            "lint", "Find what is wrong with manifests and their key policies, without cluster or AWS. Exit code 2 if there is an error among the findings, 1 if something cannot be read.")
        {
            files, format, account,
        };
        command.SetAction(result =>
        {
            var paths = result.GetValue(files)!;
            var report = ManifestLinter.Lint(ManifestLoader.Load(paths, input), paths, result.GetValue(account));
            Write(report, result.GetValue(format)!, environment, result.InvocationConfiguration.Output);
            foreach (var error in report.Unreadable)
            {
                result.InvocationConfiguration.Error.WriteLine(error);
            }

            return report.Unreadable.Count > 0 ? ExitCodes.Failure : report.Count(LintSeverity.Error) > 0 ? ExitCodes.Found : ExitCodes.Success;
        });
        return command;
    }

    private static void Write(LintReport report, string format, Func<string, string?> environment, TextWriter output)
    {
        switch (format)
        {
            case "json":
                output.WriteLine(JsonOutput.Of(new JsonArray([.. report.Findings.Select(Json)])));
                break;
            case "sarif":
                output.WriteLine(JsonOutput.Of(SarifReport.Of(report, typeof(LintCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0")));
                break;
            case "github":
                foreach (var finding in report.Findings)
                {
                    output.WriteLine(GithubAnnotations.Of(finding));
                }

                break;
            default:
                WriteText(report, HumanOutput.To(output, environment));
                break;
        }
    }

    private static void WriteText(LintReport report, HumanOutput text)
    {
        foreach (var finding in report.Findings)
        {
            text.Part($"{finding.File}{(finding.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $":{finding.Line}") : "")}: ", Tone.Plain);
            text.Part($"{finding.Rule.Level} {finding.Rule.Id} {finding.Rule.Name}", finding.Rule.Severity switch { LintSeverity.Error => Tone.Bad, LintSeverity.Warning => Tone.Doubtful, _ => Tone.Strong });
            text.Line($": {(finding.Field is null ? "" : $"{finding.Field}: ")}{finding.Message}");
        }

        foreach (var rule in report.Findings.Select(finding => finding.Rule).Distinct().OrderBy(rule => rule.Id, StringComparer.Ordinal))
        {
            text.Line($"  {rule.Id}: {rule.Explanation} {rule.Link}");
        }

        if (report is { Resources: 0, Findings.Count: 0, Unreadable.Count: > 0 })
        {
            return;
        }

        var suppressed = report.Suppressed > 0 ? string.Create(CultureInfo.InvariantCulture, $"; {report.Suppressed} suppressed") : "";
        text.Line($"{Count(report.Resources, "resource")}: {Count(report.Count(LintSeverity.Error), "error")}, {Count(report.Count(LintSeverity.Warning), "warning")}, {Count(report.Count(LintSeverity.Note), "note")}{suppressed}");
    }

    private static string Count(int number, string word) => string.Create(CultureInfo.InvariantCulture, $"{number} {word}{(number == 1 ? "" : "s")}");

    private static JsonObject Json(Finding finding) => new()
    {
        ["ruleId"] = finding.Rule.Id,
        ["rule"] = finding.Rule.Name,
        ["severity"] = finding.Rule.Level,
        ["file"] = finding.File,
        ["line"] = finding.Line,
        ["field"] = finding.Field,
        ["resource"] = finding.Resource,
        ["message"] = finding.Message,
        ["explanation"] = finding.Rule.Explanation,
        ["link"] = finding.Rule.Link,
    };
}
