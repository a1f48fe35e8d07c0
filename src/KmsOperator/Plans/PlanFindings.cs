using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Status;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Plans.Calls;
using KmsOperator.Plans.Steps;

namespace KmsOperator.Plans;

/// <summary>Puts together what the reconcilers have left: the calls, and the conditions.</summary>
/// <param name="caches">The plan's cluster.</param>
/// <param name="scope">What the plan is about.</param>
/// <param name="planned">The keys that the plan makes.</param>
/// <param name="refused">The resources whose change the API server refuses, with what it says.</param>
internal sealed class PlanFindings(ResourceCaches caches, PlanScope scope, PlannedKeys planned, IReadOnlyDictionary<(string Kind, NamespacedName Key), string> refused)
{
    private static readonly string[] FailureReasons = [Reasons.AccessDenied, Reasons.AccountMismatch, Reasons.Throttled, Reasons.Unavailable];

    /// <summary>One plan for each resource that was looked at; KeyClasses only where they are not ready.</summary>
    public IReadOnlyList<ResourcePlan> Collect(IReadOnlyDictionary<(string Kind, NamespacedName Key), ResourceCalls> calls) =>
    [
        .. calls.OrderBy(entry => entry.Key.Kind == KeyClass.KindName ? 0 : entry.Key.Kind == ServiceKey.KindName ? 1 : 2)
            .ThenBy(entry => entry.Key.Key.Namespace, StringComparer.Ordinal)
            .ThenBy(entry => entry.Key.Key.Name, StringComparer.Ordinal)
            .Select(entry => PlanOf(entry.Key.Kind, entry.Key.Key, entry.Value))
            .Where(plan => plan.Kind != KeyClass.KindName || plan.Outcome is PlannedOutcome.Refused or PlannedOutcome.Failed),
    ];

    private ResourcePlan PlanOf(string kind, NamespacedName key, ResourceCalls calls)
    {
        var (resource, conditions) = Find(kind, key);
        var status = (resource as IKeyResource)?.Status ?? calls.LastStatus;
        var (outcome, ready) = OutcomeOf(resource, conditions);
        var reading = new CallReading(status?.AccountId ?? "", planned.Contains);
        var steps = calls.Calls.Select(reading.Read).ToList();
        if (calls.Before?.KeyId is not null && steps.FindIndex(step => step.Operation is "CreateKey") is var made and >= 0)
        {
            steps[made] = steps[made] with
            {
                Dangers = [new Danger(DangerKind.KeyReplaced, $"takes the place of {calls.Before.Arn}, which is gone: it does not decrypt what that key encrypted"), .. steps[made].Dangers],
            };
        }

        var plan = new ResourcePlan
        {
            Kind = kind,
            Key = key,
            Place = scope.PlaceOf(kind, key),
            AccountId = status?.AccountId,
            Region = status?.Region,
            Arn = status?.KeyId is { } keyId && !planned.Contains(status.Region ?? "", keyId) ? status.Arn : null,
            Action = ActionOf(calls),
            Steps = steps,
            WithFull = status?.Plan ?? [],
            Notes = status is null ? [] : [.. GrantHistory.NewlyLeft(calls.Before ?? new KeyStatus(), status).Select(grant => GrantHistory.Explain(grant, status))],
            Outcome = calls.Failure is null ? outcome : PlannedOutcome.Failed,
            Reason = calls.Failure is null ? ready?.Reason ?? "" : "Failed",
            Message = planned.Hide(calls.Failure ?? MessageFor(ready)),
        };
        return refused.TryGetValue((kind, key), out var message) ? plan with { Outcome = PlannedOutcome.Refused, Reason = Reasons.InvalidSpec, Message = message } : plan;
    }

    /// <summary>What a condition says, in words that are true of a command.</summary>
    private static string MessageFor(Condition? ready)
    {
        var message = OperatorWords.ForCommand(ready?.Message ?? "");
        return ready?.Reason is Reasons.Throttled or Reasons.Unavailable && !message.Contains(CredentialFailure.Code, StringComparison.Ordinal)
            ? $"{message} Run the command again once AWS answers."
            : message;
    }

    private (IResource? Resource, IReadOnlyList<Condition>? Conditions) Find(string kind, NamespacedName key)
    {
        switch (kind)
        {
            case KeyClass.KindName:
                return caches.KeyClasses.TryGet(key, out var keyClass) ? (keyClass, keyClass.Status?.Conditions) : (null, null);
            case ServiceKey.KindName:
                return caches.ServiceKeys.TryGet(key, out var serviceKey) ? (serviceKey, serviceKey.Status?.Conditions) : (null, null);
            default:
                return caches.KeyReplicas.TryGet(key, out var replica) ? (replica, replica.Status?.Conditions) : (null, null);
        }
    }

    private (PlannedOutcome Outcome, Condition? Ready) OutcomeOf(IResource? resource, IReadOnlyList<Condition>? conditions)
    {
        if (resource is null)
        {
            return (PlannedOutcome.Gone, null);
        }

        var ready = ResourceConditions.Find(conditions, ConditionTypes.Ready);
        var outcome = ready switch
        {
            { Status: "True" } => PlannedOutcome.Ready,
            { Reason: Reasons.Suspended } => PlannedOutcome.Suspended,
            _ when ready is not null && FailureReasons.Contains(ready.Reason) => PlannedOutcome.Failed,
            _ when ResourceConditions.Find(conditions, ConditionTypes.Stalled) is not null => PlannedOutcome.Refused,
            _ when IsObserved(resource) => PlannedOutcome.Observed,
            _ => PlannedOutcome.Waiting,
        };
        return (outcome, ready);
    }

    private bool IsObserved(IResource resource) => resource switch
    {
        ServiceKey key => key.Spec.ManagementPolicy == ManagementPolicies.Observe,
        KeyReplica replica => KeyReplicaResolver.IsObserveOnly(
            replica,
            replica.Spec.PrimaryRef is { } primary && caches.ServiceKeys.TryGet(new NamespacedName(replica.Metadata.Namespace ?? "", primary.Name), out var found) ? found : null),
        _ => false,
    };

    private static PlannedAction ActionOf(ResourceCalls calls)
    {
        var operations = calls.Calls.Select(call => call.Operation).ToHashSet();
        return operations.Count == 0 ? PlannedAction.None
            : operations.Contains("ScheduleKeyDeletion") ? PlannedAction.Delete
            : operations.Overlaps(["CreateKey", "ReplicateKey"]) ? PlannedAction.Create
            : calls.Calls.Any(call => call.Operation == "TagResource" && call.Before.Tags is { } tags && !tags.ContainsKey(TagNames.Owner) && call.Tags.ContainsKey(TagNames.Owner)) ? PlannedAction.Adopt
            : PlannedAction.Update;
    }
}
