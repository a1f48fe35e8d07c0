using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>What <c>managementPolicy: Observe</c> does in the place of writing.</summary>
internal static class ObserveOnly
{
    /// <summary>A key that there is: the plan is shown.</summary>
    /// <param name="context">The pass.</param>
    /// <param name="resolved">What <c>Full</c> would bring the key to.</param>
    /// <param name="observed">The key.</param>
    /// <param name="plan">How.</param>
    /// <param name="desiredSha256">Of what is desired.</param>
    /// <param name="again">When the key is compared next.</param>
    public static KeyOutcome Observed<T>(ReconcileContext<T> context, ResolvedKey resolved, ObservedKey observed, KeyPlan plan, string desiredSha256, TimeSpan again)
        where T : class, IKeyResource
    {
        var error =
            plan.Errors is [var first, ..] ? first
            : plan.Steps.Count == 0 ? null
            : ReconcileError.Transient(
                Reasons.Progressing,
                $"{observed.Arn} differs from the spec; status.plan has the {plan.Steps.Count} steps that managementPolicy: Full would do: {string.Join(", ", plan.Steps.Select(step => step.Operation))}.");
        context.Status = KeyStatusFields.Observed(context.Status, resolved.Desired, observed, complete: false) with
        {
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,

            // Nothing was put: a tag that the key happens to carry is not the operator's to remove later.
            TagKeys = context.Status.TagKeys,
            Plan = Shown(plan.Steps),
            DesiredSha256 = error is null ? desiredSha256 : null,
            LastVerifiedAt = error is null ? context.Now : context.Status.LastVerifiedAt,
        };
        context.Cache.CompareAt = context.Now + again;
        return new KeyOutcome(error, Changed: true, error is null ? again : null);
    }

    /// <summary>A key that does not exist: it is said that one would be made.</summary>
    /// <param name="context">The pass.</param>
    /// <param name="desired">The key that there is not.</param>
    /// <param name="plan">What would follow its making.</param>
    public static KeyOutcome Unmade<T>(ReconcileContext<T> context, DesiredKey desired, KeyPlan plan)
        where T : class, IKeyResource
    {
        if (plan.Errors is [var obstacle, ..])
        {
            context.Status = context.Status with { Plan = null };
            return new KeyOutcome(obstacle, Changed: true);
        }

        var operation = desired.Primary is null ? "CreateKey" : "ReplicateKey";
        var making = new PlannedStep { Operation = operation, Summary = $"{desired.KeySpec} in account {desired.Location.AccountId}, {desired.Location.Region}" };
        context.Status = context.Status with { Plan = [making, .. Shown(plan.Steps) ?? []] };
        return new KeyOutcome(
            ReconcileError.Transient(Reasons.Progressing, $"There is no key, and managementPolicy: Observe makes none; Full would ({operation})."), Changed: true);
    }

    private static PlannedStep[]? Shown(IReadOnlyList<KeyStep> steps) =>
        steps.Count == 0 ? null : [.. steps.Select(step => new PlannedStep { Operation = step.Operation, Summary = step.Summary })];
}
