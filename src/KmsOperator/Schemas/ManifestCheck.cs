using KmsOperator.Api;
using KmsOperator.Manifests;
using KmsOperator.Planning;

namespace KmsOperator.Schemas;

/// <summary>What is wrong with one resource of a manifest, whatever else there is: by the operator's own check, and by the CEL rules of its CRD.</summary>
internal static class ManifestCheck
{
    /// <summary>All of it. The operator's own words come first, since they name the field and say what to do; a rule that says the same is not repeated.</summary>
    public static IReadOnlyList<FieldError> Find(ManifestResource manifest) => Find(manifest, CrdSchemas.Of(manifest.Resource.Kind));

    /// <summary>The same with another schema than that of the kind's CRD.</summary>
    internal static IReadOnlyList<FieldError> Find(ManifestResource manifest, CrdSchema schema)
    {
        var own = OwnErrors(manifest);
        return [.. own, .. BrokenRules(manifest, schema, own)];
    }

    /// <summary>The rules of the CRD that do not hold, without those of which the operator's own check says the same.</summary>
    public static IReadOnlyList<FieldError> FindBrokenRules(ManifestResource manifest) => [.. BrokenRules(manifest, CrdSchemas.Of(manifest.Resource.Kind), OwnErrors(manifest))];

    private static IReadOnlyList<FieldError> OwnErrors(ManifestResource manifest) => manifest.Resource switch
    {
        KeyClass keyClass => SpecValidation.Validate(keyClass),
        ServiceKey key => SpecValidation.Validate(key),
        KeyReplica replica => SpecValidation.Validate(replica),
        _ => [],
    };

    /// <summary>A rule that cannot be evaluated is the fault of what the operator's own check has found, if it has found anything: a required field is missing.</summary>
    private static IEnumerable<FieldError> BrokenRules(ManifestResource manifest, CrdSchema schema, IReadOnlyList<FieldError> own) =>
        CrdRules.Check(schema, manifest.Json)
            .Where(found => !(found.Violation.IsUndecided && own.Count > 0))
            .Select(found => new FieldError(found.Field, found.Violation.Message))
            .Where(error => !own.Any(said => IsTheSame(said, error)));

    /// <summary>Whether the operator's own check says what a rule says: in the same words, or about the field with whose name the rule's message begins.</summary>
    private static bool IsTheSame(FieldError said, FieldError rule)
    {
        var field = $"{rule.Field}.{rule.Message.Split(' ', 2)[0]}";
        return said.Message.Contains(rule.Message, StringComparison.Ordinal)
            || (said.Field.StartsWith(field, StringComparison.Ordinal) && (said.Field.Length == field.Length || said.Field[field.Length] is '.' or '['));
    }
}
