using System.Text.Json.Nodes;

namespace KmsOperator.IntegrationTests.Chart;

/// <summary>Rules of roles as the set of what they permit.</summary>
internal static class RoleRules
{
    /// <summary>One line for each verb on each resource: <c>patch kms.servicekey.dev/servicekeys/status</c>.</summary>
    public static IReadOnlyList<string> Of(JsonArray rules) =>
    [
        .. (from rule in rules
            from verb in rule!["verbs"]!.AsArray()
            from resource in rule["resources"]!.AsArray()
            from apiGroup in rule["apiGroups"]!.AsArray()
            select $"{verb} {apiGroup}/{resource}").Distinct().Order(StringComparer.Ordinal),
    ];
}
