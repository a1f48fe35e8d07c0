using System.Text.Json.Nodes;

namespace KmsOperator.UnitTests.Importing;

/// <summary>The policies of the Terraform solution, from the facts about them and not from the catalogue. Its statements have names of their own, with spaces.</summary>
internal static class SolutionPolicies
{
    private static readonly JsonNode Facts = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Policies", "canonical-policies.json")))!;

    public static IReadOnlyList<string> Services { get; } = [.. Facts["services"]!.AsObject().Select(service => service.Key)];

    /// <summary>The policy of a service's key.</summary>
    public static string Of(string service, string region, string account, string[] trusted)
    {
        string[] administrators = [$"arn:aws:iam::{account}:role/Admin"];
        var lists = new Dictionary<string, string[]>
        {
            ["${Administrators}"] = administrators,
            ["${Users}"] = [$"arn:aws:iam::{account}:role/User", .. administrators],
            ["${TrustedAccountRoots}"] = [.. trusted.Select(id => $"arn:aws:iam::{id}:root")],
            ["${AllowedAccounts}"] = [.. trusted, account],
        };
        JsonNode Expand(JsonNode values)
        {
            string[] expanded = [.. values.AsArray().Select(value => (string)value!).SelectMany(value => lists.TryGetValue(value, out var list)
                ? list
                : [value.Replace("${Region}", region).Replace("${Partition}", "aws").Replace("${OwnerAccount}", account)])];
            return expanded.Length == 1 ? JsonValue.Create(expanded[0]) : new JsonArray([.. expanded.Select(value => (JsonNode)value)]);
        }

        var statements = Facts["common"]!.AsArray().Where(statement => statement!["when"] is null || trusted.Length > 0)
            .Concat(Facts["services"]![service]!.AsArray())
            .Select((statement, i) =>
            {
                var written = new JsonObject
                {
                    ["Sid"] = $"Allow part {i} of the policy for {service}",
                    ["Effect"] = (string)statement!["effect"]!,
                    ["Principal"] = Map(statement["principals"]!, Expand),
                    ["Action"] = Expand(statement["actions"]!),
                    ["Resource"] = "*",
                };
                if (statement["conditions"]!.AsObject().Count > 0)
                    written["Condition"] = Map(statement["conditions"]!, values => Map(values, Expand));
                return (JsonNode)written;
            });
        return new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonArray([.. statements]) }.ToJsonString();
    }

    private static JsonObject Map(JsonNode node, Func<JsonNode, JsonNode> value) =>
        new(node.AsObject().Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)value(entry.Value!))));
}
