using KmsOperator.Api;

namespace KmsOperator.Benchmarks.Load;

/// <summary>Where the resources are on an API server, and what the bench calls them.</summary>
internal static class ApiPaths
{
    private const string Group = $"/apis/{ApiGroup.Name}/{ApiGroup.Version}";

    public const string Classes = $"{Group}/keyclasses";

    public static string Keys(string @namespace) => $"{Group}/namespaces/{@namespace}/servicekeys";

    public static string Key(string @namespace, int i) => $"{Keys(@namespace)}/{KeyName(i)}";

    public static string Events(string @namespace) => $"/apis/events.k8s.io/v1/namespaces/{@namespace}/events";

    public static string KeyName(int i) => $"key-{i:d5}";
}
