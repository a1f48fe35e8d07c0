using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace KmsOperator.Testing.ApiServer;

/// <summary>What every object's metadata must be, when it is created and when it is changed.</summary>
/// <remarks>Source: apimachinery, pkg/api/validation/objectmeta.go.</remarks>
internal static partial class MetadataValidation
{
    private const int LongestName = 253;
    private const int LargestAnnotations = 256 * 1024;

    // A namespace is part of host names.
    private const int LongestLabel = 63;

    public static IEnumerable<FieldCause> Check(ServedKind kind, JsonObject metadata)
    {
        var name = (string?)metadata["name"] ?? "";
        if (name.Length == 0)
            yield return Cause("metadata.name", "Required value: name or generateName is required");
        else if (kind.Kind == "Namespace" && (name.Length > LongestLabel || !Label().IsMatch(name)))
            yield return Cause("metadata.name", $"Invalid value: \"{name}\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character");
        else if (name.Length > LongestName || !Subdomain().IsMatch(name))
            yield return Cause("metadata.name", $"Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character");
        foreach (var (key, value) in metadata["labels"] as JsonObject ?? [])
        {
            if (!IsQualifiedName(key))
                yield return Cause("metadata.labels", $"Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character");
            if ((string?)value is { Length: > 0 } text && (text.Length > LongestLabel || !NamePart().IsMatch(text)))
                yield return Cause("metadata.labels", $"Invalid value: \"{text}\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character");
        }
        var annotations = metadata["annotations"] as JsonObject ?? [];
        foreach (var (key, _) in annotations.Where(annotation => !IsQualifiedName(annotation.Key.ToLowerInvariant())))
            yield return Cause("metadata.annotations", $"Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character");
        if (annotations.Sum(annotation => annotation.Key.Length + ((string?)annotation.Value ?? "").Length) > LargestAnnotations)
            yield return Cause("metadata.annotations", "Too long: may not be more than 262144 bytes");
        foreach (var finalizer in (metadata["finalizers"] as JsonArray ?? []).Select(node => (string?)node ?? "").Where(text => !IsQualifiedName(text)))
            yield return Cause("metadata.finalizers", $"Invalid value: \"{finalizer}\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character");
        var owners = metadata["ownerReferences"] as JsonArray ?? [];
        foreach (var field in (string[])["apiVersion", "kind", "name", "uid"])
        {
            for (var i = 0; i < owners.Count; i++)
            {
                if (string.IsNullOrEmpty((string?)owners[i]![field]))
                    yield return Cause($"metadata.ownerReferences[{i}].{field}", $"Invalid value: \"\": must not be empty");
            }
        }
        if (owners.Count(owner => (bool?)owner!["controller"] == true) > 1)
            yield return Cause("metadata.ownerReferences", "Invalid value: Only one reference can have Controller set to true");
    }

    public static IEnumerable<FieldCause> CheckUpdate(JsonObject before, JsonObject now)
    {
        if (before["deletionTimestamp"] is not null)
        {
            var old = (before["finalizers"] as JsonArray ?? []).Select(node => (string?)node).ToHashSet();
            var added = (now["finalizers"] as JsonArray ?? []).Select(node => (string?)node).Where(text => !old.Contains(text)).ToList();
            if (added.Count > 0)
                yield return Cause("metadata.finalizers", $"Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{{{string.Join(", ", added.Select(text => $"\"{text}\""))}}}");
        }
        foreach (var field in (string[])["name", "namespace", "uid"])
        {
            if (!JsonNode.DeepEquals(before[field], now[field]))
                yield return Cause($"metadata.{field}", $"Invalid value: {now[field]?.ToJsonString() ?? "\"\""}: field is immutable");
        }
    }

    private static FieldCause Cause(string field, string message) => new(field, message, false);

    private static bool IsQualifiedName(string text) => text.Split('/') switch
    {
        [var name] => name.Length <= LongestLabel && NamePart().IsMatch(name),
        [var prefix, var name] => prefix.Length <= LongestName && Subdomain().IsMatch(prefix) && name.Length <= LongestLabel && NamePart().IsMatch(name),
        _ => false,
    };

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?\z")]
    private static partial Regex Label();

    [GeneratedRegex(@"\A[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\z")]
    private static partial Regex Subdomain();

    [GeneratedRegex(@"\A([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]\z")]
    private static partial Regex NamePart();
}
