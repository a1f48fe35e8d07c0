using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>Executes the steps of a plan one by one, and records each as soon as it has succeeded.</summary>
internal static class StepExecution
{
    /// <summary>Imports key material.</summary>
    /// <param name="region">Where the key is.</param>
    /// <param name="step">What to do.</param>
    /// <param name="before">The key before the step.</param>
    /// <param name="material">The material; the caller disposes of it.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <returns>The step as it was done, and the key after it.</returns>
    public static async Task<(ImportKeyMaterialStep Done, ObservedKey After)> ImportAsync(
        RegionalClients region, ImportKeyMaterialStep step, ObservedKey before, KeyMaterial material, CancellationToken cancellationToken)
    {
        var done = await KeyMaterialImport.ExecuteAsync(region.Clients.Writing, step, before, material, cancellationToken);
        var after = done.ApplyTo(before);
        region.RecordWrite(done, before, after);
        return (done, after);
    }

    /// <summary>Executes one step. Where a step for which a deleted resource waits gets no answer, the resource's cache says so.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="step">What to do.</param>
    /// <param name="before">The key before the step.</param>
    /// <param name="cancellationToken">Ends the wait for the answer.</param>
    /// <returns>The key after the step.</returns>
    public static async Task<ObservedKey> ExecuteAsync<T>(
        ReconcileContext<T> context, RegionalClients region, KeyStep step, ObservedKey before, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (step is DeleteAliasStep alias && await OwnershipCheck.PointsAtAnotherKeyAsync(region, alias.Name, before.KeyId, context.Now, cancellationToken))
        {
            return step.ApplyTo(before);
        }

        ObservedKey after;
        try
        {
            after = await KeyStepExecutor.ExecuteAsync(region.Clients.Writing, step, before, cancellationToken);
        }
        catch (Exception e) when (step is DeleteAliasStep or RevokeGrantStep && AwsFailure.Of(e)?.Kind == AwsFailureKind.NotFound)
        {
            // The alias or grant is gone already.
            after = step.ApplyTo(before);
        }
        catch (Exception e) when (step is CreateAliasStep && AwsFailure.Of(e)?.Kind == AwsFailureKind.AlreadyExists)
        {
            // The list of aliases may be older than an earlier CreateAlias of our own.
            if ((await KeyObserver.DescribeAsync(region.Clients.Reading, step.AliasName!, cancellationToken))?.KeyId != before.KeyId)
            {
                throw;
            }

            after = step.ApplyTo(before);
        }
        catch (Exception e) when (step.DelaysRelease && AwsFailure.Of(e, cancellationToken) is { EffectIsUnknown: true })
        {
            context.Cache.DelayRelease(context.Now);
            if (step.AliasName is { } name)
            {
                region.Aliases.RecordUnanswered(name, before.KeyId);
            }

            throw;
        }

        region.RecordWrite(step is CreateGrantStep create ? create with { GrantId = after.Grants?[^1].Id } : step, before, after);
        return after;
    }
}
