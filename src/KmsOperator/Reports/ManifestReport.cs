using System.Text.Json.Nodes;
using KmsOperator.Policies;

namespace KmsOperator.Reports;

/// <summary>Reports on the keys that manifests would become, without cluster or AWS: what they cost and when they were used is not known.</summary>
internal static class ManifestReport
{
    /// <summary>The report.</summary>
    /// <param name="keys">The keys as <c>render</c> prints them.</param>
    /// <param name="now">The moment.</param>
    public static KeyReport Of(JsonArray keys, DateTimeOffset now) => new(now, null, [.. keys.OfType<JsonObject>().Select(RowOf)], []);

    private static KeyRow RowOf(JsonObject key)
    {
        var account = (string)key["account"]!;
        return new KeyRow
        {
            Owner = $"{key["kind"]}/{key["namespace"]}/{key["name"]}",
            AccountId = account,
            Region = (string)key["region"]!,
            Alias = (string?)key["alias"],
            Audience = key["policy"] is { } policy ? PolicyAudience.Of(policy.ToJsonString(), account) : [],
        };
    }
}
