using KmsOperator.Manifests;
using KmsOperator.Rendering;

namespace KmsOperator.Explaining;

/// <summary>The keys that manifests describe, for questions about their policies.</summary>
/// <param name="Keys">The keys whose policy is known.</param>
/// <param name="Errors">What is wrong with the manifests.</param>
/// <param name="Notes">Which keys are left out, and why.</param>
internal sealed record KeySelection(IReadOnlyList<ExplainedKey> Keys, IReadOnlyList<ManifestError> Errors, IReadOnlyList<string> Notes)
{
    /// <summary>Renders manifests.</summary>
    /// <param name="manifests">Resources with their places.</param>
    /// <param name="paths">Where they were read from, for errors.</param>
    /// <param name="account">Account of classes that name none.</param>
    public static KeySelection Of(ManifestSet manifests, IReadOnlyList<string> paths, string? account)
    {
        var rendering = ManifestRenderer.Render(manifests, account);
        ManifestError[] errors = [.. manifests.Errors, .. rendering.Errors];
        if (errors.Length == 0 && rendering.Keys.Count == 0)
        {
            errors = [new ManifestError(string.Join(", ", paths), 0, null, "holds no ServiceKey or KeyReplica; name the files that do, with the KeyClass that they use")];
        }

        var keys = rendering.Keys.Select(one => (one.Manifest, one.Key.Owner, Explained: ExplainedKey.Of(one.Key))).ToArray();
        return new KeySelection(
            [.. keys.Select(one => one.Explained).OfType<ExplainedKey>()],
            errors,
            [.. keys.Where(one => one.Explained is null).Select(one => $"{one.Manifest.Place}: {one.Owner.Path}: its policy is that of a primary that is managed elsewhere; ask by --key")]);
    }
}
