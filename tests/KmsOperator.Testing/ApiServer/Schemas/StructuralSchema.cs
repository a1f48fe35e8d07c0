using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using KmsOperator.Schemas;

namespace KmsOperator.Testing.ApiServer;

/// <summary>How a list or a map is merged and who owns its parts.</summary>
internal enum MergeRelationship
{
    /// <summary>Each item or entry by itself.</summary>
    Granular,

    /// <summary>As one value.</summary>
    Atomic,
}

/// <summary>A CRD's structural schema of one node, read once.</summary>
/// <remarks>Source: Kubernetes documentation, "Custom Resources", "Specifying a structural schema".</remarks>
internal sealed class StructuralSchema
{
    /// <summary>A node that no schema describes: maps are merged by entry, lists are atomic.</summary>
    public static StructuralSchema Unknown { get; } = new(new JsonObject { ["x-kubernetes-preserve-unknown-fields"] = true });

    public StructuralSchema(JsonObject json)
    {
        Type = (string?)json["type"];
        Properties = [];
        foreach (var (name, property) in json["properties"] as JsonObject ?? [])
            Properties.Add(name, new StructuralSchema(property!.AsObject()));
        Items = json["items"] is JsonObject items ? new StructuralSchema(items) : null;
        AdditionalProperties = json["additionalProperties"] is JsonObject values ? new StructuralSchema(values) : null;
        PreservesUnknownFields = (bool?)json["x-kubernetes-preserve-unknown-fields"] ?? false;
        IsNullable = (bool?)json["nullable"] ?? false;
        Default = json["default"];
        Required = [.. (json["required"] as JsonArray ?? []).Select(name => (string)name!)];
        Enum = json["enum"] as JsonArray;
        Format = (string?)json["format"];
        Pattern = (string?)json["pattern"] is { } pattern ? new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.ECMAScript) : null;
        PatternText = (string?)json["pattern"];
        MinLength = (int?)json["minLength"];
        MaxLength = (int?)json["maxLength"];
        Minimum = (long?)json["minimum"];
        Maximum = (long?)json["maximum"];
        MinItems = (int?)json["minItems"];
        MaxItems = (int?)json["maxItems"];
        MinProperties = (int?)json["minProperties"];
        MaxProperties = (int?)json["maxProperties"];
        IsSet = (string?)json["x-kubernetes-list-type"] == "set";
        MapKeys = (string?)json["x-kubernetes-list-type"] == "map"
            ? [.. json["x-kubernetes-list-map-keys"]!.AsArray().Select(name => (string)name!).Order(StringComparer.Ordinal)]
            : [];
        Merge = Items is not null || Type == "array"
            ? IsSet || MapKeys.Count > 0 ? MergeRelationship.Granular : MergeRelationship.Atomic
            : (string?)json["x-kubernetes-map-type"] == "atomic" ? MergeRelationship.Atomic : MergeRelationship.Granular;
        Rules = [.. (json["x-kubernetes-validations"] as JsonArray ?? []).Select(rule => new CrdRule(rule!.AsObject()))];
        HasRules = Rules.Count > 0 || Items?.HasRules == true || AdditionalProperties?.HasRules == true || Properties.Values.Any(property => property.HasRules);
    }

    public string? Type { get; }

    /// <summary>In the schema's order.</summary>
    public OrderedDictionary<string, StructuralSchema> Properties { get; }

    public StructuralSchema? Items { get; }

    public StructuralSchema? AdditionalProperties { get; }

    public bool PreservesUnknownFields { get; }

    public bool IsNullable { get; }

    public JsonNode? Default { get; }

    public IReadOnlyList<string> Required { get; }

    public JsonArray? Enum { get; }

    public string? Format { get; }

    public Regex? Pattern { get; }

    public string? PatternText { get; }

    public int? MinLength { get; }

    public int? MaxLength { get; }

    public long? Minimum { get; }

    public long? Maximum { get; }

    public int? MinItems { get; }

    public int? MaxItems { get; }

    public int? MinProperties { get; }

    public int? MaxProperties { get; }

    /// <summary>A list whose items are their own keys.</summary>
    public bool IsSet { get; }

    /// <summary>The fields that tell a list's items apart, in order of their names; empty for other lists.</summary>
    public IReadOnlyList<string> MapKeys { get; }

    public MergeRelationship Merge { get; }

    public IReadOnlyList<CrdRule> Rules { get; }

    /// <summary>Whether this node or one below it has a CEL rule.</summary>
    public bool HasRules { get; }

    /// <summary>The schema of a field of an object.</summary>
    /// <returns>Null when the schema does not declare the field.</returns>
    public StructuralSchema? Field(string name) =>
        Properties.TryGetValue(name, out var property) ? property : AdditionalProperties ?? (PreservesUnknownFields ? Unknown : null);

    /// <summary>The schema of an item of a list.</summary>
    public StructuralSchema Item => Items ?? Unknown;
}
