using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>What <c>managementPolicy: Observe</c> reports instead of writing to AWS.</summary>
internal static class ObserveOnly
{
    /// <summary>The result for a key that exists: the plan goes into the status.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status so far.</param>
    /// <param name="resolved">What <c>Full</c> would make of the key.</param>
    /// <param name="observed">The key as it is.</param>
    /// <param name="plan">The steps of <c>Full</c>.</param>
    /// <param name="nextComparison">When the key is compared again.</param>
    public static KeyResult Report<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, ObservedKey observed, KeyPlan plan, DateTimeOffset nextComparison)
        where T : class, IKeyResource
    {
        var error =
            plan.Errors is [var first, ..] ? first
            : plan.Steps.Count == 0 ? null
            : ReconcileError.Transient(
                Reasons.Progressing,
                $"{observed.Arn} differs from the spec. status.plan has the {plan.Steps.Count} steps that managementPolicy: Full would do: {string.Join(", ", plan.Steps.Select(step => step.Operation))}.");
        var next = KeyStatusFields.Observed(status, resolved.Desired, observed, complete: false) with
        {
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,

            // The operator wrote no tag, so none is recorded as its own.
            TagKeys = status.TagKeys,
            Plan = ToStatus(plan.Steps),
            DesiredSha256 = resolved.DesiredSha256,
            LastVerifiedAt = error is null ? context.Now : status.LastVerifiedAt,
        };
        context.Cache.CompareAt = nextComparison;
        return error is null
            ? KeyResult.Ready(next) with { IsCompared = true, RequeueAfter = nextComparison - context.Now, Note = GrantHistory.NoteFor(next) }
            : KeyResult.Failed(next, error) with { IsCompared = true };
    }

    /// <summary>The result for a key that does not exist: the status says that <c>Full</c> would create it.</summary>
    /// <param name="status">The status so far.</param>
    /// <param name="desired">The key that does not exist.</param>
    /// <param name="plan">The steps that would follow its creation.</param>
    public static KeyResult ReportMissing(KeyStatus status, DesiredKey desired, KeyPlan plan)
    {
        if (plan.Errors is [var error, ..])
        {
            return KeyResult.Failed(status with { Plan = null }, error) with { IsCompared = true };
        }

        var operation = desired.Primary is null ? "CreateKey" : "ReplicateKey";
        var create = new PlannedStep { Operation = operation, Summary = $"{desired.KeySpec} in account {desired.Location.AccountId}, {desired.Location.Region}" };
        return KeyResult.Failed(
            status with { Plan = [create, .. ToStatus(plan.Steps) ?? []] },
            ReconcileError.Transient(Reasons.Progressing, $"There is no key. managementPolicy: Observe creates none; Full would ({operation}).")) with
        {
            IsCompared = true,
        };
    }

    private static PlannedStep[]? ToStatus(IReadOnlyList<KeyStep> steps) =>
        steps.Count == 0 ? null : [.. steps.Select(step => new PlannedStep { Operation = step.Operation, Summary = step.Summary })];
}
