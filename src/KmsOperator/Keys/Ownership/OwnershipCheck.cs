using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Ownership;

/// <summary>
/// Decides whether a resource may have an alias or a key. It is the only place that asks who owns them: the other resources of this
/// cluster, the resources that are about to create a key, and the Region's list of aliases.
/// </summary>
internal sealed class OwnershipCheck(OwnershipIndex index, AliasReservations reservations, ReconcileCache cache)
{
    /// <summary>For a ServiceKey that has neither a key nor a pending create: of two that want one alias, the older one gets it.</summary>
    /// <returns>The error for the younger one; null when the alias is free.</returns>
    public ReconcileError? FindEarlierResource(ServiceKey resource, DesiredKey desired) => desired.AliasNames
        .Select(name => index.FindEarlier(desired.Location, name, resource) is { } earlier ? WantedByEarlier(desired, name, earlier) : null)
        .FirstOrDefault(error => error is not null);

    /// <summary>
    /// Makes sure that the aliases are free before a key is created for them, and reserves the key's own. Of two new keys that want one additional
    /// alias, CreateAlias decides.
    /// </summary>
    /// <param name="region">The clients for the key's place.</param>
    /// <param name="desired">The key that is about to be created.</param>
    /// <param name="aliases">Target key id of each alias in the Region.</param>
    /// <param name="cancellationToken">Ends the calls: one for the tags of each key that an alias is to be taken over from.</param>
    /// <returns>Why the alias cannot be had; null when it is reserved.</returns>
    public async Task<ReconcileError?> ReserveAliasAsync(RegionalClients region, DesiredKey desired, IReadOnlyDictionary<string, string> aliases, CancellationToken cancellationToken)
    {
        foreach (var name in desired.AliasNames)
        {
            if (await FindConflictAsync(region, desired, name, aliases.GetValueOrDefault(name), cancellationToken) is { } conflict)
            {
                return conflict;
            }
        }

        var reservedFor = reservations.Reserve(desired.Location, desired.AliasName, desired.Owner, index.Exists);
        return reservedFor.Uid == desired.Owner.Uid ? null : WantedByEarlier(desired, desired.AliasName, reservedFor.Path);
    }

    /// <summary>Makes sure that no other resource has, or is about to adopt, a key.</summary>
    /// <returns>Why the key cannot be adopted; null when it is reserved.</returns>
    public ReconcileError? ReserveKey(DesiredKey desired, ObservedKey key)
    {
        var holder = index.FindKeyHolder(desired.Location.Region, key.KeyId, desired.Owner.Uid);
        if (holder is null)
        {
            var reservedFor = reservations.Reserve(desired.Location, $"key/{key.KeyId}", desired.Owner, index.Exists);
            holder = reservedFor.Uid == desired.Owner.Uid ? null : reservedFor.Path;
        }

        return holder is null ? null : ReconcileError.Terminal(
            Reasons.KeyConflict, $"spec.adopt.keyId: {key.Arn} belongs to {holder}. Delete one of the two resources.");
    }

    /// <summary>The other resources that have wanted aliases of an existing key.</summary>
    /// <param name="region">The clients for the key's place.</param>
    /// <param name="status">The resource's own status.</param>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="aliasTargets">Target key id of each alias that matters.</param>
    /// <param name="keyId">The resource's own key; null when there is none yet.</param>
    /// <param name="cancellationToken">Ends the calls: one for the tags of each key that an alias is to be taken over from.</param>
    /// <returns><c>{kind}/{namespace}/{name}</c> by alias, without those that no resource has or that point at the resource's own key.</returns>
    public async Task<IReadOnlyDictionary<string, string>> FindAliasHoldersAsync(
        RegionalClients region, KeyStatus status, DesiredKey desired, IReadOnlyDictionary<string, string> aliasTargets, string? keyId, CancellationToken cancellationToken)
    {
        var holders = new Dictionary<string, string>();
        foreach (var name in desired.AliasNames)
        {
            var target = aliasTargets.GetValueOrDefault(name);
            var isOurs = status.AliasName == name || status.AdditionalAliases?.Contains(name) == true;
            if (target is null ? isOurs : target == keyId)
            {
                continue;
            }

            // An alias of ours that somebody pointed at another resource's key is pointed back. One that is to be taken over is not taken from
            // another resource's key; nor is one that another resource has on record and that somebody deleted: its own comparison makes it again.
            if ((index.FindAliasHolder(desired.Location, name, desired.Owner.Uid)
                ?? (isOurs || target is null ? null : index.FindKeyHolder(desired.Location.Region, target, desired.Owner.Uid))) is { } holder)
            {
                holders[name] = holder;
            }
            else if (target is not null && !isOurs && desired.TakeOverAlias && await FindTaggedHolderAsync(region, desired, target, cancellationToken) is { } tagged)
            {
                holders[name] = tagged;
            }
        }

        return holders;
    }

    /// <summary>
    /// Until when calls may arrive that change the aliases of an existing key for another resource. DeleteAlias and UpdateAlias do not ask whose an alias is: one that arrives
    /// late would take it from its next key.
    /// </summary>
    /// <param name="region">The clients for the key's place.</param>
    /// <param name="desired">The key as it should be.</param>
    /// <param name="keyId">The resource's own key.</param>
    /// <returns>The time by alias, without those for which no such call is known or likely.</returns>
    public IReadOnlyDictionary<string, DateTimeOffset> FindLateAliasWrites(RegionalClients region, DesiredKey desired, string keyId)
    {
        var late = new Dictionary<string, DateTimeOffset>();
        foreach (var name in desired.AliasNames)
        {
            // A process that was killed has left no more than the record: its resource had the alias, or was about to get it.
            if ((region.Aliases.LateWriteUntil(name, keyId)
                ?? (region.Aliases.EarlierWritesUntil is { } until && index.HadAlias(desired.Location, name, desired.Owner.Uid) ? until : null)) is { } time)
            {
                late[name] = time;
            }
        }

        return late;
    }

    /// <summary>The resource of this cluster that has a key.</summary>
    /// <returns><c>{kind}/{namespace}/{name}</c>; null when none has it.</returns>
    public string? FindKeyHolder(string region, string keyId) => index.FindKeyHolder(region, keyId, uid: "");

    /// <summary>
    /// The resource of this cluster that has a multi-Region primary: by its status or, where people erased that, by what this process remembers. It goes through all ServiceKeys where no status
    /// names the key, so it is for what happens seldom.
    /// </summary>
    /// <returns><c>{kind}/{namespace}/{name}</c>; null when none has it.</returns>
    public string? FindPrimaryHolder(string region, string keyId) =>
        FindKeyHolder(region, keyId) ?? index.FindServiceKey(key => cache.RememberedKeyId(key.Metadata.Uid!) == keyId);

    /// <summary>The aliases that a ServiceKey was to get before a change, and is not to get after it; null for none.</summary>
    public AliasesLost? FindGivenUp(ServiceKey? old, ServiceKey? now) => index.FindGivenUp(old, now);

    /// <summary>The ServiceKeys that wait for aliases that another resource has lost.</summary>
    public IEnumerable<ServiceKey> ServiceKeysThatWaitFor(AliasesLost lost) => index.ServiceKeysThatWaitFor(lost);

    /// <summary>The KeyReplicas that wait for aliases that another resource has lost.</summary>
    public IEnumerable<KeyReplica> KeyReplicasThatWaitFor(AliasesLost lost) => index.KeyReplicasThatWaitFor(lost);

    /// <summary>Releases what a resource had reserved: it has its key and alias now.</summary>
    public void Release(string uid) => reservations.Release(uid);

    /// <summary>Releases what a resource that has a key had reserved when the key was made, and does not want any more. It may never get that far to have all that it wants.</summary>
    public void ReleaseUnwanted(DesiredKey desired) => reservations.ReleaseOthers(desired.Location, desired.AliasName, desired.Owner.Uid);

    /// <summary>Whether an alias points at another key by now. DeleteAlias names no key, and the plan may be based on an old list.</summary>
    public static async Task<bool> PointsAtAnotherKeyAsync(
        RegionalClients region, string aliasName, string keyId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var listed = await region.Aliases.GetAsync(now - AliasDirectory.UsualAge, cancellationToken);
        return (listed.TryGetValue(aliasName, out var target) && target != keyId)
            || (await KeyObserver.DescribeAsync(region.Clients.Reading, aliasName, cancellationToken) is { } named && named.KeyId != keyId);
    }

    /// <summary>
    /// The other resource of this cluster that a key's tags name, if it still exists: a resource whose status somebody erased has its key all the same. Whoever may not read
    /// the tags of a key is told nothing: the key of a resource lets the operator read them.
    /// </summary>
    private async Task<string?> FindTaggedHolderAsync(RegionalClients region, DesiredKey desired, string keyId, CancellationToken cancellationToken)
    {
        try
        {
            var tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, keyId, cancellationToken);
            return KeyTags.OwnerIn(tags) is { } owner && owner.ClusterId == desired.Owner.ClusterId && owner.Uid != desired.Owner.Uid && index.Exists(owner) ? owner.Path : null;
        }
        catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind is AwsFailureKind.NotFound or AwsFailureKind.AccessDenied)
        {
            return null;
        }
    }

    private async Task<ReconcileError?> FindConflictAsync(RegionalClients region, DesiredKey desired, string aliasName, string? target, CancellationToken cancellationToken)
    {
        if (desired.Primary is { } primary && target == primary.KeyId)
        {
            return null;
        }

        // The other resources are asked even when the list has no such alias: the list may be older than the alias.
        var holder = index.FindAliasHolder(desired.Location, aliasName, desired.Owner.Uid)
            ?? (target is null ? null : index.FindKeyHolder(desired.Location.Region, target, desired.Owner.Uid))
            ?? (target is null || !desired.TakeOverAlias ? null : await FindTaggedHolderAsync(region, desired, target, cancellationToken));
        return holder is not null || (target is not null && !desired.TakeOverAlias)
            ? KeyPlanner.AliasConflict(aliasName, target, desired.Location, holder, isAdditional: aliasName != desired.AliasName)
            : null;
    }

    private static ReconcileError WantedByEarlier(DesiredKey desired, string aliasName, string earlier) => ReconcileError.Terminal(
        Reasons.AliasConflict,
        $"{aliasName} is wanted by {earlier} as well, which came first. "
        + (aliasName == desired.AliasName ? "Set spec.alias to another name." : "Remove it from spec.additionalAliases."));
}
