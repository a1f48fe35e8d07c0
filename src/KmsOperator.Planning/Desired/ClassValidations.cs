using System.Globalization;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Planning.Cel;

namespace KmsOperator.Planning;

/// <summary>Holds resources to the rules in CEL of their class, <c>allowed.validations</c>.</summary>
public static class ClassValidations
{
    private const string Self = "self";

    // As a ValidatingAdmissionPolicy calls it; "namespace" is a reserved word of CEL.
    private const string Namespace = "namespaceObject";

    // A class may have twenty rules, and each reconcile of each of its resources evaluates them.
    private const long MaxSteps = 100_000;

    /// <summary>The first rule that a resource does not fulfil or that cannot be evaluated for it, as an error; else null.</summary>
    /// <param name="keyClass">The class, whose spec is valid.</param>
    /// <param name="resource">The resource, with the defaults of its CRD. The rules see its kind, name, namespace and spec.</param>
    /// <param name="labels">The labels of its namespace; null where they are not known, so that rules about them are not held against it.</param>
    public static ReconcileError? FindViolation(KeyClass keyClass, JsonObject resource, IReadOnlyDictionary<string, string>? labels)
    {
        if (keyClass.Spec.Allowed?.Validations is not { Count: > 0 } validations)
        {
            return null;
        }

        var variables = VariablesOf(resource, labels ?? new Dictionary<string, string>());
        foreach (var (index, validation) in validations.Index())
        {
            if (labels is null && ReadsNamespace(validation))
            {
                continue;
            }

            var source = string.Create(CultureInfo.InvariantCulture, $"KeyClass {keyClass.Metadata.Name}, allowed.validations[{index}]");
            switch (Parse(validation.Expression, out var mistake)?.Evaluate(variables, MaxSteps) ?? new CelError(mistake))
            {
                case CelBool { Value: true }:
                    continue;
                case CelBool:
                    return ReconcileError.Terminal(Reasons.PermissionDenied, $"{validation.Message} ({source})");
                case var other:
                    var why = other is CelError error ? error.Message : $"it is no bool but {other.TypeName}";
                    return ReconcileError.Terminal(Reasons.PermissionDenied, $"{validation.Message} ({source}: the rule cannot be evaluated: {why})");
            }
        }

        return null;
    }

    /// <summary>Whether a rule is about the namespace, of which only a cluster knows all.</summary>
    public static bool ReadsNamespace(AllowedValidation validation) => CelProgram.Mentions(validation.Expression, Namespace);

    /// <summary>What is wrong with the rules of a class.</summary>
    internal static void Check(FieldErrors errors, IReadOnlyList<AllowedValidation>? validations)
    {
        const string field = "spec.allowed.validations";
        errors.Require(validations is not { Count: 0 }, field, "must not be empty: leave the list out to allow anything");
        errors.Count(field, validations?.Count, 20);
        foreach (var (index, validation) in (validations ?? []).Index())
        {
            var item = string.Create(CultureInfo.InvariantCulture, $"{field}[{index}]");
            errors.Text($"{item}.message", validation.Message, 1024, minLength: 1);
            if (errors.Text($"{item}.expression", validation.Expression, 4096, minLength: 1) && Parse(validation.Expression, out var mistake) is null)
            {
                errors.Add($"{item}.expression", mistake);
            }
        }
    }

    /// <summary>Null with the mistake where the expression is none. A class that another version found valid may have one.</summary>
    private static CelProgram? Parse(string expression, out string mistake)
    {
        mistake = "";
        try
        {
            return CelProgram.Parse(expression, Self, Namespace);
        }
        catch (CelSyntaxException e)
        {
            mistake = string.Create(CultureInfo.InvariantCulture, $"is no CEL at character {e.Position + 1}: {e.Message}");
            return null;
        }
    }

    /// <summary>The same wherever the rules are evaluated: the operator keeps no other labels and annotations of a resource than its own.</summary>
    private static Dictionary<string, CelValue> VariablesOf(JsonObject resource, IReadOnlyDictionary<string, string> labels)
    {
        var name = (string?)resource["metadata"]?["namespace"];
        var self = new JsonObject
        {
            ["kind"] = resource["kind"]?.DeepClone(),
            ["metadata"] = new JsonObject { ["name"] = resource["metadata"]?["name"]?.DeepClone(), ["namespace"] = name },
            ["spec"] = resource["spec"]?.DeepClone(),
        };
        var space = new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject(labels.Select(label => KeyValuePair.Create(label.Key, (JsonNode?)label.Value))) },
        };
        return new(StringComparer.Ordinal) { [Self] = CelValue.Of(self), [Namespace] = CelValue.Of(space) };
    }
}
