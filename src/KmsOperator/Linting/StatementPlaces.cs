using System.Globalization;
using System.Text.Json;
using KmsOperator.Api;
using KmsOperator.Manifests;

namespace KmsOperator.Linting;

/// <summary>Where in a manifest a statement of the rendered policy was written.</summary>
/// <param name="manifest">The resource.</param>
/// <param name="statements">How many statements the policy has.</param>
internal sealed class StatementPlaces(ManifestResource manifest, int statements)
{
    private readonly PolicySpec? _policy = manifest.Resource switch
    {
        ServiceKey key => key.Spec.Policy,
        KeyReplica replica => replica.Spec.Policy,
        _ => null,
    };

    /// <summary>The field of a statement, or of an element of it: in the override, in the additional statements, or the service whose row generates it.</summary>
    public string FieldOf(int? statement, string? element)
    {
        var tail = element is null ? "" : $".{element}";
        if (_policy?.Override is { ValueKind: JsonValueKind.Object } document)
        {
            const string field = "spec.policy.override";
            return statement is not { } index ? field
                : document.TryGetProperty("Statement", out var list) && list.ValueKind == JsonValueKind.Array ? $"{field}.Statement[{Text(index)}]{tail}"
                : $"{field}.Statement{tail}";
        }

        var added = _policy?.AdditionalStatements?.Count ?? 0;
        if (statement is { } own && own >= statements - added)
        {
            return $"spec.policy.additionalStatements[{Text(own - (statements - added))}]{tail}";
        }

        return manifest.Source.TextOf(ManifestDocument.Join(manifest.Root, "spec.service")) is null ? "spec" : "spec.service";
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
