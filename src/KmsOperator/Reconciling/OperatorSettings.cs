namespace KmsOperator;

/// <summary>What the reconcilers need to know of the command line.</summary>
/// <param name="ClusterId">Goes into every key's <c>servicekey.dev/cluster</c> tag.</param>
/// <param name="DriftPeriod">How often an unchanged key is compared with AWS.</param>
/// <param name="ConsistencyWindow">How long after a write KMS may show the old state.</param>
/// <param name="DeletionGuard">A key used within this time is not scheduled for deletion; zero for no guard.</param>
internal sealed record OperatorSettings(string ClusterId, TimeSpan DriftPeriod, TimeSpan ConsistencyWindow, TimeSpan DeletionGuard);

/// <summary>Makes ids for creation attempts.</summary>
internal delegate string NewAttemptId();
