using System.Text.Json.Nodes;
using KmsOperator.Api;

namespace KmsOperator.Manifests;

/// <summary>A resource that was read from a file, and where each of its fields stands.</summary>
/// <param name="Resource">A <see cref="KeyClass"/>, <see cref="ServiceKey"/> or <see cref="KeyReplica"/>.</param>
/// <param name="Json">What was read, as it stands there.</param>
/// <param name="File">The file it was read from.</param>
/// <param name="Source">Its document.</param>
/// <param name="Root">Path of the resource within the document: empty, or <c>items[2]</c> in a List.</param>
internal sealed record ManifestResource(IResource Resource, JsonObject Json, string File, ManifestDocument Source, string Root)
{
    /// <summary>The line on which the resource begins.</summary>
    public int Line => Source.LineOf(Root);

    /// <summary>File and line, for errors about another resource.</summary>
    public string Place => $"{File}:{Line}";

    /// <summary>An error about one of the resource's fields, at the line of that field or of the nearest one around it.</summary>
    /// <param name="field">Path as in <c>FieldError.Field</c>.</param>
    /// <param name="message">What is wrong, and what to do.</param>
    public ManifestError Error(string field, string message) =>
        new(File, Source.LineOf(ManifestDocument.Join(Root, field)), field, message);
}

/// <summary>What manifests held: the resources that could be read, and all that is wrong with the rest.</summary>
internal sealed record ManifestSet(IReadOnlyList<ManifestResource> Resources, IReadOnlyList<ManifestError> Errors)
{
    /// <summary>Labels of the namespaces that are among the manifests, by the namespaces' names.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Namespaces { get; init; } =
        new Dictionary<string, IReadOnlyDictionary<string, string>>();
}
