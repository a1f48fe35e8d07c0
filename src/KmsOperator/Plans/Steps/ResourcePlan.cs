using KmsOperator.Api;
using KmsOperator.Kubernetes;

namespace KmsOperator.Plans.Steps;

/// <summary>What becomes of a resource's key.</summary>
internal enum PlannedAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It is made.</summary>
    Create,

    /// <summary>A key that is there becomes the resource's.</summary>
    Adopt,

    /// <summary>It is changed.</summary>
    Update,

    /// <summary>Its deletion is scheduled.</summary>
    Delete,
}

/// <summary>How the operator would leave a resource.</summary>
internal enum PlannedOutcome
{
    /// <summary>As described.</summary>
    Ready,

    /// <summary>Gone from the cluster.</summary>
    Gone,

    /// <summary>Compared and not changed: <c>managementPolicy: Observe</c>.</summary>
    Observed,

    /// <summary>Left alone: suspended.</summary>
    Suspended,

    /// <summary>Waiting for another resource.</summary>
    Waiting,

    /// <summary>Refused, until somebody changes the resource, its class or another resource.</summary>
    Refused,

    /// <summary>Not known: AWS did not answer, or did not let this caller look.</summary>
    Failed,
}

/// <summary>What the operator would do for one resource.</summary>
internal sealed record ResourcePlan
{
    /// <summary>Kind of the resource.</summary>
    public required string Kind { get; init; }

    /// <summary>The resource.</summary>
    public required NamespacedName Key { get; init; }

    /// <summary>File and line of its manifest, <c>file:line</c>; null for a resource of the cluster.</summary>
    public string? Place { get; init; }

    /// <summary>The key's account; null while it is not known.</summary>
    public string? AccountId { get; init; }

    /// <summary>The key's Region; null while it is not known.</summary>
    public string? Region { get; init; }

    /// <summary>The key's ARN; null for a key that does not exist.</summary>
    public string? Arn { get; init; }

    /// <summary>What becomes of the key.</summary>
    public PlannedAction Action { get; init; }

    /// <summary>The KMS calls, in their order.</summary>
    public IReadOnlyList<PlanStep> Steps { get; init; } = [];

    /// <summary>With <c>managementPolicy: Observe</c>: what <c>Full</c> would do.</summary>
    public IReadOnlyList<PlannedStep> WithFull { get; init; } = [];

    /// <summary>What stays as it is although the change may look as if it went: grants of others that still give access.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>How the operator would leave the resource.</summary>
    public PlannedOutcome Outcome { get; init; }

    /// <summary>Reason of the condition that says so.</summary>
    public string Reason { get; init; } = "";

    /// <summary>Message of that condition.</summary>
    public string Message { get; init; } = "";

    /// <summary>The dangers of all steps.</summary>
    public IEnumerable<Danger> Dangers => Steps.SelectMany(step => step.Dangers);

    /// <summary><c>{kind} {namespace}/{name}</c>.</summary>
    public string Name => $"{Kind} {Key}";
}

/// <summary>A plan.</summary>
/// <param name="ClusterId">The id whose keys are the resources'; null where none is known.</param>
/// <param name="Resources">The resources, in the order of the manifests or of their names.</param>
/// <param name="Notes">What a reader should know of how the plan was made.</param>
internal sealed record PlanReport(string? ClusterId, IReadOnlyList<ResourcePlan> Resources, IReadOnlyList<string> Notes)
{
    /// <summary>Whether anything would be done in AWS.</summary>
    public bool HasChanges => Resources.Any(resource => resource.Steps.Count > 0);

    /// <summary>Whether a resource that the plan is about cannot be read; the notes say which.</summary>
    public bool IsIncomplete { get; init; }

    /// <summary>Whether a resource is refused, or could not be looked at.</summary>
    public bool HasErrors => IsIncomplete || Resources.Any(resource => resource.Outcome is PlannedOutcome.Refused or PlannedOutcome.Failed);

    /// <summary>How many resources there are of an action.</summary>
    public int Count(PlannedAction action) => Resources.Count(resource => resource.Action == action);

    /// <summary>How many resources there are of an outcome.</summary>
    public int Count(PlannedOutcome outcome) => Resources.Count(resource => resource.Outcome == outcome);
}
