using System.Text.Json.Nodes;

namespace KmsOperator.Manifests;

/// <summary>One YAML document as JSON, with the line and the text of each of its nodes.</summary>
internal sealed class ManifestDocument
{
    private readonly Dictionary<string, (int Line, string? Text)> _nodes = new(StringComparer.Ordinal);

    /// <summary>The document; null when it is empty.</summary>
    public JsonNode? Json { get; set; }

    /// <summary>Path of a field of the node at <paramref name="path"/>.</summary>
    public static string Join(string path, string field) => path.Length == 0 ? field : $"{path}.{field}";

    /// <summary>Records where a node stands. Later calls for the same path are ignored.</summary>
    public void Record(string path, int line, string? text) => _nodes.TryAdd(path, (line, text));

    /// <summary>Line of the node at this path, or of the nearest one around it.</summary>
    public int LineOf(string path)
    {
        for (var current = path; current.Length > 0; current = Parent(current))
            if (_nodes.TryGetValue(current, out var node)) return node.Line;
        return _nodes.TryGetValue("", out var root) ? root.Line : 0;
    }

    /// <summary>The scalar at this path as it was written.</summary>
    public string? TextOf(string path) => _nodes.GetValueOrDefault(path).Text;

    private static string Parent(string path)
    {
        var end = path.LastIndexOfAny(['.', '[']);
        return end < 0 ? "" : path[..end];
    }
}
