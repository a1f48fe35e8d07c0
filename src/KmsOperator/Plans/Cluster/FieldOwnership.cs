using System.Text.Json;
using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Plans.Cluster;

/// <summary>
/// Which fields of an object's spec whoever applies its manifest has applied before, and which are others'. Both are trees as in <c>fieldsV1</c>. A field that the first has and the manifest lacks goes
/// when the manifest is applied; all other fields stay.
/// </summary>
/// <param name="Applied">The fields that were applied before with the manifest.</param>
/// <param name="Others">The fields that stay although they were applied: of other field managers.</param>
/// <remarks>
/// Sources: Kubernetes documentation, "Server-Side Apply" (field management, <c>fieldsV1</c>) and "Declarative Management of Kubernetes Objects Using Configuration Files" (how <c>kubectl apply</c>
/// calculates differences, by its annotation).
/// </remarks>
internal sealed record FieldOwnership(JsonObject Applied, JsonObject Others)
{
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";

    // Helm 3 removes what an earlier release had, by plain patches; Helm 4 by server-side apply.
    private const string Helm = "helm";

    /// <summary>Whether <c>kubectl apply</c>'s annotation says what was applied. kubectl then removes an object of which the manifest has nothing with all that others have put into it.</summary>
    public bool IsByAnnotation { get; private init; }

    /// <summary>Reads it from an object's metadata.</summary>
    /// <param name="metadata">Metadata as the API server sends it.</param>
    /// <param name="spec">The manifest's spec. Of several who apply, its owner is the one who has applied most of its fields.</param>
    /// <returns>Null where the API server does not say who owns what.</returns>
    public static FieldOwnership? Of(JsonObject metadata, JsonObject spec)
    {
        var managers = (metadata["managedFields"] as JsonArray ?? []).OfType<JsonObject>().Where(entry => (string?)entry["subresource"] is null or "")
            .Select(entry => (Name: (string?)entry["manager"] ?? "", IsApply: (string?)entry["operation"] == "Apply", Fields: entry["fieldsV1"]?["f:spec"] as JsonObject ?? [])).ToArray();
        var applying = managers.Where(manager => manager.Name == Helm || (manager.IsApply && manager.Name != ApiGroup.FieldManager))
            .Select(manager => new FieldOwnership(manager.Fields, Union(managers.Where(other => other != manager).Select(other => other.Fields)))).ToList();
        if (LastAppliedSpec(metadata) is { } last)
        {
            // kubectl removes what it has applied before, whoever has changed it since.
            applying.Add(new FieldOwnership(FieldsOf(last), []) { IsByAnnotation = true });
        }

        return applying.Where(one => Count(one.Applied, spec) > 0).MaxBy(one => Count(one.Applied, spec))
            ?? (managers.Length == 0 ? null : new FieldOwnership([], Union(managers.Select(manager => manager.Fields))));
    }

    private static JsonObject? LastAppliedSpec(JsonObject metadata)
    {
        try
        {
            return (string?)metadata["annotations"]?[LastApplied] is { } text ? JsonNode.Parse(text)?["spec"] as JsonObject : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonObject FieldsOf(JsonNode? value) => value is JsonObject map
        ? new JsonObject(map.Select(member => KeyValuePair.Create($"f:{member.Key}", (JsonNode?)FieldsOf(member.Value))))
        : [];

    private static JsonObject Union(IEnumerable<JsonObject> sets)
    {
        var union = new JsonObject();
        foreach (var (step, below) in sets.SelectMany(set => set))
        {
            union[step] = Union(new[] { union[step], below }.OfType<JsonObject>());
        }

        return union;
    }

    /// <summary>How many fields of a value are in a set.</summary>
    private static int Count(JsonObject fields, JsonObject value) => value.Sum(member =>
        fields[$"f:{member.Key}"] is not JsonObject below ? 0 : 1 + (member.Value is JsonObject map ? Count(below, map) : 0));
}
