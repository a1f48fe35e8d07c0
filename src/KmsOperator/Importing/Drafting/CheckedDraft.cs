using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Importing.Drafting;

/// <summary>A manifest, and what the operator would make of it.</summary>
/// <param name="Resource">The ServiceKey or KeyReplica.</param>
/// <param name="Yaml">Its manifest; empty when it is refused.</param>
/// <param name="Problems">Why the API server or the operator would refuse it; empty if they would not.</param>
/// <param name="AliasNames">The aliases that the resource keeps; empty when it is refused.</param>
/// <param name="Plan">What <c>managementPolicy: Full</c> would do to the key as it is.</param>
internal sealed record CheckedDraft(IKeyResource Resource, string Yaml, IReadOnlyList<string> Problems, IReadOnlyCollection<string> AliasNames, KeyPlan Plan)
{
    /// <summary>The steps that people want to know of: all but the putting of owner tags, and of the <c>Name</c> tag on a key that has none.</summary>
    public IReadOnlyList<KeyStep> Changes => [.. Plan.Steps.Select(Visible).OfType<KeyStep>()];

    /// <summary>Whether the operator would name the key, which has no <c>Name</c> tag.</summary>
    public string? NameAdded(ForeignKey key) =>
        key.Tags.ContainsKey(TagNames.Name) ? null : Plan.Steps.OfType<TagResourceStep>().Select(step => step.Tags.GetValueOrDefault(TagNames.Name)).OfType<string>().FirstOrDefault();

    /// <summary>Whether the policy stays as it is.</summary>
    public bool KeepsPolicy => Problems.Count == 0 && !Plan.Steps.Any(step => step is PutKeyPolicyStep);

    /// <summary>A manifest that would be refused.</summary>
    public static CheckedDraft Refused(IKeyResource resource, IReadOnlyList<string> problems) => new(resource, "", problems, [], new KeyPlan([], []));

    private static KeyStep? Visible(KeyStep step)
    {
        if (step is not TagResourceStep tags)
        {
            return step;
        }

        var others = tags.Tags.Where(tag => !tag.Key.StartsWith(TagNames.Prefix, StringComparison.Ordinal) && tag.Key != TagNames.Name).ToDictionary();
        return others.Count > 0 ? new TagResourceStep(others) : null;
    }
}
