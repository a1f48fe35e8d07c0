using KmsOperator.Api;
using KmsOperator.Importing.Drafting;
using KmsOperator.Importing.Reporting;

namespace KmsOperator.Importing.Output;

/// <summary>The manifests of an import, as files and as one text.</summary>
internal static class ImportFiles
{
    /// <summary>A file for each resource; <c>kubectl apply -f</c> takes the folder, classes first by their names.</summary>
    public static IReadOnlyList<OutputFile> Of(ImportDraft draft) =>
    [
        .. draft.Classes.Select(one => new OutputFile($"{KeyClass.KindName.ToLowerInvariant()}-{one.Metadata.Name}.yaml", Manifest(one))),
        .. draft.Keys.Select(key => new OutputFile($"{key.Draft.Resource.Kind.ToLowerInvariant()}-{key.Draft.Resource.Metadata.Name}.yaml", Manifest(key))),
    ];

    /// <summary>All manifests as one YAML stream.</summary>
    public static string Stream(ImportDraft draft) => string.Join("---\n", Of(draft).Select(file => file.Text));

    private static string Manifest(KeyClass keyClass) =>
        $"# What the imported keys have in common. The operator uses its own credentials unless spec.account.roleArn names a role.\n{ResourceYaml.Write(keyClass)}";

    private static string Manifest(DraftedKey key) =>
        $"# Imported from {KeyReport.OneLine(key.Foreign.Label)}. Observe writes nothing to AWS; remove managementPolicy when status.plan says what you expect.\n{key.Draft.Yaml}";
}
