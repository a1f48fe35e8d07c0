using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cel;

namespace KmsOperator.Testing.ApiServer;

/// <summary>One of <c>x-kubernetes-validations</c>.</summary>
/// <remarks>Source: Kubernetes documentation, "Custom Resources", "Validation rules".</remarks>
internal sealed partial class CelRule(JsonObject json)
{
    // The library's has() is false for empty strings, lists and maps (measured with 0.3.3), Kubernetes' is not.
    private readonly Lazy<CelProgramDelegate> _program = new(() => new CelEnvironment(null, "").Compile(Has().Replace((string)json["rule"]!, "('$2' in $1)")));

    public string Text { get; } = (string)json["rule"]!;

    public string Message { get; } = (string?)json["message"] ?? $"failed rule: {(string)json["rule"]!}";

    /// <summary>A rule about <c>oldSelf</c> is for updates alone.</summary>
    public bool IsTransition { get; } = ((string)json["rule"]!).Contains("oldSelf", StringComparison.Ordinal);

    /// <summary>Evaluates the rule.</summary>
    /// <param name="self">The value, see <see cref="Native"/>.</param>
    /// <param name="oldSelf">The value before; null for a rule that is no transition rule.</param>
    /// <exception cref="InvalidOperationException">The CEL library cannot evaluate the rule, so the model cannot say what the server would.</exception>
    public bool Holds(object? self, object? oldSelf)
    {
        var variables = new Dictionary<string, object?> { ["self"] = self };
        if (IsTransition)
            variables["oldSelf"] = oldSelf;
        try
        {
            return _program.Value(variables) is true;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"The CEL rule '{Text}' cannot be evaluated: {e.Message}", e);
        }
    }

    [GeneratedRegex(@"\bhas\(([\w.]+)\.(\w+)\)")]
    private static partial Regex Has();

    /// <summary>A value as the CEL library takes it.</summary>
    public static object? Native(JsonNode? node) => node switch
    {
        JsonObject map => map.ToDictionary(entry => entry.Key, entry => Native(entry.Value)),
        JsonArray list => list.Select(Native).ToArray(),
        null => null,
        _ => node.GetValueKind() switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.String => node.GetValue<string>(),
            _ => JsonNumber.IsInteger(node, out var number) ? number : JsonNumber.ToDouble(node),
        },
    };
}
