using KmsOperator.Api;

namespace KmsOperator.Keys.Status;

/// <summary>Builds condition lists: <c>Ready</c> always, <c>Reconciling</c> or <c>Stalled</c> only while true.</summary>
internal static class ResourceConditions
{
    /// <summary>The conditions after a reconcile. A transition time changes only when the condition's status does.</summary>
    public static IReadOnlyList<Condition> Next(IReadOnlyList<Condition>? previous, ReadyCondition verdict, long? generation, DateTimeOffset now)
    {
        Condition Make(string type, string status) => new()
        {
            Type = type,
            Status = status,
            ObservedGeneration = generation,
            LastTransitionTime = previous?.FirstOrDefault(old => old.Type == type && old.Status == status)?.LastTransitionTime ?? now,
            Reason = verdict.Reason,
            Message = verdict.Message,
        };

        var ready = Make(ConditionTypes.Ready, verdict.Ready);
        return verdict.Extra is { } extra ? [ready, Make(extra, "True")] : [ready];
    }

    /// <summary>The condition of a type, if present.</summary>
    public static Condition? Find(IReadOnlyList<Condition>? conditions, string type) =>
        conditions?.FirstOrDefault(condition => condition.Type == type);

    /// <summary>Whether <c>Ready</c> is true for exactly this generation.</summary>
    public static bool IsReady(IReadOnlyList<Condition>? conditions, long? generation) =>
        Find(conditions, ConditionTypes.Ready) is { Status: "True" } ready && ready.ObservedGeneration == generation;
}
