using KmsOperator.Api;
using KmsOperator.Manifests;
using YamlDotNet.RepresentationModel;

namespace KmsOperator.Schemas;

/// <summary>The schemas of the operator's CRDs: the text of <c>config/crds</c>, which the executable carries.</summary>
internal static class CrdSchemas
{
    private const string Extension = ".yaml";

    // Each is read when it is first asked for: most verbs need none, and the text is long.
    private static readonly Dictionary<string, Lazy<CrdSchema>> ByKind = new(StringComparer.Ordinal)
    {
        [KeyClass.KindName] = new(() => Read(KeyClass.Plural)),
        [ServiceKey.KindName] = new(() => Read(ServiceKey.Plural)),
        [KeyReplica.KindName] = new(() => Read(KeyReplica.Plural)),
    };

    /// <summary>The schema of a kind.</summary>
    public static CrdSchema Of(string kind) => ByKind[kind].Value;

    /// <summary>The YAML of the CRD of a kind, as it stands in <c>config/crds</c>.</summary>
    /// <param name="plural">The kind's name in paths.</param>
    internal static string TextOf(string plural)
    {
        using var stream = typeof(CrdSchemas).Assembly.GetManifestResourceStream($"{ApiGroup.Name}_{plural}{Extension}")
            ?? throw new InvalidOperationException($"The executable carries no CRD of {plural}.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static CrdSchema Read(string plural)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(TextOf(plural)));
        var definition = new YamlToJson(plural, []).Convert(yaml.Documents[0]).Json!;
        return new CrdSchema(definition["spec"]!["versions"]!.AsArray().Single()!["schema"]!["openAPIV3Schema"]!.AsObject());
    }
}
