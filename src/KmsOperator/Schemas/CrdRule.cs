using System.Text.Json.Nodes;
using KmsOperator.Planning.Cel;

namespace KmsOperator.Schemas;

/// <summary>One of a schema's <c>x-kubernetes-validations</c>.</summary>
/// <remarks>
/// Source: Kubernetes documentation, "Custom Resources", "Validation rules". <c>reason</c> is not read: it only says of which type the API server's answer is.
/// </remarks>
internal sealed class CrdRule
{
    private const string Self = "self";
    private const string OldSelf = "oldSelf";

    private readonly CelProgram _program;
    private readonly CelProgram? _messageProgram;
    private readonly string _message;
    private readonly bool _hasOptionalOldSelf;

    /// <summary>Reads a rule.</summary>
    /// <exception cref="CelSyntaxException">It is no CEL, or uses what the interpreter does not have.</exception>
    public CrdRule(JsonObject json)
    {
        var text = (string)json["rule"]!;
        _program = CelProgram.Parse(text, Self, OldSelf);
        _message = (string?)json["message"] ?? $"failed rule: {text.Trim()}";
        _messageProgram = (string?)json["messageExpression"] is { } expression ? CelProgram.Parse(expression, Self, OldSelf) : null;
        _hasOptionalOldSelf = (bool?)json["optionalOldSelf"] ?? false;
        IsTransition = CelProgram.Mentions(text, OldSelf);
        FieldPath = (string?)json["fieldPath"] ?? "";
    }

    /// <summary>The rule as it was written.</summary>
    public string Text => _program.Text;

    /// <summary>Whether the rule is about a change, so that it holds of whatever is new.</summary>
    public bool IsTransition { get; }

    /// <summary>The path from the schema's node to the field that an error is about, as <c>.name</c>; empty for the node itself.</summary>
    public string FieldPath { get; }

    /// <summary>What is wrong with a value by this rule; null where it holds.</summary>
    /// <param name="self">The value, with the defaults of its schema.</param>
    /// <param name="oldSelf">The value before; null where there was none, or where nobody can tell which it was.</param>
    public RuleViolation? FindViolation(CelValue self, CelValue? oldSelf)
    {
        if (IsTransition && oldSelf is null && !_hasOptionalOldSelf)
        {
            return null;
        }

        var variables = new Dictionary<string, CelValue>(StringComparer.Ordinal) { [Self] = self };
        if (_hasOptionalOldSelf || oldSelf is not null)
        {
            variables[OldSelf] = _hasOptionalOldSelf ? new CelOptional(oldSelf) : oldSelf!;
        }

        return _program.Evaluate(variables) switch
        {
            CelBool { Value: true } => null,
            CelBool => new RuleViolation(MessageOf(variables), IsUndecided: false),
            CelError error => new RuleViolation($"{_message} (the rule cannot be evaluated: {error.Message})", IsUndecided: true),
            var other => new RuleViolation($"{_message} (the rule is no bool but {other.TypeName})", IsUndecided: true),
        };
    }

    /// <summary>What the rule's expression says, if that is one line; else what is written there.</summary>
    private string MessageOf(Dictionary<string, CelValue> variables) =>
        _messageProgram?.Evaluate(variables) is CelString { Value: var text } && text.Trim().Length > 0 && !text.Contains('\n', StringComparison.Ordinal) ? text : _message;
}

/// <summary>A rule that does not hold.</summary>
/// <param name="Message">The rule's message.</param>
/// <param name="IsUndecided">Whether the rule could not be evaluated.</param>
internal sealed record RuleViolation(string Message, bool IsUndecided);
