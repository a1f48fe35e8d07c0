using KmsOperator.Api;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>What <c>managementPolicy: Observe</c> does in the place of writing.</summary>
internal static class ObserveOnly
{
    /// <summary>A key that there is: the plan is shown.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="resolved">What <c>Full</c> would bring the key to.</param>
    /// <param name="observed">The key.</param>
    /// <param name="plan">How.</param>
    /// <param name="fingerprint">Of what is desired.</param>
    /// <param name="again">When the key is compared next.</param>
    public static KeyOutcome Observed<T>(KeyPass<T> pass, ResolvedKey resolved, ObservedKey observed, KeyPlan plan, string fingerprint, TimeSpan again)
        where T : class, IKeyResource
    {
        var finding =
            plan.Findings is [var first, ..] ? first
            : plan.Steps.Count == 0 ? null
            : Finding.Waiting(
                Reasons.Progressing,
                $"{observed.Arn} differs from the spec; status.plan has the {plan.Steps.Count} steps that managementPolicy: Full would do: {string.Join(", ", plan.Steps.Select(step => step.Operation))}.");
        pass.Status = KeyStatusFields.Observed(pass.Status, resolved.Desired, observed, complete: false) with
        {
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,

            // Nothing was put: a tag that the key happens to carry is not the operator's to remove later.
            TagKeys = pass.Status.TagKeys,
            Plan = Shown(plan.Steps),
            DesiredSha256 = finding is null ? fingerprint : null,
            LastVerifiedAt = finding is null ? pass.Now : pass.Status.LastVerifiedAt,
        };
        pass.Memory.CompareAt = pass.Now + again;
        return new KeyOutcome(finding, Changed: true, finding is null ? again : null);
    }

    /// <summary>A key that does not exist: it is said that one would be made.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="desired">The key that there is not.</param>
    /// <param name="plan">What would follow its making.</param>
    public static KeyOutcome Unmade<T>(KeyPass<T> pass, DesiredKey desired, KeyPlan plan)
        where T : class, IKeyResource
    {
        if (plan.Findings is [var obstacle, ..])
        {
            pass.Status = pass.Status with { Plan = null };
            return new KeyOutcome(obstacle, Changed: true);
        }

        var operation = desired.Primary is null ? "CreateKey" : "ReplicateKey";
        var making = new PlannedStep { Operation = operation, Summary = $"{desired.KeySpec} in account {desired.Location.AccountId}, {desired.Location.Region}" };
        pass.Status = pass.Status with { Plan = [making, .. Shown(plan.Steps) ?? []] };
        return new KeyOutcome(
            Finding.Waiting(Reasons.Progressing, $"There is no key, and managementPolicy: Observe makes none; Full would ({operation})."), Changed: true);
    }

    private static PlannedStep[]? Shown(IReadOnlyList<KeyStep> steps) =>
        steps.Count == 0 ? null : [.. steps.Select(step => new PlannedStep { Operation = step.Operation, Summary = step.Summary })];
}
