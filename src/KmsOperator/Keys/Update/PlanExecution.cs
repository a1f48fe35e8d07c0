using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Promote;
using KmsOperator.Observability.Metrics;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>Executes the plan for a key that exists.</summary>
internal sealed class PlanExecution(PrimaryMove move, OperatorSettings settings, OperatorMetrics metrics)
{
    /// <summary>
    /// Executes the steps. One that is refused does not hold back those that do not depend on it: a policy that KMS refuses must not keep a key
    /// from being disabled. All refusals are reported.
    /// </summary>
    public async Task<ExecutedPlan> ExecuteAsync<T>(
        ReconcileContext<T> context, RegionalClients region, KeyPlan plan, ResolvedKey resolved, ObservedKey observed, KeyMaterial? material, bool isDrift, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var key = observed;
        var done = new List<KeyStep>();
        var refused = new List<KeyStep>();
        var errors = new List<ReconcileError>();
        string? policyNote = null;
        foreach (var step in plan.Steps.Where(step => !refused.Any(step.DependsOn)))
        {
            try
            {
                if (step is UpdatePrimaryRegionStep && await move.FindObstacleAsync(context, resolved, key, region, cancellationToken) is { } obstacle)
                {
                    refused.Add(step);
                    errors.Add(obstacle);
                    continue;
                }

                var before = key;
                if (step is ImportKeyMaterialStep import)
                {
                    (var imported, key) = await StepExecution.ImportAsync(region, import, key, material!, cancellationToken);
                    done.Add(imported);
                }
                else
                {
                    key = await StepExecution.ExecuteAsync(context, region, step, key, cancellationToken);
                    done.Add(step);
                }

                if (step is UpdatePrimaryRegionStep moved)
                {
                    move.Record(resolved, moved, before);
                }

                if (isDrift && step is PutKeyPolicyStep put)
                {
                    policyNote = await PolicyReadBack.ReadAsync(context.Cache, region, put, key.KeyId, cancellationToken);
                }

                if (isDrift && !(step is PutKeyPolicyStep && policyNote is not null))
                {
                    metrics.Corrected(step);
                }
            }
            catch (Exception e) when (AwsFailure.Of(e, cancellationToken, step.Operation) is { } failure)
            {
                if (failure.Kind is AwsFailureKind.AlreadyExists or AwsFailureKind.NotFound)
                {
                    context.Cache.AliasesNotBefore = context.Now;
                }

                if (failure.EffectIsUnknown)
                {
                    context.Cache.RecordUnansweredChange(context.Now);
                    if (step is UpdatePrimaryRegionStep lost)
                    {
                        move.Forget(resolved, lost, key, region);
                    }
                }

                refused.Add(step);
                errors.Add(StepRefusal.Explain(failure, step, key, desired, context.IsRecent(settings.ConsistencyWindow)));
                if (failure.IsForNow && !plan.Steps.Except(done).Except(refused).Any(other => other is DisableKeyStep))
                {
                    // The other steps would meet the same. A key that is to be disabled is tried all the same.
                    break;
                }
            }
        }

        errors.AddRange(plan.Errors);
        if (errors.Count == 0 && done.Any(step => step is CancelKeyDeletionStep))
        {
            // KMS shows neither rotation nor replicas of a key that is pending deletion.
            errors.Add(ReconcileError.Transient(Reasons.Progressing, $"The deletion of {key.Arn} was cancelled; the key is compared once more."));
        }

        if (errors.Count == 0 && HasPendingMaterial(done, key))
        {
            errors.Add(ReconcileError.Transient(Reasons.Progressing, $"New key material was imported into {key.Arn}; the key rotates to it next."));
        }

        if (errors.Count == 0 && done.Any(step => step is UpdatePrimaryRegionStep))
        {
            errors.Add(ReconcileError.Transient(
                Reasons.Progressing, $"The primary of {key.KeyId} moves to {key.PrimaryRegion}; both keys are {KeyStates.Updating} for some seconds, and are compared after that."));
        }

        return new ExecutedPlan(key, done, ReconcileError.Join(errors), policyNote);
    }

    /// <summary>Whether the material that was imported just now is to become the current one.</summary>
    public static bool HasPendingMaterial(IReadOnlyList<KeyStep> done, ObservedKey key) =>
        key.MultiRegionKeyType != "REPLICA" && done.OfType<ImportKeyMaterialStep>().Any(import =>
            key.Materials?.Any(material => material.Id == import.KeyMaterialId && MaterialStates.IsPending(material.State)) == true);
}

/// <summary>What the execution of a plan came to.</summary>
/// <param name="Key">The key after the last step that succeeded.</param>
/// <param name="Done">The steps that succeeded.</param>
/// <param name="Error">Why the key is not as desired; null when it is.</param>
/// <param name="PolicyNote">What to say of a policy that KMS gives back otherwise than it was put; null for nothing.</param>
internal sealed record ExecutedPlan(ObservedKey Key, IReadOnlyList<KeyStep> Done, ReconcileError? Error, string? PolicyNote);
