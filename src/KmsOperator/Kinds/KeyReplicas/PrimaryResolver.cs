using Amazon;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Update;
using KmsOperator.Planning;

namespace KmsOperator.Kinds.KeyReplicas;

/// <summary>Resolves a KeyReplica with its primary: a ServiceKey of the same namespace, or a key that is managed elsewhere.</summary>
internal sealed class PrimaryResolver(RegionalClientFactory regions, OwnershipCheck ownership, OperatorSettings settings)
{
    /// <summary>A replica of a ServiceKey.</summary>
    /// <param name="resource">The KeyReplica.</param>
    /// <param name="primary">The ServiceKey.</param>
    /// <param name="keyClass">The ServiceKey's class, which is Ready.</param>
    public Resolved<ResolvedKey> Resolve(KeyReplica resource, ServiceKey primary, KeyClass keyClass)
    {
        var name = primary.Metadata.Name;
        if ((ImmutabilityChecks.FindServiceChange(primary) ?? ImmutabilityChecks.FindMove(primary, keyClass)) is { } refused)
        {
            return ReconcileError.Transient(Reasons.PrimaryNotReady, $"spec.primaryRef.name: ServiceKey {name} is refused: {refused.Message}");
        }

        var accountId = keyClass.Status!.AccountId!;
        var refusal = PrimaryChecks.FindRefusal(primary, keyClass, accountId, settings.ClusterId);
        var (desired, error) = KeyReplicaResolver.Resolve(resource, primary, refusal, keyClass, accountId, settings.ClusterId);
        if (desired is null)
        {
            return error!;
        }

        if (resource.Status?.KeyId is null && !IsUsable(primary.Status))
        {
            return ReconcileError.Transient(
                Reasons.PrimaryNotReady, $"The key of ServiceKey {name} is not usable yet (state {primary.Status?.KeyState ?? "unknown"}).");
        }

        // A replica that is the primary is there already. Nobody but this resource can move the primary away from it.
        var waits = AwaitsAlias(resource, primary, desired);
        if (waits && resource.Status?.KeyId is null && CreateAttempt.Of(resource) is null && primary.Status?.PrimaryRegion != resource.Spec.Region)
        {
            return ReconcileError.Transient(Reasons.PrimaryNotReady, $"ServiceKey {name} does not have {desired.AliasName} yet, which this replica gets as well.");
        }

        var change = ImmutabilityChecks.FindPrimaryChange(resource, primary);
        return change is { IsTerminal: false } ? change : ResolvedKey.Of(desired with { AliasWaitsFor = waits ? name : null }, keyClass) with
        {
            Change = change,

            // Where the primary is, the ServiceKey may know first.
            KnownPrimaryRegion = primary.Status?.PrimaryRegion,
        };
    }

    /// <summary>Whether the alias is to be the ServiceKey's, and the ServiceKey does not have it, by its status. With <c>Observe</c> the operator does not give it to the ServiceKey.</summary>
    private static bool AwaitsAlias(KeyReplica resource, ServiceKey primary, DesiredKey desired) =>
        resource.Spec.Alias is null && primary.Spec.ManagementPolicy != ManagementPolicies.Observe && primary.Status?.AliasName != desired.AliasName;

    /// <summary>Whether a ServiceKey's key can be replicated. Where it is a replica itself, its own state does not matter: the primary is elsewhere.</summary>
    private static bool IsUsable(KeyStatus? status) =>
        status is { KeyId: not null, KeyState: KeyStates.Enabled } or { KeyId: not null, MultiRegionKeyType: "REPLICA", KeyState: not KeyStates.Updating };

    /// <summary>What is known, without asking AWS, of a replica of a primary that is managed elsewhere.</summary>
    /// <param name="resource">The KeyReplica.</param>
    /// <param name="keyClass">Its class, which is Ready.</param>
    public Resolved<ReplicaOutline> Outline(KeyReplica resource, KeyClass keyClass) =>
        KeyReplicaResolver.Outline(resource, keyClass, keyClass.Status!.AccountId!, settings.ClusterId);

    /// <summary>Why the key in the status cannot be a replica of the primary that <c>spec.primaryKeyArn</c> names; null if it can.</summary>
    public static ReconcileError? FindChange(KeyReplica resource) => ImmutabilityChecks.FindPrimaryChange(resource, KeyIdOf(Arn.Parse(resource.Spec.PrimaryKeyArn!)));

    /// <summary>A replica of a primary that is managed elsewhere, as AWS shows the primary now.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="keyClass">The KeyReplica's class, which is Ready.</param>
    /// <param name="desiredSha256">The hash of what is known without asking AWS.</param>
    /// <param name="change">What <see cref="FindChange"/> says.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Resolved<ResolvedKey>> ResolveAsync(
        ReconcileContext<KeyReplica> context, KeyClass keyClass, string desiredSha256, ReconcileError? change, CancellationToken cancellationToken)
    {
        var spec = context.Resource.Spec;
        var arn = Arn.Parse(spec.PrimaryKeyArn!);
        var keyId = KeyIdOf(arn);
        try
        {
            var region = regions.For(ResolvedKey.AccessOf(keyClass, arn.Region));
            if (await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken) is not { } primary)
            {
                return ReconcileError.Transient(Reasons.PrimaryNotReady, $"spec.primaryKeyArn: KMS does not show {spec.PrimaryKeyArn}. The operator looks again.");
            }

            // KMS may not show yet that this process has just put owner tags on the key: then it is not for the class to decide who may replicate it.
            primary = region.ReplaceStale(primary, settings.ConsistencyWindow);

            // An alias that an older list has can be used. That an older list has none proves nothing.
            var alias = spec.Alias
                ?? await FindAliasAsync(region, keyId, context.Now - AliasDirectory.UsualAge, cancellationToken)
                ?? await FindAliasAsync(region, keyId, context.Now, cancellationToken);
            var accountId = keyClass.Status!.AccountId!;
            var holder = context.Status.KeyId is null ? ownership.FindPrimaryHolder(arn.Region, keyId) : null;
            var (desired, error) = KeyReplicaResolver.Resolve(context.Resource, primary, alias, holder, keyClass, accountId, settings.ClusterId);
            if (desired is null)
            {
                return error!;
            }

            return context.Status.KeyId is null && primary.KeyState != KeyStates.Enabled
                ? ReconcileError.Transient(Reasons.PrimaryNotReady, $"{primary.Arn} is in state {primary.KeyState}; only an enabled key can be replicated.")
                : ResolvedKey.Of(desired, keyClass, desiredSha256) with { Change = change };
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, "DescribeKey") is { } failure)
        {
            return AwsReconcileError.For(failure, spec.PrimaryKeyArn!, isRecent: false);
        }
    }

    private static string KeyIdOf(Arn arn) => arn.Resource[(arn.Resource.IndexOf('/') + 1)..];

    private static async Task<string?> FindAliasAsync(RegionalClients region, string keyId, DateTimeOffset notBefore, CancellationToken cancellationToken)
    {
        var aliases = await region.Aliases.GetAsync(notBefore, cancellationToken);
        return aliases.Where(entry => entry.Value == keyId).Select(entry => entry.Key).Order(StringComparer.Ordinal).FirstOrDefault();
    }
}
