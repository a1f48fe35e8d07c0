namespace KmsOperator.Api;

/// <summary>One entry of <c>status.conditions</c>.</summary>
/// <remarks>Source: Kubernetes API conventions, "Typical status properties"; metav1.Condition.</remarks>
public sealed record Condition
{
    /// <summary>One of <see cref="ConditionTypes"/>; unique within the list.</summary>
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary><c>True</c>, <c>False</c> or <c>Unknown</c>.</summary>
    public string Status { get; init => field = value ?? ""; } = "";

    /// <summary>The generation of the spec that this condition was computed from.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>When <see cref="Status"/> changed last, not when the condition was written last.</summary>
    public DateTimeOffset LastTransitionTime { get; init; }

    /// <summary>One of <see cref="Reasons"/>.</summary>
    public string Reason { get; init => field = value ?? ""; } = "";

    /// <summary>For a person: what is so, with the field or ARN concerned, and what to do. 32,768 characters at most.</summary>
    public string Message { get; init => field = value ?? ""; } = "";
}

/// <summary>The condition types that the operator writes.</summary>
/// <remarks>Source: sigs.k8s.io/cli-utils kstatus, "The standard conditions".</remarks>
public static class ConditionTypes
{
    /// <summary>Always present: the key is as the spec says, and everything was seen to be so.</summary>
    public const string Ready = "Ready";

    /// <summary>Present only while true: the operator is at work or waits for something that will come by itself.</summary>
    public const string Reconciling = "Reconciling";

    /// <summary>Present only while true: a person or a spec change is needed.</summary>
    public const string Stalled = "Stalled";
}
