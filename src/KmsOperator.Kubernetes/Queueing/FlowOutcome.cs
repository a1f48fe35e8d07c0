namespace KmsOperator.Kubernetes;

/// <summary>What one reconciliation says about all keys of the same flow.</summary>
public enum FlowOutcome
{
    /// <summary>Nothing: what happened concerns this key only.</summary>
    Unknown,

    /// <summary>The backend answered, so the flow may have one more worker.</summary>
    Served,

    /// <summary>The backend throttled, or did not answer; other keys of the flow would meet the same. The flow gets two workers.</summary>
    Throttled,
}
