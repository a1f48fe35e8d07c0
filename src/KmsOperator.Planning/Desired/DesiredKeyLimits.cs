using KmsOperator.Api;

namespace KmsOperator.Planning;

/// <summary>KMS's limits on a key, checked before any call.</summary>
internal static class DesiredKeyLimits
{
    /// <summary>The first limit that a key breaks, or null.</summary>
    public static Finding? Check(DesiredKey key)
    {
        if (AliasName.Check(key.AliasName) is { } problem)
        {
            return Finding.Stalled(Reasons.InvalidSpec, $"spec.alias: {key.AliasName}: {problem}");
        }

        foreach (var (tag, value) in key.Tags)
        {
            if (value.Length > KeyTags.MaxValueLength)
            {
                return Finding.Stalled(
                    Reasons.InvalidSpec,
                    $"{(tag == TagNames.Owner ? "metadata.name" : $"spec.tags.{tag}")}: the tag {tag} would have {value.Length} characters; "
                    + $"KMS permits {KeyTags.MaxValueLength}. {(tag == TagNames.Owner ? "Use a shorter name." : "Set a shorter one.")}");
            }
        }

        // One more than the map holds: the creation attempt.
        return key.Tags.Count + 1 > KeyTags.MaxTags
            ? Finding.Stalled(
                Reasons.InvalidSpec,
                $"spec.tags: with the class's and the operator's own the key would have {key.Tags.Count + 1} tags; KMS permits {KeyTags.MaxTags}.")
            : null;
    }
}
