using Amazon;
using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>
/// Finds the key that a resource without one has already: the one that <c>spec.adopt</c> names, or the one that an earlier
/// resource of the same cluster id, kind, namespace and name left, which still carries their owner tag.
/// </summary>
internal sealed class KeyAdoption(AliasReservations claims, OwnershipIndex holders)
{
    /// <summary>Looks for a key and stores its id.</summary>
    /// <returns>The key was found, or why that is open; null when there is none and one is to be made.</returns>
    public async Task<KeyCreationResult?> FindAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var subject = desired.AdoptKeyId is { } keyId ? $"spec.adopt.keyId {keyId}" : $"account {desired.Location.AccountId}, {desired.Location.Region}";
        try
        {
            if (desired.AdoptKeyId is not null)
            {
                return await AdoptAsync(context, resolved, region, desired.AdoptKeyId, cancellationToken);
            }

            // A replica's Region is known, and ReplicateKey itself says that there is one.
            return desired.Primary is null ? await FindLeftAsync(context, resolved, region, cancellationToken) : null;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            return KeyCreationResult.Blocked(AwsReconcileError.For(failure, subject, isRecent: false));
        }
    }

    private async Task<KeyCreationResult> AdoptAsync<T>(
        ReconcileContext<T> context, ResolvedKey resolved, RegionalClients region, string keyId, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        if (Arn.TryParse(keyId, out var arn) && (arn.AccountId != desired.Location.AccountId || arn.Region != desired.Location.Region))
        {
            return KeyCreationResult.Blocked(ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.adopt.keyId: {keyId} is in account {arn.AccountId}, {arn.Region}; this resource's keys are in account {desired.Location.AccountId}, {desired.Location.Region}."));
        }

        if (await KeyObserver.DescribeAsync(region.Clients.Reading, keyId, cancellationToken) is not { } described)
        {
            return KeyCreationResult.Blocked(ReconcileError.Terminal(
                Reasons.KeyNotFound,
                $"spec.adopt.keyId: KMS knows no {keyId} in account {desired.Location.AccountId}, {desired.Location.Region}; no other key is made in its place. It is looked for again."));
        }

        // The tags of a key that AWS manages may not be read; it is refused without them.
        var observed = described.IsAwsManaged
            ? described
            : await KeyObserver.ObserveAsync(region.Clients.Reading, described.KeyId, cancellationToken) ?? described;
        if (KeyCompatibility.FindIncompatibility(desired, observed) is { } misfit)
        {
            return KeyCreationResult.Blocked(misfit);
        }

        var holder = holders.OfKey(desired.Location, observed.KeyId, desired.Owner.Uid);
        if (holder is null && claims.Claim(desired.Location, $"key/{observed.KeyId}", desired.Owner, holders.Has) is var claimant && claimant.Uid != desired.Owner.Uid)
        {
            holder = claimant.Path;
        }

        if (holder is not null)
        {
            return KeyCreationResult.Blocked(ReconcileError.Terminal(Reasons.KeyConflict, $"spec.adopt.keyId: {observed.Arn} is {holder}'s. Delete one of the two resources."));
        }

        return await TakeAsync(context, resolved, observed, cancellationToken);
    }

    private static async Task<KeyCreationResult?> FindLeftAsync<T>(
        ReconcileContext<T> context, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var scan = await region.Scan.GetAsync(context.Cache.FirstSeenAt ?? context.Now, cancellationToken);
        var tagged = scan.KeyIdsByOwner.GetValueOrDefault((desired.Owner.ClusterId, desired.Owner.Path)) ?? [];

        // The alias stayed as well, and says so also where the tags were read before they were put.
        var named = (await region.Aliases.GetAsync(context.Now - AliasDirectory.UsualAge, cancellationToken)).GetValueOrDefault(desired.AliasName);
        var left = new List<ObservedKey>();
        foreach (var keyId in named is null ? tagged : tagged.Union([named]))
        {
            var key = await ReadAsync(region, keyId, keyId == named && !tagged.Contains(keyId), cancellationToken);
            var isTagged = key?.Tags.GetValueOrDefault(TagNames.Owner) == desired.Owner.Path;
            if (isTagged && keyId == named && !desired.TakeOverAlias
                && key!.Tags.GetValueOrDefault(TagNames.Cluster) is { } cluster && cluster != desired.Owner.ClusterId)
            {
                // A second key in its place would read none of what this one encrypted.
                return KeyCreationResult.Blocked(ReconcileError.Terminal(
                    Reasons.KeyConflict,
                    $"{desired.AliasName} points at {key.Arn}, which a resource of this name in cluster {cluster} has by its servicekey.dev tags. If that cluster "
                    + $"is gone and this one takes its place, run the operator with --cluster-id {cluster}; else set spec.alias to another name."));
            }

            if (!isTagged && scan.WrittenLately.Contains(keyId) && tagged.Contains(keyId))
            {
                return KeyCreationResult.Blocked(ReconcileError.Transient(
                    Reasons.Progressing, $"Key {keyId} was tagged as this resource's a moment ago but KMS does not show it yet; it is looked for again."));
            }

            // The scan may be older than the tags; a key of another nature is not what the spec asks for, and stays where it is.
            if (isTagged && KeyCompatibility.FindIncompatibility(desired, key!) is null)
            {
                left.Add(key!);
            }
        }

        var living = left.Where(key => !KeyStates.IsPendingDeletion(key.KeyState)).ToList();
        var candidates = living.Count > 0 ? living : left;
        if (candidates.Count > 1)
        {
            return KeyCreationResult.Blocked(ReconcileError.Terminal(
                Reasons.KeyConflict,
                $"Several keys carry this resource's owner tag: {string.Join(", ", candidates.Select(key => key.Arn).Order(StringComparer.Ordinal))}. "
                + "Name one with spec.adopt.keyId, or remove the servicekey.dev tags of the others."));
        }

        return candidates.Count == 0 ? null : await TakeAsync(context, resolved, candidates[0], cancellationToken);
    }

    /// <summary>Reads a key; one that is only a guess may be unreadable.</summary>
    private static async Task<ObservedKey?> ReadAsync(RegionalClients region, string keyId, bool isGuess, CancellationToken cancellationToken)
    {
        try
        {
            return await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken);
        }
        catch (AmazonKeyManagementServiceException e) when (isGuess && AwsFailure.Of(e)!.Kind == AwsFailureKind.AccessDenied)
        {
            return null;
        }
    }

    private static async Task<KeyCreationResult> TakeAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        await context.AddFinalizerAsync(cancellationToken);
        context.Status = KeyStatusFields.Observed(context.Status, key) with
        {
            // Its rotations are somebody else's so far, and read with the first comparison.
            Rotation = null,
            AccountId = resolved.Desired.Location.AccountId,
            Region = resolved.Desired.Location.Region,
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,
        };
        await context.SaveAsync(ReadyCondition.Waiting(Reasons.Progressing, $"{key.Arn} was found and is compared with the spec."), cancellationToken);
        return KeyCreationResult.FoundKey;
    }
}
