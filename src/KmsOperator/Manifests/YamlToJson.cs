using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.Manifests;

/// <summary>Turns a YAML document into JSON: anchors and merge keys are resolved, and each node's line is kept.</summary>
internal sealed class YamlToJson(string file, List<ManifestError> errors)
{
    // Far more than any manifest has; keeps a few nested anchors from filling the memory.
    private const int MaxNodes = 1_000_000;
    private const int MaxDepth = 100;

    // A path is for error the place; what is nested without end has none at the end of it.
    private const int MaxPathLength = 120;

    private int _nodes;
    private bool _stopped;

    public ManifestDocument Convert(YamlDocument document)
    {
        var result = new ManifestDocument();
        _stopped = false;
        Record(result, "", document.RootNode, document.RootNode);
        result.Json = Node(document.RootNode, "", 0, result);
        return result;
    }

    private JsonNode? Node(YamlNode node, string path, int depth, ManifestDocument document)
    {
        if (_stopped) return null;
        if (++_nodes > MaxNodes || depth > MaxDepth)
        {
            _stopped = true;
            Error(node, path, "is nested too deeply or repeated too often; an anchor that contains itself has no end");
            return null;
        }

        switch (node)
        {
            case YamlScalarNode scalar:
                return YamlScalar.ToJson(scalar);
            case YamlSequenceNode sequence:
                var array = new JsonArray();
                foreach (var item in sequence)
                {
                    var place = $"{path}[{array.Count.ToString(CultureInfo.InvariantCulture)}]";
                    Record(document, place, item, item);
                    array.Add(Node(item, place, depth + 1, document));
                }

                return array;
            case YamlMappingNode mapping:
                var result = new JsonObject();
                Fill(result, mapping, path, depth, document);
                return result;
            default:
                Error(node, path, $"is not understood: {node.NodeType}");
                return null;
        }
    }

    /// <summary>A mapping's own keys win over those that it merges in, whatever their order.</summary>
    private void Fill(JsonObject result, YamlMappingNode mapping, string path, int depth, ManifestDocument document)
    {
        foreach (var (key, value) in mapping)
        {
            if (IsMerge(key)) continue;
            if (key is not YamlScalarNode { Value: { } name })
            {
                Error(key, path, "has a key that is not a text");
            }
            else if (!result.ContainsKey(name))
            {
                var place = ManifestDocument.Join(path, name);
                Record(document, place, key, value);
                result.Add(name, Node(value, place, depth + 1, document));
            }
        }

        foreach (var (_, value) in mapping.Where(pair => IsMerge(pair.Key)))
        {
            foreach (var source in value is YamlSequenceNode several ? several.Children : [value])
            {
                if (source is YamlMappingNode merged && depth < MaxDepth) Fill(result, merged, path, depth + 1, document);
                else Error(source, path, "<<: merges mappings only");
            }
        }
    }

    private static bool IsMerge(YamlNode key) => key is YamlScalarNode { Value: "<<", Style: YamlDotNet.Core.ScalarStyle.Plain };

    /// <summary>A field stands where its key stands: its value may be an anchor elsewhere, or begin on the next line.</summary>
    private static void Record(ManifestDocument document, string path, YamlNode place, YamlNode value) =>
        document.Record(path, Line(place), (value as YamlScalarNode)?.Value);

    private static int Line(YamlNode node) => (int)node.Start.Line;

    private void Error(YamlNode node, string path, string message) =>
        errors.Add(new ManifestError(file, Line(node), path.Length == 0 ? null : Shortened(path), message));

    private static string Shortened(string path)
    {
        if (path.Length <= MaxPathLength) return path;
        var end = path.LastIndexOfAny(['.', '['], MaxPathLength / 2);
        return path[..(end > 0 ? end : MaxPathLength / 2)] + "…";
    }
}
