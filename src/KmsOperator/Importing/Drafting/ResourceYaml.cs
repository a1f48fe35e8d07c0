using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Rendering;

namespace KmsOperator.Importing.Drafting;

/// <summary>Writes resources as manifests.</summary>
internal static class ResourceYaml
{
    /// <summary>One YAML document, with a line break at its end.</summary>
    public static string Write(IResource resource) => JsonToYaml.Write(resource switch
    {
        KeyClass keyClass => JsonSerializer.SerializeToNode(keyClass, ApiJsonContext.Default.KeyClass)!,
        ServiceKey key => JsonSerializer.SerializeToNode(key, ApiJsonContext.Default.ServiceKey)!,
        KeyReplica replica => JsonSerializer.SerializeToNode(replica, ApiJsonContext.Default.KeyReplica)!,
        _ => throw new ArgumentException($"{resource.Kind} is no kind of this group.", nameof(resource)),
    }) + "\n";
}
