using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Context;

/// <summary>The key of a resource.</summary>
/// <param name="Status">The status so far, with the key's id.</param>
/// <param name="Region">Where the key is.</param>
/// <param name="Created">The key as KMS created it; null if it was there before.</param>
internal sealed record FoundKey(KeyStatus Status, RegionalClients Region, ObservedKey? Created = null)
{
    /// <summary>The status before it was put on record that the key is being changed; null where that is not on record yet.</summary>
    public KeyStatus? BeforeChange { get; init; }

    /// <summary>
    /// Whether the spec has changed since the status was written, and the API server has no newer one. The next process compares such a key, so most changes need not go on record before
    /// they are made.
    /// </summary>
    public bool IsSpecNew { get; init; }
}
