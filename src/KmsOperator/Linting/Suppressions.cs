using KmsOperator.Manifests;
using KmsOperator.Policies;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Linting;

/// <summary>The findings that a resource says are meant, each with its reason: <c>"KMS104=reason; KMS108=reason"</c>.</summary>
internal sealed class Suppressions
{
    /// <summary>The annotation; on a KeyClass it counts for all resources of the class.</summary>
    public const string Annotation = "kms.servicekey.dev/lint-ignore";

    private readonly ManifestResource _manifest;
    private readonly Dictionary<string, bool> _isUsed = new(StringComparer.Ordinal);
    private readonly List<string> _mistakes = [];

    /// <summary>Reads a resource's annotation.</summary>
    public Suppressions(ManifestResource manifest)
    {
        _manifest = manifest;
        var text = manifest.Resource.Metadata.Annotations?.GetValueOrDefault(Annotation) ?? "";
        foreach (var entry in text.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = entry.Split('=', 2, StringSplitOptions.TrimEntries);
            if (PolicyLinter.Rules.All(rule => rule.Id != parts[0]))
            {
                _mistakes.Add(ManifestRules.All.Any(rule => rule.Id == parts[0])
                    ? $"{parts[0]} cannot be suppressed: the operator refuses the resource all the same"
                    : $"there is no rule {parts[0]}{Suggestion.For(parts[0], PolicyLinter.Rules.Select(rule => rule.Id))}");
            }
            else if (parts.Length < 2 || parts[1].Length == 0)
            {
                _mistakes.Add($"{parts[0]} has no reason, so it is not suppressed; write {parts[0]}=why");
            }
            else
            {
                _isUsed[parts[0]] = false;
            }
        }
    }

    /// <summary>Whether findings of a rule are suppressed; the suppression then counts as used.</summary>
    public bool Suppress(LintRule rule)
    {
        if (!_isUsed.ContainsKey(rule.Id))
        {
            return false;
        }

        _isUsed[rule.Id] = true;
        return true;
    }

    /// <summary>What is wrong with the suppressions, once every finding was held against them.</summary>
    public IEnumerable<Finding> FindMistakes() => _mistakes
        .Concat(_isUsed.Where(entry => !entry.Value).Select(entry => $"{entry.Key} is suppressed and not found; remove it from the annotation"))
        .Select(message => _manifest.Error($"metadata.annotations.{Annotation}", message))
        .Select(error => new Finding(ManifestRules.Suppression, error.File, error.Line, error.Field, null, error.Message));
}
