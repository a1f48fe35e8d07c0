namespace KmsOperator.Policies.Evaluation;

/// <summary>The ARN of a key, of which the id may not be known: the key does not exist yet.</summary>
/// <param name="Prefix">The ARN up to the id, for example <c>arn:aws:kms:eu-west-1:111122223333:key/</c>.</param>
/// <param name="KeyId">The id; null if it is not known.</param>
public sealed record KeyArn(string Prefix, string? KeyId)
{
    // No key has this id, so a pattern that names a key's own id does not fit it.
    private const string AnyKeyId = "00000000-0000-0000-0000-000000000000";

    /// <summary>A key that may not exist yet.</summary>
    public static KeyArn Of(string region, string accountId, string? keyId = null) => new($"arn:{Partition.OfRegion(region)}:kms:{region}:{accountId}:key/", keyId);

    /// <summary>A key by its ARN.</summary>
    public static KeyArn Parse(string arn) => arn.LastIndexOf('/') is >= 0 and var slash ? new KeyArn(arn[..(slash + 1)], arn[(slash + 1)..]) : new KeyArn(arn, "");

    /// <summary>Whether a resource pattern of the key's policy is about the key.</summary>
    public Answer Fits(string pattern) => WildcardPattern.IsMatch(pattern, Prefix + (KeyId ?? AnyKeyId)) ? Answer.Yes
        : KeyId is null && pattern.StartsWith(Prefix, StringComparison.Ordinal) ? Answer.Unknown
        : Answer.No;

    /// <summary>The ARN, with a star for an id that is not known.</summary>
    public override string ToString() => Prefix + (KeyId ?? "*");
}
