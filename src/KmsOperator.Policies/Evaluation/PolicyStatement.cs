using System.Globalization;
using System.Text.Json;

namespace KmsOperator.Policies.Evaluation;

/// <summary>A statement of a key policy, in parts.</summary>
public sealed record PolicyStatement
{
    /// <summary>Place in the document; the first is 0.</summary>
    public required int Index { get; init; }

    /// <summary>The Sid; null where the statement has none.</summary>
    public required string? Sid { get; init; }

    /// <summary>Whether the statement allows; else it denies.</summary>
    public required bool IsAllow { get; init; }

    /// <summary>Whom it is about.</summary>
    public required StatementPrincipals Principals { get; init; }

    /// <summary>Patterns of actions. Without any the statement has no effect.</summary>
    public required IReadOnlyList<string> Actions { get; init; }

    /// <summary>Whether it is about all actions but these.</summary>
    public required bool IsNotAction { get; init; }

    /// <summary>Patterns of resources. Without any the statement has no effect.</summary>
    public required IReadOnlyList<string> Resources { get; init; }

    /// <summary>Whether it is about all resources but these.</summary>
    public required bool IsNotResource { get; init; }

    /// <summary>Its conditions, all of which must hold.</summary>
    public required IReadOnlyList<StatementCondition> Conditions { get; init; }

    /// <summary>What people call the statement: its Sid, else its place.</summary>
    public string Name => Sid is { } sid ? $"\"{sid}\"" : $"Statement[{Index.ToString(CultureInfo.InvariantCulture)}]";

    /// <summary>Reads the statements of a document. Elements that are missing or of a wrong type count as empty.</summary>
    public static IReadOnlyList<PolicyStatement> ReadAll(JsonElement document)
    {
        var knowsVariables = document.ValueKind == JsonValueKind.Object && document.TryGetProperty("Version", out var version) && version.ValueEquals("2012-10-17");
        return [.. PolicyDocument.StatementsOf(document).Select((statement, index) => Read(statement, index, knowsVariables))];
    }

    /// <summary>Whether the statement is about an action.</summary>
    public bool CoversAction(string action) =>
        Actions.Count > 0 && Actions.Any(pattern => WildcardPattern.IsMatch(pattern, action, ignoreCase: true)) != IsNotAction;

    /// <summary>Whether the statement is about a key. In a key policy <c>*</c> means the key itself. Of a key that does not exist yet the id is not known.</summary>
    public Answer CoversKey(KeyArn key)
    {
        if (Resources.Count == 0)
        {
            return Answer.No;
        }

        var covered = Resources.Select(key.Fits).Any();
        return IsNotResource ? covered.Not() : covered;
    }

    /// <summary>Holds the statement against a request.</summary>
    public StatementMatch Match(AccessRequest request) => new(this, request);

    private static PolicyStatement Read(JsonElement statement, int index, bool knowsVariables) => new()
    {
        Index = index,
        Sid = PolicyDocument.StringsOf(Element(statement, "Sid")).FirstOrDefault(sid => sid.Length > 0),
        IsAllow = Element(statement, "Effect") is { ValueKind: JsonValueKind.String } effect && effect.ValueEquals("Allow"),
        Principals = StatementPrincipals.Read(statement),
        Actions = [.. PolicyDocument.StringsOf(Element(statement, "Action", "NotAction"))],
        IsNotAction = statement.TryGetProperty("NotAction", out _),
        Resources = [.. PolicyDocument.StringsOf(Element(statement, "Resource", "NotResource"))],
        IsNotResource = statement.TryGetProperty("NotResource", out _),
        Conditions = StatementCondition.Read(Element(statement, "Condition"), knowsVariables),
    };

    private static JsonElement Element(JsonElement statement, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (statement.TryGetProperty(name, out var value))
            {
                return value;
            }
        }

        return default;
    }
}
