using System.Text.Json;
using System.Text.RegularExpressions;
using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;
using KmsOperator.Policies.Evaluation;
using KmsOperator.Policies.Linting;
using KmsOperator.Rendering;

namespace KmsOperator.Linting;

/// <summary>Looks for what is wrong with manifests, by the checks that the operator itself makes, and with the policies that they come to.</summary>
internal static partial class ManifestLinter
{
    /// <summary>Lints.</summary>
    /// <param name="manifests">Resources with their places, and what could not be read.</param>
    /// <param name="paths">Where they were read from, for errors.</param>
    /// <param name="defaultAccount">Account of classes that name none.</param>
    public static LintReport Lint(ManifestSet manifests, IReadOnlyList<string> paths, string? defaultAccount)
    {
        List<ManifestError> unreadable = [.. manifests.Errors.Where(error => error.IsUnreadable)];
        if (manifests.Resources.Count == 0 && manifests.Errors.Count == 0)
        {
            unreadable.Add(new ManifestError(string.Join(", ", paths), 0, null, "holds no KeyClass, ServiceKey or KeyReplica; give a file or directory that has one"));
        }

        var rendering = ManifestRenderer.Render(manifests, defaultAccount);
        var findings = manifests.Errors.Where(error => !error.IsUnreadable).Select(error => Of(ManifestRules.Shape, error))
            .Concat(rendering.Errors.Select(error => Of(ManifestRules.Of(error.Field, Reason().Match(error.Message) is { Success: true } match ? match.Groups["reason"].Value : null), error)))
            .ToList();

        var suppressions = manifests.Resources.ToDictionary<ManifestResource, ManifestResource, Suppressions>(
            manifest => manifest, manifest => new Suppressions(manifest), ReferenceEqualityComparer.Instance);
        var seen = new HashSet<(string, int, string, string?, int?)>();
        var suppressed = 0;
        foreach (var rendered in rendering.Keys)
        {
            var classOfKey = KeyClasses.Of(manifests, rendered.Manifest);
            foreach (var (statement, finding) in OfPolicy(rendered, KeyClasses.TrustedAccounts(manifests, rendered.Manifest, classOfKey)))
            {
                // A replica that a ServiceKey asks for has the same statements once more.
                if (!seen.Add((finding.File, finding.Line, finding.Rule.Id, finding.Field, statement)))
                {
                    continue;
                }

                var own = suppressions[rendered.Manifest].Suppress(finding.Rule);
                if (own || (classOfKey is not null && suppressions[classOfKey].Suppress(finding.Rule)))
                {
                    suppressed++;
                }
                else
                {
                    findings.Add(finding);
                }
            }
        }

        // Of a resource that cannot be rendered nobody knows what would be found.
        var known = rendering.Keys.Select(key => key.Manifest).ToHashSet<ManifestResource>(ReferenceEqualityComparer.Instance);
        findings.AddRange(suppressions.Where(one => known.Contains(one.Key) || one.Key.Resource is KeyClass).SelectMany(one => one.Value.FindMistakes()));
        return new LintReport(
            [.. findings.OrderBy(finding => finding.File, StringComparer.Ordinal).ThenBy(finding => finding.Line).ThenBy(finding => finding.Rule.Id, StringComparer.Ordinal)],
            unreadable, manifests.Resources.Count, suppressed);
    }

    /// <summary>The linter's view of a key's policy; null where the policy is that of a primary managed elsewhere.</summary>
    internal static LintedPolicy? PolicyOf(RenderedKey key, IReadOnlyCollection<string> trusted)
    {
        return key.Policy is { } policy ? Read(policy, key.Location, key.KeySpec, key.KeyUsage, trusted) : null;
    }

    /// <summary>The linter's view of a policy.</summary>
    /// <param name="policy">The document.</param>
    /// <param name="location">The key's account and Region.</param>
    /// <param name="keySpec">KMS key spec; null if it is not known.</param>
    /// <param name="keyUsage">KMS key usage; null if it is not known.</param>
    /// <param name="trusted">Accounts that class and resource trust.</param>
    internal static LintedPolicy Read(string policy, KeyLocation location, string? keySpec, string? keyUsage, IReadOnlyCollection<string> trusted)
    {
        using var document = JsonDocument.Parse(policy);
        return new LintedPolicy
        {
            Statements = PolicyStatement.ReadAll(document.RootElement),
            AccountId = location.AccountId,
            Region = location.Region,
            KeySpec = keySpec,
            KeyUsage = keyUsage,
            TrustedAccounts = trusted,
        };
    }

    private static IEnumerable<(int? Statement, Finding Finding)> OfPolicy(RenderedResource rendered, IReadOnlyCollection<string> trusted)
    {
        if (PolicyOf(rendered.Key, trusted) is not { } policy)
        {
            return [];
        }

        var places = new StatementPlaces(rendered.Manifest, policy.Statements.Count);
        return PolicyLinter.Lint(policy).Select(found =>
        {
            var error = rendered.Manifest.Error(places.FieldOf(found.Statement, found.Element), found.Message);
            return (found.Statement, new Finding(found.Rule, error.File, error.Line, error.Field, rendered.Key.Owner.Path, error.Message));
        });
    }

    private static Finding Of(LintRule rule, ManifestError error) => new(rule, error.File, error.Line, error.Field, null, error.Message);

    [GeneratedRegex("^(KeyReplica [^ ]+: )?(?<reason>[A-Z][A-Za-z]+): ", RegexOptions.ExplicitCapture)]
    private static partial Regex Reason();
}
