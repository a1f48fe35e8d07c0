using KmsOperator.Manifests;
using KmsOperator.Policies;
using KmsOperator.Policies.Linting;

namespace KmsOperator.Linting;

/// <summary>The findings that a manifest says are meant (<see cref="LintIgnore"/>), and which of them were found.</summary>
internal sealed class Suppressions
{
    private readonly ManifestResource _manifest;
    private readonly Dictionary<string, bool> _isUsed = new(StringComparer.Ordinal);
    private readonly List<string> _mistakes = [];

    /// <summary>Reads a resource's annotation.</summary>
    public Suppressions(ManifestResource manifest)
    {
        _manifest = manifest;
        foreach (var (id, reason) in LintIgnore.Read(manifest.Resource))
        {
            if (PolicyLinter.Rules.All(rule => rule.Id != id))
            {
                _mistakes.Add(ManifestRules.All.Any(rule => rule.Id == id)
                    ? $"{id} cannot be suppressed: the operator refuses the resource all the same"
                    : $"there is no rule {id}{Suggestion.For(id, PolicyLinter.Rules.Select(rule => rule.Id))}");
            }
            else if (reason.Length == 0)
            {
                _mistakes.Add($"{id} has no reason, so it is not suppressed; write {id}=why");
            }
            else
            {
                _isUsed[id] = false;
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
        .Select(message => _manifest.Error($"metadata.annotations.{LintIgnore.Annotation}", message))
        .Select(error => new Finding(ManifestRules.Suppression, error.File, error.Line, error.Field, null, error.Message));
}
