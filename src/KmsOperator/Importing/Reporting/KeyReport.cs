using KmsOperator.Importing.Drafting;

namespace KmsOperator.Importing.Reporting;

/// <summary>What the report says of one key.</summary>
/// <param name="Resource">Kind and name.</param>
/// <param name="Key">The other tool's name for it, and the ARN.</param>
/// <param name="Policy">How the policy is said.</param>
/// <param name="AfterSwitch">What <c>managementPolicy: Full</c> does: a sentence each, the first says whether anything but owner tags changes.</param>
/// <param name="Notes">What a person may want to know.</param>
/// <param name="Left">What is left to a person.</param>
internal sealed record KeyReport(string Resource, string Key, string Policy, IReadOnlyList<string> AfterSwitch, IReadOnlyList<string> Notes, IReadOnlyList<string> Left)
{
    /// <summary>From a drafted key.</summary>
    public static KeyReport Of(DraftedKey key)
    {
        string[] changes = [.. key.Draft.Changes.Select(step => step.ToString()), .. key.Draft.Plan.Errors.Select(error => $"refuses: {error.Reason}: {error.Message}")];
        return new KeyReport(
            $"{key.Draft.Resource.Kind} {key.Draft.Resource.Metadata.Name}",
            OneLine(key.Foreign.Sources.Count > 0 ? $"{key.Foreign.Label}, {key.Foreign.Arn}" : key.Foreign.Arn),
            key.Policy,
            changes.Length == 0 ? ["owner tags only"] : [.. changes.Select(OneLine)],
            [.. key.Notes.Select(OneLine)],
            [.. key.Left.Select(OneLine)]);
    }

    /// <summary>Text of another tool on one line, without control characters: it goes to terminals and into comments.</summary>
    public static string OneLine(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
}
