using System.Text.Json.Nodes;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>A kind as a server lists it.</summary>
/// <param name="Root">Where its group and version are, for example <c>/apis/apps/v1</c>.</param>
/// <param name="Kind">For example <c>Deployment</c>.</param>
/// <param name="Plural">For example <c>deployments</c>.</param>
/// <param name="Names">All names that kubectl takes for it, for example <c>deploy</c>.</param>
/// <param name="IsNamespaced">Whether its objects are in namespaces.</param>
internal sealed record KindOnServer(string Root, string Kind, string Plural, IReadOnlyList<string> Names, bool IsNamespaced)
{
    /// <summary>The kinds in a list of a group and version.</summary>
    public static IEnumerable<KindOnServer> ReadAll(string root, JsonObject list) =>
        from resource in list["resources"]!.AsArray().OfType<JsonObject>()
        let plural = (string)resource["name"]!
        // The others are subresources.
        where !plural.Contains('/', StringComparison.Ordinal)
        let names = resource["shortNames"]?.AsArray().Select(name => (string)name!) ?? []
        let kind = (string)resource["kind"]!
        select new KindOnServer(root, kind, plural, [plural, kind, .. names], (bool)resource["namespaced"]!);

    /// <summary>Whether kubectl takes a name for it.</summary>
    public bool IsCalled(string name) => Names.Contains(name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Where its objects are.</summary>
    public string CollectionPath(string @namespace) => IsNamespaced ? $"{Root}/namespaces/{@namespace}/{Plural}" : $"{Root}/{Plural}";

    /// <summary>Where one object is.</summary>
    public string ObjectPath(string @namespace, string name) => $"{CollectionPath(@namespace)}/{Uri.EscapeDataString(name)}";
}
