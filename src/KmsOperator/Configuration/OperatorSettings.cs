namespace KmsOperator.Configuration;

/// <summary>What the reconcilers need to know of the command line.</summary>
/// <param name="ClusterId">The value of every key's <c>servicekey.dev/cluster</c> tag.</param>
/// <param name="DriftPeriod">How often an unchanged key is compared with AWS.</param>
/// <param name="ConsistencyWindow">How long after a write KMS may show the old state.</param>
/// <param name="DeletionGuard">A key that was used within this time is not scheduled for deletion; zero switches this guard off.</param>
internal sealed record OperatorSettings(string ClusterId, TimeSpan DriftPeriod, TimeSpan ConsistencyWindow, TimeSpan DeletionGuard)
{
    /// <summary>Whether a comparison also reads when the key was last used, for <c>status.lastUsed</c>. A plan leaves it out: it costs a call for each key.</summary>
    public bool ReadsLastUse { get; init; } = true;

    /// <summary>Whether key material is read from Secrets. A plan says that it is imported, and reads none.</summary>
    public bool ReadsMaterial { get; init; } = true;
}
