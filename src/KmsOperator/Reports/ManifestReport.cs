using KmsOperator.Linting;
using KmsOperator.Manifests;
using KmsOperator.Policies;
using KmsOperator.Policies.Linting;
using KmsOperator.Rendering;

namespace KmsOperator.Reports;

/// <summary>Reports on the keys that manifests would become, without cluster or AWS: what they cost and when they were used is not known.</summary>
internal static class ManifestReport
{
    /// <summary>The report.</summary>
    /// <param name="manifests">The manifests.</param>
    /// <param name="keys">Their keys as <c>render</c> finds them.</param>
    /// <param name="now">The moment.</param>
    public static KeyReport Of(ManifestSet manifests, IEnumerable<RenderedResource> keys, DateTimeOffset now) =>
        new(now, null, [.. keys.Select(rendered => RowOf(manifests, rendered))], []);

    private static KeyRow RowOf(ManifestSet manifests, RenderedResource rendered)
    {
        var key = rendered.Key;
        var keyClass = KeyClasses.Of(manifests, rendered.Manifest);
        var policy = ManifestLinter.PolicyOf(key, KeyClasses.TrustedAccounts(manifests, rendered.Manifest, keyClass));
        return new KeyRow
        {
            Owner = key.Owner.Path,
            AccountId = key.Location.AccountId,
            Region = key.Location.Region,
            Alias = key.AliasName,
            Audience = key.Policy is { } text ? PolicyAudience.Of(text, key.Location.AccountId) : [],
            Findings = policy is null ? [] : [.. PolicyLinter.Lint(policy).Where(found => !LintIgnore.Covers(found.Rule, rendered.Manifest.Resource, keyClass?.Resource))],
        };
    }
}
