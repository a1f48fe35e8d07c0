using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Promote;

/// <summary>
/// Looks at everything once more before the primary moves. The move changes two keys, so both have to be the ServiceKey's and enabled, and what is decided
/// is decided on what the API server and KMS say now.
/// </summary>
/// <param name="api">The API server.</param>
/// <param name="serviceKeys">The type of ServiceKeys there.</param>
/// <param name="keyReplicas">The type of KeyReplicas there.</param>
/// <param name="regions">Clients for AWS.</param>
internal sealed class PrimaryMove(IKubernetesApi api, ResourceType<ServiceKey> serviceKeys, ResourceType<KeyReplica> keyReplicas, RegionalClientFactory regions)
{
    /// <summary>Why the primary is not moved now; null when it may be.</summary>
    /// <param name="context">The reconcile of the resource whose key is the primary.</param>
    /// <param name="resolved">What its key must be.</param>
    /// <param name="key">Its key.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ReconcileError?> FindObstacleAsync<T>(
        ReconcileContext<T> context, ResolvedKey resolved, ObservedKey key, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var wanted = resolved.Desired.WantedPrimary!;
        if (!await context.IsCurrentAsync(cancellationToken) || !await IsStillWantedAsync(context.Resource, wanted, cancellationToken))
        {
            return Wait(wanted, "the spec has changed since it was read");
        }

        if (await FindReplicaObstacleAsync(context.Namespace, wanted, cancellationToken) is { } because)
        {
            return Wait(wanted, because);
        }

        if (await KeyObserver.DescribeAsync(region.Clients.Reading, key.KeyId, cancellationToken) is not { MultiRegionKeyType: "PRIMARY", KeyState: KeyStates.Enabled } now)
        {
            return Wait(wanted, $"KMS does not show {key.Arn} as an enabled primary");
        }

        return await FindTargetObstacleAsync(resolved, now, wanted, cancellationToken);
    }

    /// <summary>Records a move in the Region of the new primary as well: KMS may show that key as a replica for a while.</summary>
    /// <param name="resolved">What the earlier primary must be.</param>
    /// <param name="step">The move.</param>
    /// <param name="before">The earlier primary before the move.</param>
    public void Record(ResolvedKey resolved, UpdatePrimaryRegionStep step, ObservedKey before) =>
        regions.For(resolved.Access with { Region = step.Region }).RecordWrite(step, before with { MultiRegionKeyType = "REPLICA" }, before);

    /// <summary>Forgets earlier moves after one without an answer. Nobody but KMS knows where the primary is then.</summary>
    /// <param name="resolved">What the primary must be.</param>
    /// <param name="step">The move.</param>
    /// <param name="key">The primary.</param>
    /// <param name="region">Where the primary is, or was.</param>
    public void Forget(ResolvedKey resolved, UpdatePrimaryRegionStep step, ObservedKey key, RegionalClients region)
    {
        region.ForgetPrimaryMoves(key.KeyId);
        regions.For(resolved.Access with { Region = step.Region }).ForgetPrimaryMoves(key.KeyId);
    }

    private async Task<bool> IsStillWantedAsync(IKeyResource resource, WantedPrimary wanted, CancellationToken cancellationToken)
    {
        var serviceKey = resource switch
        {
            ServiceKey own => own,
            KeyReplica { Spec.PrimaryRef: { } reference } => await api.GetAsync(
                serviceKeys, new NamespacedName(resource.Metadata.Namespace ?? "", reference.Name), cancellationToken),
            _ => null,
        };
        return serviceKey is { Metadata.DeletionTimestamp: null } && serviceKey.Spec.PrimaryRegion == wanted.Region && serviceKey.Spec.Suspend != true;
    }

    /// <summary>Nothing is written to the key of a KeyReplica that is suspended or only observes; and a key that is about to go becomes no primary.</summary>
    private async Task<string?> FindReplicaObstacleAsync(string @namespace, WantedPrimary wanted, CancellationToken cancellationToken)
    {
        if (wanted.OwnerPath.Split('/') is not [KeyReplica.KindName, _, var name])
        {
            return null;
        }

        return await api.GetAsync(keyReplicas, new NamespacedName(@namespace, name), cancellationToken) switch
        {
            null => $"KeyReplica {name} does not exist yet",
            { Metadata.DeletionTimestamp: not null } => $"KeyReplica {name} is being deleted",
            { Spec.Suspend: true } => $"KeyReplica {name} is suspended",
            { Spec.ManagementPolicy: ManagementPolicies.Observe } => $"KeyReplica {name} says managementPolicy: Observe",
            _ => null,
        };
    }

    private async Task<ReconcileError?> FindTargetObstacleAsync(ResolvedKey resolved, ObservedKey key, WantedPrimary wanted, CancellationToken cancellationToken)
    {
        var there = regions.For(resolved.Access with { Region = wanted.Region }).Clients.Reading;
        if (await KeyObserver.DescribeAsync(there, key.KeyId, cancellationToken) is not { } target)
        {
            return Wait(wanted, $"KMS shows no replica of {key.KeyId} there yet");
        }

        if (target.KeyState != KeyStates.Enabled)
        {
            return Wait(wanted, $"{target.Arn} is in state {target.KeyState}, and only an enabled key becomes the primary");
        }

        var tags = await KeyObserver.ListTagsAsync(there, key.KeyId, cancellationToken);
        var owner = tags.GetValueOrDefault(TagNames.Owner);
        return owner == wanted.OwnerPath && tags.GetValueOrDefault(TagNames.Cluster) == resolved.Desired.Owner.ClusterId ? null : ReconcileError.Terminal(
            Reasons.ReplicaConflict,
            $"spec.primaryRegion: {target.Arn} is {owner ?? "nobody"}'s by its servicekey.dev tags, and not {wanted.OwnerPath}'s; the primary does not move there. "
            + "Correct the tags, or name another Region.");
    }

    private static ReconcileError Wait(WantedPrimary wanted, string because) =>
        ReconcileError.Transient(Reasons.Progressing, $"spec.primaryRegion: the primary does not move to {wanted.Region} yet: {because}. The operator looks again.");
}
