using System.Text.Json.Nodes;

namespace KmsOperator.Schemas;

/// <summary>What a CRD says of a value: its defaults and its CEL rules.</summary>
/// <remarks>Source: Kubernetes documentation, "Custom Resources", "Specifying a structural schema".</remarks>
internal sealed class CrdSchema
{
    private readonly Dictionary<string, CrdSchema> _properties = new(StringComparer.Ordinal);
    private readonly CrdSchema? _values;
    private readonly JsonNode? _default;
    private readonly bool _isNullable;

    /// <summary>Reads a schema of OpenAPI with Kubernetes' extensions.</summary>
    public CrdSchema(JsonObject json)
    {
        foreach (var (name, property) in json["properties"] as JsonObject ?? [])
        {
            _properties.Add(name, new CrdSchema(property!.AsObject()));
        }

        _values = json["additionalProperties"] is JsonObject values ? new CrdSchema(values) : null;
        _default = json["default"];
        _isNullable = (bool?)json["nullable"] ?? false;
        Items = json["items"] is JsonObject items ? new CrdSchema(items) : null;
        MapKeys = (string?)json["x-kubernetes-list-type"] == "map" ? [.. json["x-kubernetes-list-map-keys"]!.AsArray().Select(name => (string)name!)] : [];
        Rules = [.. (json["x-kubernetes-validations"] as JsonArray ?? []).Select(rule => new CrdRule(rule!.AsObject()))];
    }

    /// <summary>What the items of a list are; null where the schema does not say.</summary>
    public CrdSchema? Items { get; }

    /// <summary>The fields that tell the items of a list apart; empty where the list is no map.</summary>
    public IReadOnlyList<string> MapKeys { get; }

    /// <summary>The rules of this value itself.</summary>
    public IReadOnlyList<CrdRule> Rules { get; }

    /// <summary>What a field of an object or a value of a map is; null where the schema does not say.</summary>
    public CrdSchema? Field(string name) => _properties.GetValueOrDefault(name) ?? _values;

    /// <summary>Gives fields that are absent their defaults, as the API server does before it looks at anything.</summary>
    public void FillDefaults(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (name, property) in _properties)
                {
                    if (property._default is { } value && (!map.TryGetPropertyValue(name, out var current) || (current is null && !property._isNullable)))
                    {
                        map[name] = value.DeepClone();
                    }
                }

                foreach (var (name, value) in map)
                {
                    Field(name)?.FillDefaults(value);
                }

                break;
            case JsonArray list when Items is not null:
                foreach (var item in list)
                {
                    Items.FillDefaults(item);
                }

                break;
        }
    }
}
