using System.Text.Json.Nodes;
using KmsOperator.Manifests;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.Importing.Objects;

/// <summary>Reads objects of other operators from files and directories. Objects of groups that nobody asks for are passed over.</summary>
internal static class ForeignObjects
{
    /// <summary>The objects of some groups.</summary>
    /// <param name="paths">Files, and directories with all that is below them.</param>
    /// <param name="groups">API groups.</param>
    public static (IReadOnlyList<ForeignObject> Objects, IReadOnlyList<ManifestError> Errors) Load(IEnumerable<string> paths, IReadOnlyCollection<string> groups)
    {
        var objects = new List<ForeignObject>();
        var errors = new List<ManifestError>();
        foreach (var path in paths)
        {
            if (!Path.Exists(path))
            {
                errors.Add(new ManifestError(path, 0, null, "no such file or directory"));
                continue;
            }

            string[] files = [.. ManifestLoader.Files(path)];
            if (files.Length == 0)
            {
                errors.Add(new ManifestError(path, 0, null, "holds no manifests: no file below it ends in .yaml, .yml or .json"));
            }

            foreach (var file in files)
            {
                try
                {
                    using var text = File.OpenText(file);
                    if (ManifestLoader.IsBinary(text))
                    {
                        errors.Add(new ManifestError(file, 0, null, ManifestLoader.NotText));
                        continue;
                    }

                    Read(file, text, groups, objects, errors);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    errors.Add(new ManifestError(file, 0, null, $"cannot be read: {exception.Message}"));
                }
            }
        }

        return (objects, errors);
    }

    /// <summary>The objects of one text.</summary>
    internal static void Read(string file, TextReader text, IReadOnlyCollection<string> groups, List<ForeignObject> objects, List<ManifestError> errors)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(text);
        }
        catch (YamlException exception)
        {
            // Index 0 is what the parser says when it does not know the place.
            errors.Add(new ManifestError(file, exception.Start.Index == 0 ? 0 : (int)exception.Start.Line, null, $"is not valid YAML: {exception.Message}"));
            return;
        }
        catch (InvalidOperationException)
        {
            // The parser gives up like this on some flow collections that are not closed.
            errors.Add(new ManifestError(file, 0, null, "is not valid YAML: perhaps a [ or { is not closed"));
            return;
        }

        var convert = new YamlToJson(file, errors);
        foreach (var document in stream.Documents)
        {
            Collect(convert.Convert(document).Json, groups, objects);
        }
    }

    private static void Collect(JsonNode? node, IReadOnlyCollection<string> groups, List<ForeignObject> objects)
    {
        if (node is not JsonObject json || json["apiVersion"]?.ToString().Split('/') is not [var group, ..] || json["kind"]?.ToString() is not { } kind)
        {
            return;
        }

        if (kind.EndsWith("List", StringComparison.Ordinal) && json["items"] is JsonArray items)
        {
            foreach (var item in items)
            {
                Collect(item, groups, objects);
            }
        }
        else if (groups.Contains(group))
        {
            objects.Add(new ForeignObject(group, kind, json));
        }
    }
}
