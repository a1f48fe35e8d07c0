using System.Text.Json.Nodes;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>Rules of roles as the set of what they permit.</summary>
internal static class RoleRules
{
    /// <summary>One line for each verb on each resource: <c>patch kms.servicekey.dev/servicekeys/status</c>, with <c>[names]</c> where the rule names objects.</summary>
    public static IReadOnlyList<string> Of(JsonArray rules) =>
    [
        .. (from rule in rules
            from verb in rule!["verbs"]!.AsArray()
            from what in Subjects(rule.AsObject())
            select $"{verb} {what}").Distinct().Order(StringComparer.Ordinal),
    ];

    private static IEnumerable<string> Subjects(JsonObject rule) => rule["nonResourceURLs"] is JsonArray paths
        ? paths.Select(path => path!.GetValue<string>())
        : from resource in rule["resources"]!.AsArray()
          from apiGroup in rule["apiGroups"]!.AsArray()
          select $"{apiGroup}/{resource}{(rule["resourceNames"] is JsonArray names ? $"[{string.Join(",", names)}]" : "")}";
}
