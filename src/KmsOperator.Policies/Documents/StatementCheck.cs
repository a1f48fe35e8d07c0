using System.Text.Json;

namespace KmsOperator.Policies;

/// <summary>Checks one statement of a policy.</summary>
internal static class StatementCheck
{
    private static readonly HashSet<string> Elements =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

    /// <summary>Whether a value is a string or a list of at least one, none of them empty.</summary>
    public static bool IsStrings(JsonElement value) =>
        (value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0)
        || (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.GetString()!.Length > 0));

    /// <summary>The problems of a statement, each with its field.</summary>
    public static IEnumerable<PolicyProblem> Check(JsonElement statement, string path)
    {
        if (statement.ValueKind != JsonValueKind.Object)
        {
            return [new PolicyProblem(path, "must be a statement")];
        }

        return
        [
            .. statement.EnumerateObject().Where(element => !Elements.Contains(element.Name))
                .Select(element => new PolicyProblem($"{path}.{element.Name}", $"is not an element of a statement{Suggestion.For(element.Name, Elements)}")),
            .. CheckText(statement, "Sid", path),
            .. statement.TryGetProperty("Effect", out var effect) && effect.ValueKind == JsonValueKind.String && effect.GetString() is "Allow" or "Deny"
                ? []
                : (PolicyProblem[])[new PolicyProblem($"{path}.Effect", "must be Allow or Deny")],
            .. CheckPair(statement, "Principal", path, PrincipalCheck.Check),
            .. CheckPair(statement, "Action", path, CheckActions),
            .. CheckPair(statement, "Resource", path, CheckStrings),
            .. statement.TryGetProperty("Condition", out var condition) ? ConditionCheck.Check(condition, $"{path}.Condition") : [],
        ];
    }

    /// <summary>The problem of an element that may be absent and must be text.</summary>
    public static IEnumerable<PolicyProblem> CheckText(JsonElement json, string element, string path)
    {
        if (!json.TryGetProperty(element, out var value) || value.ValueKind == JsonValueKind.String)
        {
            return [];
        }

        var at = $"{path}.{element}";
        return value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False
            ? UnquotedValue.Find(value, at)
            : [new PolicyProblem(at, "must be a string")];
    }

    /// <summary>Checks an element that stands either as itself or as its opposite.</summary>
    private static IEnumerable<PolicyProblem> CheckPair(
        JsonElement statement, string element, string path, Func<JsonElement, string, IEnumerable<PolicyProblem>> check)
    {
        var hasElement = statement.TryGetProperty(element, out var value);
        var hasOpposite = statement.TryGetProperty("Not" + element, out var opposite);
        if (hasElement == hasOpposite)
        {
            return [new PolicyProblem($"{path}.{element}", hasElement ? $"and Not{element} exclude each other" : "is missing")];
        }

        return hasElement ? check(value, $"{path}.{element}") : check(opposite, $"{path}.Not{element}");
    }

    private static IEnumerable<PolicyProblem> CheckStrings(JsonElement value, string path)
    {
        var unquoted = UnquotedValue.Find(value, path).ToArray();
        return unquoted.Length > 0 ? unquoted : IsStrings(value) ? [] : [new PolicyProblem(path, "must be a string or a list of strings")];
    }

    private static IEnumerable<PolicyProblem> CheckActions(JsonElement value, string path) =>
    [
        .. CheckStrings(value, path),
        .. PolicyDocument.StringsOf(value)
            .Where(action => action.Length > 0 && action != "*" && !action.StartsWith("kms:", StringComparison.OrdinalIgnoreCase))
            .Select(action => new PolicyProblem(path, $"\"{action}\" is not an action of KMS; write \"*\" or one that begins with \"kms:\"")),
    ];
}
