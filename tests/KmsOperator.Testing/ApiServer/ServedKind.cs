using System.Text.Json.Nodes;

namespace KmsOperator.Testing.ApiServer;

/// <summary>A kind that the server serves.</summary>
internal sealed class ServedKind
{
    // Source: Kubernetes API reference, ObjectMeta v1 meta, with its list and map types.
    private const string ObjectMetaSchema = """
        {"type":"object","properties":{
          "name":{"type":"string"},"generateName":{"type":"string"},"namespace":{"type":"string"},"selfLink":{"type":"string"},
          "uid":{"type":"string"},"resourceVersion":{"type":"string"},"generation":{"type":"integer"},
          "creationTimestamp":{"type":"string"},"deletionTimestamp":{"type":"string"},"deletionGracePeriodSeconds":{"type":"integer"},
          "labels":{"type":"object","additionalProperties":{"type":"string"}},
          "annotations":{"type":"object","additionalProperties":{"type":"string"}},
          "finalizers":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
          "ownerReferences":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["uid"],"items":{
            "type":"object","x-kubernetes-map-type":"atomic","properties":{
              "apiVersion":{"type":"string"},"kind":{"type":"string"},"name":{"type":"string"},"uid":{"type":"string"},
              "controller":{"type":"boolean"},"blockOwnerDeletion":{"type":"boolean"}}}},
          "managedFields":{"type":"array","items":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}
        """;

    /// <summary>Describes a kind.</summary>
    /// <param name="schema">OpenAPI schema of the object; what it says of <c>metadata</c> is replaced by the server's own.</param>
    public ServedKind(string group, string version, string plural, string kind, bool isNamespaced, bool hasStatus, bool isCustom, JsonObject schema)
    {
        (Group, Version, Plural, Kind, IsNamespaced, HasStatus, IsCustom) = (group, version, plural, kind, isNamespaced, hasStatus, isCustom);
        var whole = schema.DeepClone().AsObject();
        var properties = whole["properties"] as JsonObject ?? [];
        whole["properties"] = properties.Parent is null ? properties : properties.DeepClone();
        whole["properties"]!["apiVersion"] = new JsonObject { ["type"] = "string" };
        whole["properties"]!["kind"] = new JsonObject { ["type"] = "string" };
        whole["properties"]!["metadata"] = JsonNode.Parse(ObjectMetaSchema);
        ObjectSchema = new StructuralSchema(whole);
    }

    public string Group { get; }

    public string Version { get; }

    public string Plural { get; }

    public string Kind { get; }

    public bool IsNamespaced { get; }

    /// <summary>Whether status is a subresource: then it is written through that alone.</summary>
    public bool HasStatus { get; }

    /// <summary>Whether a CRD defines it. Only those have a generation here.</summary>
    public bool IsCustom { get; }

    /// <summary>The schema of a whole object.</summary>
    public StructuralSchema ObjectSchema { get; }

    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary>As error messages name it, for example <c>servicekeys.kms.servicekey.dev</c>.</summary>
    public string Resource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    /// <summary>As error messages about invalid objects name it, for example <c>ServiceKey.kms.servicekey.dev</c>.</summary>
    public string QualifiedKind => Group.Length == 0 ? Kind : $"{Kind}.{Group}";
}
