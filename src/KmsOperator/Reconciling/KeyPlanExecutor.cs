using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>Executes the steps of plans, one by one, so that each is remembered as soon as it is done.</summary>
internal static class KeyPlanExecutor
{
    /// <summary>Executes one step and remembers it, in the resource's memory and in the Region's list of aliases.</summary>
    public static async Task<ObservedKey> ExecuteAsync<T>(
        ReconcileContext<T> context, RegionalClients region, KeyStep step, ObservedKey before, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        ObservedKey after;
        try
        {
            if (step is DeleteAliasStep alias && await IsAnothersAsync(context, region, alias.AliasName, before.KeyId, cancellationToken))
            {
                return step.ApplyTo(before);
            }

            after = await KeyStepExecutor.ExecuteAsync(region.Clients.Writing, step, before, cancellationToken);
        }
        catch (Exception e) when (step is DeleteAliasStep && AwsFailure.Of(e)?.Kind == AwsFailureKind.NotFound)
        {
            // Gone already, which is what was wanted.
            after = step.ApplyTo(before);
        }
        catch (Exception e) when (step is CreateAliasStep && AwsFailure.Of(e)?.Kind == AwsFailureKind.AlreadyExists)
        {
            // The list of aliases may be behind an earlier CreateAlias of our own.
            var named = await KeyObserver.DescribeAsync(region.Clients.Reading, ((CreateAliasStep)step).AliasName, cancellationToken);
            if (named?.KeyId != before.KeyId)
            {
                throw;
            }

            after = step.ApplyTo(before);
        }

        context.Cache.Writes = context.Cache.Writes.Add(step, before, context.Now);
        if (step is TagResourceStep or UntagResourceStep)
        {
            region.Scan.Record(after.KeyId, after.Tags, context.Now);
        }

        RecordAlias(region, step, before, after);
        return after;
    }

    /// <summary>DeleteAlias asks for no key, and what was planned may rest on an old list: whether the name is another key's by now.</summary>
    private static async Task<bool> IsAnothersAsync<T>(ReconcileContext<T> context, RegionalClients region, string aliasName, string keyId, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        ((await region.Aliases.GetAsync(context.Now - AliasDirectory.UsualAge, cancellationToken)).TryGetValue(aliasName, out var listed) && listed != keyId)
        || (await KeyObserver.DescribeAsync(region.Clients.Reading, aliasName, cancellationToken) is { } target && target.KeyId != keyId);

    /// <summary>Keeps the Region's list of aliases in step with what was written.</summary>
    private static void RecordAlias(RegionalClients region, KeyStep step, ObservedKey before, ObservedKey after)
    {
        var name = step switch
        {
            CreateAliasStep alias => alias.AliasName,
            UpdateAliasStep alias => alias.AliasName,
            DeleteAliasStep alias => alias.AliasName,
            _ => null,
        };
        if (name is not null)
        {
            region.Aliases.Record(name, before.AliasTargets.GetValueOrDefault(name), after.AliasTargets.GetValueOrDefault(name));
        }
    }
}
