using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator.Schemas;

/// <summary>The rules in CEL of a class, for a resource as it was read. The same for the operator and the command line.</summary>
internal static class ClassRules
{
    /// <summary>The first rule that a resource does not fulfil, as an error; else null.</summary>
    /// <param name="keyClass">The class, whose spec is valid.</param>
    /// <param name="resource">A ServiceKey or a KeyReplica with its namespace.</param>
    /// <param name="labels">The labels of its namespace; null where they are not known.</param>
    public static ReconcileError? FindViolation(KeyClass keyClass, IResource resource, IReadOnlyDictionary<string, string>? labels)
    {
        // Most classes have no rules, and then nothing is read.
        if (keyClass.Spec.Allowed?.Validations is not { Count: > 0 })
        {
            return null;
        }

        var json = (JsonObject)(resource switch
        {
            ServiceKey key => JsonSerializer.SerializeToNode(key, ApiJsonContext.Default.ServiceKey),
            KeyReplica replica => JsonSerializer.SerializeToNode(replica, ApiJsonContext.Default.KeyReplica),
            _ => throw new ArgumentException(resource.Kind, nameof(resource)),
        })!;
        CrdSchemas.Of(resource.Kind).FillDefaults(json);
        return ClassValidations.FindViolation(keyClass, json, labels);
    }
}
