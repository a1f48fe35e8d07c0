using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Tells a person what a new key policy changes: which statements go, which come, and which items of a statement change.</summary>
public static class PolicyDifference
{
    /// <summary>The difference of two policies of 32 KiB can have more than both: a status and an event hold less.</summary>
    private const int MaxLength = 4096;

    private const string Cut = " … (more statements differ)";

    /// <summary>
    /// The difference in words; what goes is named first, since somebody loses access by it. Statements are compared by meaning, as by
    /// <see cref="PolicyComparer"/>. Two statements with the same Sid are one that changes.
    /// </summary>
    /// <param name="before">The present policy.</param>
    /// <param name="after">The new policy.</param>
    /// <returns>Null when the two mean the same, when only Version, Id or Sids differ, or when one of them is not a JSON object.</returns>
    public static string? Describe(string before, string after)
    {
        try
        {
            using var left = JsonDocument.Parse(before);
            using var right = JsonDocument.Parse(after);
            return Describe(Statements(left.RootElement), Statements(right.RootElement));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Describe(List<PolicyStatementItems> before, List<PolicyStatementItems> after)
    {
        // A statement that stands on both sides is not named. Equal statements may stand several times.
        foreach (var same in before.ToList())
        {
            var index = after.FindIndex(other => other.Text == same.Text);
            if (index >= 0)
            {
                after.RemoveAt(index);
                before.Remove(same);
            }
        }

        var changes = new List<string>();
        foreach (var old in before.Where(statement => statement.Sid is not null).ToList())
        {
            var index = after.FindIndex(other => other.Sid == old.Sid);
            if (index >= 0)
            {
                changes.Add($"statement {old.Name} changes: {old.ChangesTo(after[index])}");
                after.RemoveAt(index);
                before.Remove(old);
            }
        }

        string[] parts =
        [
            .. before.Select(statement => $"statement {statement.Name} is removed: {statement}"),
            .. changes,
            .. after.Select(statement => $"statement {statement.Name} is added: {statement}"),
        ];
        var text = string.Join("; ", parts);
        return text.Length switch
        {
            0 => null,
            > MaxLength => string.Concat(text.AsSpan(0, MaxLength - Cut.Length), Cut),
            _ => text,
        };
    }

    private static List<PolicyStatementItems> Statements(JsonElement document) =>
        document.ValueKind != JsonValueKind.Object ? [] : [.. PolicyDocument.StatementsOf(document).Select(PolicyStatementItems.Of)];
}
