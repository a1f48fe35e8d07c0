using System.Text.Json.Nodes;
using KmsOperator.Manifests;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Linting;

/// <summary>Findings as SARIF, which code scanning reads.</summary>
/// <remarks>Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".</remarks>
internal static class SarifReport
{
    /// <summary>The log of one run.</summary>
    /// <param name="report">What linting came to.</param>
    /// <param name="version">The program's version.</param>
    public static JsonObject Of(LintReport report, string version)
    {
        var rules = ManifestRules.All;
        return new JsonObject
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject { ["name"] = "kms-operator lint", ["version"] = version, ["rules"] = new JsonArray([.. rules.Select(RuleOf)]) },
                },
                ["columnKind"] = "utf16CodeUnits",
                ["invocations"] = new JsonArray(new JsonObject
                {
                    ["executionSuccessful"] = report.Unreadable.Count == 0,
                    ["toolExecutionNotifications"] = new JsonArray([.. report.Unreadable.Select(NotificationOf)]),
                }),
                ["results"] = new JsonArray([.. report.Findings.Select(finding => ResultOf(finding, rules))]),
            }),
        };
    }

    private static JsonObject RuleOf(LintRule rule) => new()
    {
        ["id"] = rule.Id,
        ["name"] = string.Concat(rule.Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..])),
        ["shortDescription"] = new JsonObject { ["text"] = rule.Name.Replace('-', ' ') },
        ["fullDescription"] = new JsonObject { ["text"] = rule.Explanation },
        ["helpUri"] = rule.Link,
        ["defaultConfiguration"] = new JsonObject { ["level"] = rule.Severity.ToString().ToLowerInvariant() },
    };

    private static JsonObject ResultOf(Finding finding, IReadOnlyList<LintRule> rules)
    {
        var location = LocationOf(finding.File, finding.Line);
        if (finding.Field is { } field)
        {
            var name = finding.Resource is { } resource ? $"{resource}: {field}" : field;
            location["logicalLocations"] = new JsonArray(new JsonObject { ["fullyQualifiedName"] = name });
        }

        return new JsonObject
        {
            ["ruleId"] = finding.Rule.Id,
            ["ruleIndex"] = rules.ToList().IndexOf(finding.Rule),
            ["level"] = finding.Rule.Level,
            ["message"] = new JsonObject { ["text"] = finding.Message },
            ["locations"] = new JsonArray(location),
        };
    }

    private static JsonObject NotificationOf(ManifestError error) => new()
    {
        ["level"] = "error",
        ["message"] = new JsonObject { ["text"] = error.Message },
        ["locations"] = new JsonArray(LocationOf(error.File, error.Line)),
    };

    private static JsonObject LocationOf(string file, int line)
    {
        var physical = new JsonObject { ["artifactLocation"] = new JsonObject { ["uri"] = UriOf(file) } };
        if (line > 0)
        {
            physical["region"] = new JsonObject { ["startLine"] = line };
        }

        return new JsonObject { ["physicalLocation"] = physical };
    }

    private static string UriOf(string file)
    {
        if (Path.IsPathRooted(file))
        {
            return new Uri(file).AbsoluteUri;
        }

        var parts = file.Replace('\\', '/').Split('/').SkipWhile(part => part == ".");
        return string.Join('/', parts.Select(Uri.EscapeDataString));
    }
}
