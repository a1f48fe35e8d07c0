using KmsOperator.Policies;
using KmsOperator.Rendering;

namespace KmsOperator.Reports;

/// <summary>Reports on the keys that manifests would become, without cluster or AWS: what they cost and when they were used is not known.</summary>
internal static class ManifestReport
{
    /// <summary>The report.</summary>
    /// <param name="keys">The keys as <c>render</c> finds them.</param>
    /// <param name="now">The moment.</param>
    public static KeyReport Of(IEnumerable<RenderedKey> keys, DateTimeOffset now) => new(now, null, [.. keys.Select(RowOf)], []);

    private static KeyRow RowOf(RenderedKey key) => new()
    {
        Owner = key.Owner.Path,
        AccountId = key.Location.AccountId,
        Region = key.Location.Region,
        Alias = key.AliasName,
        Audience = key.Policy is { } policy ? PolicyAudience.Of(policy, key.Location.AccountId) : [],
    };
}
