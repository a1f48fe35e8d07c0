using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>KMS's limits on a key, checked before any call.</summary>
internal static class DesiredKeyLimits
{
    /// <summary>The first limit that a key breaks, or null.</summary>
    /// <param name="aliasName">The alias; null where it is not known yet.</param>
    /// <param name="aliasField">The field that the alias comes from.</param>
    /// <param name="tags">The key's tags.</param>
    public static ReconcileError? Check(string? aliasName, string aliasField, IReadOnlyDictionary<string, string> tags)
    {
        if (aliasName is not null && AliasName.Check(aliasName) is { } problem)
        {
            var advice = aliasField == AliasName.Field ? "" : $". Correct the template, or set {AliasName.Field}";
            return ReconcileError.Terminal(Reasons.InvalidSpec, $"{aliasField}: {aliasName}: {problem}{advice}.");
        }

        foreach (var (tag, value) in tags)
        {
            if (value.Length > KeyTags.MaxValueLength)
            {
                return ReconcileError.Terminal(
                    Reasons.InvalidSpec,
                    $"{(tag == TagNames.Owner ? "metadata.name" : $"spec.tags.{tag}")}: the tag {tag} would have {value.Length} characters; "
                    + $"KMS permits {KeyTags.MaxValueLength}. {(tag == TagNames.Owner ? "Use a shorter name." : "Set a shorter one.")}");
            }
        }

        // One more than the map holds: the creation attempt.
        return tags.Count + 1 > KeyTags.MaxTags
            ? ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.tags: with the class's and the operator's own the key would have {tags.Count + 1} tags; KMS permits {KeyTags.MaxTags}.")
            : null;
    }
}
