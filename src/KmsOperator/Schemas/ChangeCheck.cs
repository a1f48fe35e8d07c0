using System.Text.Json.Nodes;
using KmsOperator.Planning;

namespace KmsOperator.Schemas;

/// <summary>What the API server refuses of a change, by the CEL rules of the CRD that compare a resource with what it was.</summary>
internal static class ChangeCheck
{
    /// <summary>The rules that hold of the resource by itself and not of the change, with the API server's messages.</summary>
    /// <param name="kind">The resource's kind.</param>
    /// <param name="before">The resource of the cluster, with its status.</param>
    /// <param name="after">The same with the change; the API server keeps its status.</param>
    public static IReadOnlyList<FieldError> Find(string kind, JsonObject before, JsonObject after)
    {
        var schema = CrdSchemas.Of(kind);
        return [.. CrdRules.Check(schema, after, before).Except(CrdRules.Check(schema, after)).Select(broken => new FieldError(broken.Field, broken.Violation.Message))];
    }
}
