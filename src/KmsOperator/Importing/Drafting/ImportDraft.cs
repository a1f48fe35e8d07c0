using KmsOperator.Api;

namespace KmsOperator.Importing.Drafting;

/// <summary>What an import comes to.</summary>
/// <param name="Classes">The KeyClasses.</param>
/// <param name="Keys">The keys with their manifests, primaries before their replicas.</param>
/// <param name="Left">What could not be imported.</param>
/// <param name="Kept">Objects that stay with the other tool.</param>
internal sealed record ImportDraft(IReadOnlyList<KeyClass> Classes, IReadOnlyList<DraftedKey> Keys, IReadOnlyList<Leftover> Left, IReadOnlyList<ForeignSource> Kept)
{
    /// <summary>Whether nothing is left to a person.</summary>
    public bool IsComplete => Left.Count == 0 && Keys.All(key => key.Left.Count == 0 && key.Draft.Changes.Count == 0 && key.Draft.Plan.Errors.Count == 0);
}

/// <summary>A key and its manifest.</summary>
/// <param name="Foreign">The key.</param>
/// <param name="Draft">The manifest.</param>
/// <param name="Policy">How the manifest says the policy, for people.</param>
/// <param name="Notes">What a person may want to know and need not act on.</param>
/// <param name="Left">What is left to a person.</param>
internal sealed record DraftedKey(ForeignKey Foreign, CheckedDraft Draft, string Policy, IReadOnlyList<string> Notes, IReadOnlyList<string> Left);
