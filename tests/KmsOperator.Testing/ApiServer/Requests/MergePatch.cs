using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>JSON merge patch.</summary>
/// <remarks>Source: RFC 7386.</remarks>
internal static class MergePatch
{
    /// <summary>Changes an object in place.</summary>
    public static void Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            if (value is null)
            {
                target.Remove(name);
            }
            else if (value is JsonObject nested)
            {
                if (target[name] is not JsonObject inner)
                    target[name] = inner = [];
                Apply(inner, nested);
            }
            else
            {
                target[name] = value.DeepClone();
            }
        }
    }
}
