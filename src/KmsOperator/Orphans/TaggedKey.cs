namespace KmsOperator.Orphans;

/// <summary>A key that carries a cluster's tag, as KMS shows it.</summary>
/// <param name="AccountId">The account that holds it, 12 digits.</param>
/// <param name="Region">Its Region.</param>
/// <param name="KeyId">KMS's key id.</param>
/// <param name="Arn">Its ARN.</param>
/// <param name="State">KMS's own word, for example <c>Enabled</c>.</param>
/// <param name="Created">When it was made; null if KMS does not say.</param>
/// <param name="Tags">Its <c>servicekey.dev/</c> tags.</param>
internal sealed record TaggedKey(
    string AccountId, string Region, string KeyId, string Arn, string State, DateTimeOffset? Created, IReadOnlyDictionary<string, string> Tags);
