using Amazon;
using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Status;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Create;

/// <summary>
/// Finds an existing key for a resource without one: the key that <c>spec.adopt</c> names, or the key that an earlier resource of the same
/// cluster id, kind, namespace and name left behind, which still carries its owner tag.
/// </summary>
internal sealed class KeyAdoption(OwnershipCheck ownership, RecentDeletions deletions)
{
    /// <summary>Looks for an existing key, and stores its id.</summary>
    /// <returns>The key was found, or why that is not known; null when there is none and one is to be created.</returns>
    public async Task<KeyCreationResult?> FindAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var subject = desired.AdoptKeyId is { } keyId ? $"spec.adopt.keyId {keyId}" : $"account {desired.Location.AccountId}, {desired.Location.Region}";
        try
        {
            if (desired.AdoptKeyId is not null)
            {
                return await AdoptAsync(context, status, resolved, region, desired.AdoptKeyId, cancellationToken);
            }

            // A replica's Region is known, and ReplicateKey itself says that there is one.
            return desired.Primary is null ? await FindReleasedAsync(context, status, resolved, region, cancellationToken) : null;
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            return KeyCreationResult.Failed(status, AwsReconcileError.For(failure, subject, isRecent: false));
        }
    }

    private async Task<KeyCreationResult> AdoptAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, string keyId, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        if (Arn.TryParse(keyId, out var arn) && (arn.AccountId != desired.Location.AccountId || arn.Region != desired.Location.Region))
        {
            return KeyCreationResult.Failed(status, ReconcileError.Terminal(
                Reasons.InvalidSpec,
                $"spec.adopt.keyId: {keyId} is in account {arn.AccountId}, {arn.Region}; this resource's keys are in account {desired.Location.AccountId}, {desired.Location.Region}."));
        }

        if (await KeyObserver.DescribeAsync(region.Clients.Reading, keyId, cancellationToken) is not { } described)
        {
            return KeyCreationResult.Failed(status, ReconcileError.Terminal(
                Reasons.KeyNotFound,
                $"spec.adopt.keyId: KMS knows no {keyId} in account {desired.Location.AccountId}, {desired.Location.Region}; no other key is made in its place. It is looked for again."));
        }

        // The tags of a key that AWS manages may not be read; it is refused without them.
        var observed = described.IsAwsManaged
            ? described
            : await KeyObserver.ObserveAsync(region.Clients.Reading, described.KeyId, cancellationToken) ?? described;
        if (KeyCompatibility.FindIncompatibility(desired, observed) is { } misfit)
        {
            return KeyCreationResult.Failed(status, misfit);
        }

        return ownership.ReserveKey(desired, observed) is { } conflict
            ? KeyCreationResult.Failed(status, conflict)
            : await TakeAsync(context, status, resolved, observed, cancellationToken);
    }

    private async Task<KeyCreationResult?> FindReleasedAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;

        var scan = await region.Tags.GetAsync(context.IsStatusLost ? context.Now : ScanNotBefore(context, desired.Owner), cancellationToken);
        var tagged = (scan.KeyIdsByOwner.GetValueOrDefault((desired.Owner.ClusterId, desired.Owner.Path)) ?? [])
            .Union(region.Tags.RecordedFor(desired.Owner.ClusterId, desired.Owner.Path)).ToArray();

        // The alias stayed with the key, and leads to it also when the tags were read before they were written.
        var named = (await region.Aliases.GetAsync(context.Now - AliasDirectory.AgeForNewKeys, cancellationToken)).GetValueOrDefault(desired.AliasName);
        var left = new List<ObservedKey>();
        foreach (var keyId in named is null ? tagged : tagged.Union([named]))
        {
            var key = await ReadAsync(region, keyId, keyId == named && !tagged.Contains(keyId), cancellationToken);
            var isTagged = key?.Tags.GetValueOrDefault(TagNames.Owner) == desired.Owner.Path;
            if (isTagged && keyId == named && !desired.TakeOverAlias
                && key!.Tags.GetValueOrDefault(TagNames.Cluster) is { } cluster && cluster != desired.Owner.ClusterId)
            {
                // A second key in its place could not decrypt what this one encrypted.
                return KeyCreationResult.Failed(status, ReconcileError.Terminal(
                    Reasons.KeyConflict,
                    $"{desired.AliasName} points at {key.Arn}, which a resource of this name in cluster {cluster} has by its servicekey.dev tags. If that cluster "
                    + $"is gone and this one takes its place, run the operator with --cluster-id {cluster}; else set spec.alias to another name."));
            }

            if (!isTagged && region.Tags.IsWrittenLately(keyId) && tagged.Contains(keyId))
            {
                return KeyCreationResult.Failed(status, ReconcileError.Transient(
                    Reasons.Progressing, $"Key {keyId} was tagged as this resource's a moment ago but KMS does not show it yet; the operator looks again."));
            }

            // The index may be older than the tags. A key with another spec or usage is not what the resource asks for, and is left alone.
            if (isTagged && KeyCompatibility.FindIncompatibility(desired, key!) is null)
            {
                left.Add(key!);
            }
        }

        if (left.Count == 0 && await FindUnmarkedAsync(context, desired, region, cancellationToken) is { } unmarked)
        {
            left.Add(unmarked);
        }

        var usable = OwnedKeys.Usable(left);
        var candidates = usable.Count > 0 ? usable : left;
        if (candidates.Count > 1)
        {
            return KeyCreationResult.Failed(status, ReconcileError.Terminal(
                Reasons.KeyConflict,
                $"Several keys carry this resource's owner tag: {string.Join(", ", candidates.Select(key => key.Arn).Order(StringComparer.Ordinal))}. "
                + "Name one with spec.adopt.keyId, or remove the servicekey.dev tags of the others."));
        }

        return candidates.Count == 0 ? null : await TakeAsync(context, status, resolved, candidates[0], cancellationToken);
    }

    /// <summary>
    /// How old the scan of the tags may be. What an earlier resource of that name left was there when it went, and before this resource was first seen.
    /// What this process did is known without a scan; another instance of the operator may have done it.
    /// </summary>
    private DateTimeOffset ScanNotBefore<T>(ReconcileContext<T> context, KeyOwner owner)
        where T : class, IKeyResource
    {
        var usual = context.Now - TagIndex.UsualAge;
        var since = context.FirstSeenAt < usual ? context.FirstSeenAt : usual;
        return deletions.LastOf(owner.Path) is { } gone && gone > since ? gone : since;
    }

    /// <summary>
    /// The key of a resource whose status was lost, where somebody also took the owner tags off the key. Only a process that had the key on record
    /// knows it. The tag of the create attempt says that the operator made it.
    /// </summary>
    private async Task<ObservedKey?> FindUnmarkedAsync<T>(
        ReconcileContext<T> context, DesiredKey desired, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        context.IsStatusLost && context.Cache.RememberedKeyId is { } keyId && ownership.FindKeyHolder(desired.Location.Region, keyId) is null
        && await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken) is { } key
        && key.Tags.ContainsKey(TagNames.Attempt) && KeyCompatibility.FindIncompatibility(desired, key) is null
            ? key
            : null;

    /// <summary>Reads a key. One that only an alias leads to may be unreadable.</summary>
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

    private static async Task<KeyCreationResult> TakeAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        // A key that an earlier resource had may have grants of that time. The tag that it was let go may not show yet, but the uid tag is that resource's.
        var isOfEarlier = key.Tags.GetValueOrDefault(TagNames.Uid) is { } uid && uid != resolved.Desired.Owner.Uid;
        // A process or a resource before this one may have written to it just now.
        var wasManaged = context.IsStatusLost || isOfEarlier || key.Tags.ContainsKey(TagNames.Released) || key.Tags.ContainsKey(TagNames.DeletedBy);
        if (key.Tags.GetValueOrDefault(TagNames.Attempt) is { Length: > 0 } attemptId)
        {
            // Where the status is lost, the record says in which account and Region the key is. The class may lead elsewhere by then.
            await context.RecordMakingAsync(CreateRecord.AttemptFor(attemptId, status, resolved, context.Now), cancellationToken);
        }
        else
        {
            await context.AddFinalizerAsync(cancellationToken);
        }

        var taken = CreateRecord.WithLost(context, KeyStatusFields.Observed(status, key) with
        {
            FormerGrantNames = wasManaged ? GrantHistory.Unknown : status.FormerGrantNames,
            LastChangedAt = wasManaged ? context.Now : status.LastChangedAt,

            // Its rotations so far were not requested by this resource; the first comparison reads them.
            Rotation = null,
            AccountId = resolved.Desired.Location.AccountId,
            Region = resolved.Desired.Location.Region,
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,
        });
        await context.RecordAsync(taken, $"{key.Arn} was found and is compared with the spec.", cancellationToken);
        context.Cache.OwnKeyId = key.KeyId;
        return KeyCreationResult.Found(taken);
    }
}
