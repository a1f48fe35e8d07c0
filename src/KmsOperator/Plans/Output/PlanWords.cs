using KmsOperator.Api;
using KmsOperator.Plans.Steps;

namespace KmsOperator.Plans.Output;

/// <summary>What the text and the Markdown of a plan say alike.</summary>
internal static class PlanWords
{
    /// <summary>Whether there is anything to say of a resource.</summary>
    public static bool IsWorthShowing(ResourcePlan resource) => resource.Steps.Count > 0 || resource.WithFull.Count > 0 || resource.Notes.Count > 0 || OutcomeOf(resource) is not null;

    /// <summary>What would be done, in one sentence.</summary>
    public static string Summary(PlanReport report)
    {
        (int Count, string Words)[] changes =
        [
            (report.Count(PlannedAction.Create), "to create"),
            (report.Count(PlannedAction.Adopt), "to adopt"),
            (report.Count(PlannedAction.Update), "to change"),
            (report.Count(PlannedAction.Delete), "to delete"),
        ];
        var dangers = report.Resources.SelectMany(resource => resource.Dangers).Count();
        (int Count, string Words)[] outcomes =
        [
            (report.Count(PlannedOutcome.Refused), "refused"),
            (report.Count(PlannedOutcome.Failed), "could not be looked at"),
            (report.Count(PlannedOutcome.Waiting), "waiting"),
            (report.Count(PlannedOutcome.Suspended), "suspended"),
            (report.Count(PlannedOutcome.Observed), "observed only"),
            (dangers, dangers == 1 ? "danger" : "dangers"),
        ];
        var unchanged = report.Resources.Count(resource => resource is { Action: PlannedAction.None, Outcome: PlannedOutcome.Ready });
        var what = report.HasChanges ? $"Plan: {Join(changes)}, {unchanged} unchanged" : report.HasErrors ? $"No changes, {unchanged} unchanged" : $"Nothing to do: {unchanged} unchanged";
        return Join(outcomes) is { Length: > 0 } others ? $"{what}; {others}." : $"{what}.";
    }

    /// <summary>The key of a resource and where it is; null while neither is known.</summary>
    public static string? KeyOf(ResourcePlan resource) =>
        resource.Arn ?? (resource is { AccountId: { } account, Region: { } region } ? $"account {account}, {region}" : null);

    /// <summary>How the operator would leave a resource, where that is not as described.</summary>
    public static string? OutcomeOf(ResourcePlan resource) => resource.Outcome switch
    {
        PlannedOutcome.Refused => $"refused: {resource.Reason}: {OneLine(resource.Message)}",
        PlannedOutcome.Failed => $"error: {resource.Reason}: {OneLine(resource.Message)}",
        PlannedOutcome.Waiting when resource.Reason == Reasons.ClassNotReady => "waits: its KeyClass is not ready, see there",
        PlannedOutcome.Waiting => resource.Reason.Length == 0 ? "waits for its KeyClass to be verified" : $"waits: {resource.Reason}: {OneLine(resource.Message)}",
        PlannedOutcome.Suspended => $"suspended: {resource.Message}",
        PlannedOutcome.Gone => "the resource goes from the cluster",
        _ => null,
    };

    /// <summary>A value after a subject.</summary>
    public static string Value(string? value) => string.IsNullOrEmpty(value) ? "" : $": {value}";

    /// <summary>A change of a value; a statement's is told by its parts.</summary>
    public static string InOneLine(PlannedChange change) => change.Parts.Count > 0 ? change.Subject : $"{change.Subject}: {Shown(change.Before)} -> {Shown(change.After)}";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");

    private static string Shown(string? value) => value switch
    {
        null => "(not read)",
        "" => "\"\"",
        _ => value,
    };

    private static string Join((int Count, string Words)[] parts) => string.Join(", ", parts.Where(part => part.Count > 0).Select(part => $"{part.Count} {part.Words}"));
}
