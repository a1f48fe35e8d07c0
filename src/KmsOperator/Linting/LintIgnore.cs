using KmsOperator.Api;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Linting;

/// <summary>The annotation that says which findings are meant, each with its reason: <c>"KMS104=reason; KMS108=reason"</c>.</summary>
internal static class LintIgnore
{
    /// <summary>The annotation; on a KeyClass it counts for all resources of the class.</summary>
    public const string Annotation = "kms.servicekey.dev/lint-ignore";

    /// <summary>The entries of a resource as they stand there; a reason that is missing is empty.</summary>
    public static IEnumerable<(string Rule, string Reason)> Read(IResource resource) =>
        (resource.Metadata.Annotations?.GetValueOrDefault(Annotation) ?? "")
            .Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => entry.Split('=', 2, StringSplitOptions.TrimEntries))
            .Select(parts => (parts[0], parts.Length < 2 ? "" : parts[1]));

    /// <summary>Whether a resource or its class says, with a reason, that what a rule finds is meant.</summary>
    public static bool Covers(LintRule rule, params ReadOnlySpan<IResource?> resources)
    {
        foreach (var resource in resources)
        {
            if (resource is not null && Read(resource).Any(entry => entry.Rule == rule.Id && entry.Reason.Length > 0))
                return true;
        }

        return false;
    }
}
