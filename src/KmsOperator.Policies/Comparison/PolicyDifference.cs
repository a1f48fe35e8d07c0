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
        var text = string.Join("; ", Find(before, after) ?? []);
        return text.Length switch
        {
            0 => null,
            > MaxLength => string.Concat(text.AsSpan(0, MaxLength - Cut.Length), Cut),
            _ => text,
        };
    }

    /// <summary>The difference statement by statement, in the order of <see cref="Describe"/> and of any length.</summary>
    /// <param name="before">The present policy.</param>
    /// <param name="after">The new policy.</param>
    /// <returns>Null when one of them is not JSON.</returns>
    public static IReadOnlyList<StatementChange>? Find(string before, string after)
    {
        try
        {
            using var left = JsonDocument.Parse(before);
            using var right = JsonDocument.Parse(after);
            return Find(Statements(left.RootElement), Statements(right.RootElement));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static StatementChange[] Find(List<PolicyStatementItems> before, List<PolicyStatementItems> after)
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

        var changes = new List<StatementChange>();
        foreach (var old in before.Where(statement => statement.Sid is not null).ToList())
        {
            var index = after.FindIndex(other => other.Sid == old.Sid);
            if (index >= 0)
            {
                changes.Add(new StatementChange(StatementChangeKind.Changed, old.Sid, old.ToString(), after[index].ToString(), old.ChangesTo(after[index])));
                after.RemoveAt(index);
                before.Remove(old);
            }
        }

        return
        [
            .. before.Select(statement => new StatementChange(StatementChangeKind.Removed, statement.Sid, statement.ToString(), null, [])),
            .. changes,
            .. after.Select(statement => new StatementChange(StatementChangeKind.Added, statement.Sid, null, statement.ToString(), [])),
        ];
    }

    private static List<PolicyStatementItems> Statements(JsonElement document) =>
        document.ValueKind != JsonValueKind.Object ? [] : [.. PolicyDocument.StatementsOf(document).Select(PolicyStatementItems.Of)];
}
