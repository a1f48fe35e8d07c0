using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.Manifests;

/// <summary>Reads the resources of one file of YAML documents; JSON is YAML too.</summary>
internal sealed class ManifestFile(string file, ManifestReading reading)
{
    private static readonly Dictionary<string, JsonTypeInfo> Kinds = new(StringComparer.Ordinal)
    {
        [KeyClass.KindName] = ApiJsonContext.Default.KeyClass,
        [ServiceKey.KindName] = ApiJsonContext.Default.ServiceKey,
        [KeyReplica.KindName] = ApiJsonContext.Default.KeyReplica,
    };

    public void Read(TextReader text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(text);
        }
        catch (YamlException exception)
        {
            // Index 0 is what the parser says when it does not know the place.
            var line = exception.Start.Index == 0 ? 0 : (int)exception.Start.Line;
            reading.Errors.Add(new ManifestError(file, line, null, $"is not valid YAML: {exception.Message}") { IsUnreadable = true });
        }
        catch (InvalidOperationException)
        {
            // The parser gives up like this on some flow collections that are not closed.
            reading.Errors.Add(new ManifestError(file, 0, null, "is not valid YAML: perhaps a [ or { is not closed") { IsUnreadable = true });
        }

        var convert = new YamlToJson(file, reading.Errors);
        foreach (var document in stream.Documents)
        {
            var before = reading.Errors.Count;
            var converted = convert.Convert(document);
            if (reading.Errors.Count == before && converted.Json is not null) Object(converted.Json, "", converted);
        }
    }

    private void Object(JsonNode? json, string root, ManifestDocument document)
    {
        if (json is not JsonObject fields || Text(fields, "apiVersion") is not { } apiVersion || Text(fields, "kind") is not { } kind)
        {
            Error(root, null, "is not a Kubernetes resource, it needs apiVersion and kind", document);
            return;
        }

        var isOurs = apiVersion.StartsWith(ApiGroup.Name + "/", StringComparison.Ordinal);
        if ((isOurs || apiVersion == "v1") && kind.EndsWith("List", StringComparison.Ordinal) && fields["items"] is JsonArray items)
        {
            for (var i = 0; i < items.Count; i++) Object(items[i], ManifestDocument.Join(root, $"items[{i}]"), document);
        }
        else if (isOurs && apiVersion != ApiGroup.ApiVersion)
        {
            Error(root, "apiVersion", $"{apiVersion} is not known, this operator knows {ApiGroup.ApiVersion}", document);
        }
        else if (isOurs && !Kinds.ContainsKey(kind))
        {
            var suggestion = Suggestion.For(kind, Kinds.Keys);
            Error(root, "kind", $"{kind} is not known{(suggestion.Length > 0 ? $"{suggestion} Use" : ", use")} one of {string.Join(", ", Kinds.Keys)}", document);
        }
        else if (isOurs)
        {
            Resource(Kinds[kind], fields, root, document);
        }
        else if (apiVersion == "v1" && kind == "Namespace")
        {
            Namespace(fields["metadata"] as JsonObject);
        }
    }

    /// <summary>Of other groups only the labels of namespaces count: KeyClasses select by them.</summary>
    private void Namespace(JsonObject? metadata)
    {
        if (Text(metadata, "name") is not { } name) return;
        // The server puts the name there, also for those who leave it out.
        var labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["kubernetes.io/metadata.name"] = name };
        foreach (var (key, _) in metadata!["labels"] as JsonObject ?? [])
            if (Text((JsonObject)metadata["labels"]!, key) is { } value) labels[key] = value;
        reading.Namespaces[name] = labels;
    }

    private void Resource(JsonTypeInfo type, JsonObject json, string root, ManifestDocument document)
    {
        var before = reading.Errors.Count;
        new StrictShape(document, root, (field, message) => Error(root, field, message, document)).Check(type, json);
        var metadata = json["metadata"] as JsonObject;
        if (Text(metadata, "name") is not { Length: > 0 } name)
            Error(root, "metadata.name", "Required value: every resource needs a name", document);
        else if (ResourceName.Check(name) is { } wrongName)
            Error(root, "metadata.name", wrongName, document);
        if (Text(metadata, "namespace") is { } @namespace && ResourceName.CheckNamespace(@namespace) is { } wrongNamespace)
            Error(root, "metadata.namespace", wrongNamespace, document);
        if (!json.ContainsKey("spec")) Error(root, "spec", "Required value", document);
        if (reading.Errors.Count > before) return;

        try
        {
            reading.Resources.Add(new ManifestResource((IResource)json.Deserialize(type)!, json, file, document, root));
        }
        catch (JsonException exception)
        {
            Error(root, exception.Path?.TrimStart('$', '.'), exception.Message, document);
        }
    }

    private static string? Text(JsonObject? json, string field) =>
        json?[field] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private void Error(string root, string? field, string message, ManifestDocument document) =>
        reading.Errors.Add(new ManifestError(file, document.LineOf(field is null ? root : ManifestDocument.Join(root, field)), field, message));
}
