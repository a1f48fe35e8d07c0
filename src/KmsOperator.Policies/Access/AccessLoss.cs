using System.Text.Json;
using System.Text.RegularExpressions;

namespace KmsOperator.Policies;

/// <summary>Finds what a new key policy takes away from somebody.</summary>
public static class AccessLoss
{
    // For these, a condition with more values holds more often; for any other operator nothing is assumed.
    private static readonly string[] WideningOperators = ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"];

    /// <summary>The permissions of the present policy that no statement of the new one gives, and the new denials.</summary>
    /// <param name="before">The present policy.</param>
    /// <param name="after">The new policy.</param>
    /// <returns>Lines for people, for example <c>arn:aws:iam::123456789012:role/App: kms:Decrypt, kms:Encrypt</c>; empty when nothing is lost.</returns>
    public static IReadOnlyList<string> Find(string before, string after)
    {
        try
        {
            using var left = JsonDocument.Parse(CanonicalPolicy.Write(before));
            using var right = JsonDocument.Parse(CanonicalPolicy.Write(after));
            var present = PolicyDocument.StatementsOf(left.RootElement).ToArray();
            var wanted = PolicyDocument.StatementsOf(right.RootElement).ToArray();
            var allowing = wanted.Where(statement => Is(statement, "Allow")).ToArray();
            var lost = present.Where(statement => Is(statement, "Allow"))
                .SelectMany(statement => PairsOf(statement).Where(pair => !allowing.Any(other => Gives(other, pair, statement))))
                .Distinct()
                .GroupBy(pair => pair.Principal, StringComparer.Ordinal)
                .Select(group => $"{group.Key}: {string.Join(", ", group.Select(pair => pair.Action))}");
            var denied = wanted.Where(statement => Is(statement, "Deny") && !present.Any(other => other.GetRawText() == statement.GetRawText()))
                .Select(statement => $"denied: {PolicyStatementItems.Of(statement)}");
            return [.. lost, .. denied];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static bool Is(JsonElement statement, string effect) => statement.TryGetProperty("Effect", out var value) && value.ValueEquals(effect);

    private static IEnumerable<(string Principal, string Action)> PairsOf(JsonElement statement) =>
        from principal in PrincipalsOf(statement)
        from action in ActionsOf(statement)
        select (principal, action);

    private static IEnumerable<string> PrincipalsOf(JsonElement statement) => statement.TryGetProperty("Principal", out var principal) && principal.ValueKind == JsonValueKind.Object
        ? principal.EnumerateObject().SelectMany(entry => PolicyDocument.StringsOf(entry.Value))
        : ["everybody but those named"];

    private static IEnumerable<string> ActionsOf(JsonElement statement) => statement.TryGetProperty("Action", out var actions)
        ? PolicyDocument.StringsOf(actions)
        : ["all actions but those named"];

    private static bool Gives(JsonElement statement, (string Principal, string Action) pair, JsonElement before) =>
        PrincipalsOf(statement).Any(principal => principal == pair.Principal || principal == "*")
        && ActionsOf(statement).Any(action => Matches(action, pair.Action))
        && HoldsWhenever(statement, before);

    private static bool Matches(string pattern, string action) => Regex.IsMatch(
        action, "^" + Regex.Escape(pattern).Replace("\\*", ".*", StringComparison.Ordinal).Replace("\\?", ".", StringComparison.Ordinal) + "$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);

    /// <summary>Whether the conditions of a statement hold whenever those of another one do.</summary>
    private static bool HoldsWhenever(JsonElement statement, JsonElement before)
    {
        var known = ConditionsOf(before);
        return ConditionsOf(statement).All(condition => known.TryGetValue(condition.Key, out var values)
            && (WideningOperators.Contains(condition.Key.Operator) ? values.All(condition.Value.Contains) : values.SequenceEqual(condition.Value)));
    }

    private static Dictionary<(string Operator, string Key), string[]> ConditionsOf(JsonElement statement) =>
        !statement.TryGetProperty("Condition", out var condition) || condition.ValueKind != JsonValueKind.Object
            ? []
            : condition.EnumerateObject().Where(entry => entry.Value.ValueKind == JsonValueKind.Object)
                .SelectMany(entry => entry.Value.EnumerateObject().Select(key => (entry.Name, Key: key.Name, Values: PolicyDocument.StringsOf(key.Value).ToArray())))
                .ToDictionary(one => (one.Name, one.Key), one => one.Values);
}
