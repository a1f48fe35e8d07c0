using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>Whether a namespace may use a KeyClass.</summary>
public static class NamespaceAdmission
{
    /// <summary>Applies <c>spec.allowedNamespaces</c>; a selector without requirements admits every namespace.</summary>
    /// <param name="allowed">The class's rule; null admits all.</param>
    /// <param name="labels">Labels of the namespace.</param>
    public static bool Admits(AllowedNamespacesSpec? allowed, IReadOnlyDictionary<string, string> labels) => allowed?.From switch
    {
        null or "All" => true,
        "Selector" => allowed.Selector is { } selector && Matches(selector, labels),
        _ => false,
    };

    private static bool Matches(LabelSelector selector, IReadOnlyDictionary<string, string> labels) =>
        (selector.MatchLabels ?? new Dictionary<string, string>()).All(wanted => labels.GetValueOrDefault(wanted.Key) == wanted.Value)
        && (selector.MatchExpressions ?? []).All(requirement => Holds(requirement, labels));

    private static bool Holds(LabelSelectorRequirement requirement, IReadOnlyDictionary<string, string> labels)
    {
        var value = labels.GetValueOrDefault(requirement.Key);
        var listed = value is not null && (requirement.Values ?? []).Contains(value);
        return requirement.Operator switch
        {
            "In" => listed,

            // As in Kubernetes, a namespace without the label is "not in" any list.
            "NotIn" => !listed,
            "Exists" => value is not null,
            "DoesNotExist" => value is null,
            _ => false,
        };
    }
}
