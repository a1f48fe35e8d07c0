namespace KmsOperator.Kubernetes;

/// <summary>
/// Why a key is tried again. The kinds have delays of their own: an object that its reconciler has asked to try again for an hour, and whose status then cannot be written once, is tried again
/// within seconds.
/// </summary>
public enum FailureKind
{
    /// <summary>The reconciler asked for it: <see cref="ReconcileResult.Retry"/>.</summary>
    Requested,

    /// <summary>The reconciler threw an exception: the API server did not answer, or somebody else wrote first.</summary>
    Thrown,
}
