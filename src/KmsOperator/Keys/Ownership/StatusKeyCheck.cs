using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Ownership;

/// <summary>
/// Checks that the key that a resource's status names is the resource's. A restore, a tool or a person may have put another key's id there. The key's
/// own tags decide. It is asked before a process first writes to a key, and again when the status names another key than this process has on record.
/// </summary>
internal sealed class StatusKeyCheck(OwnershipIndex index, OperatorSettings settings)
{
    /// <summary>Checks the key that the status names.</summary>
    /// <param name="context">The reconcile of a resource whose status names a key.</param>
    /// <param name="owner">The resource.</param>
    /// <param name="regionName">Where its key is.</param>
    /// <param name="region">The clients for that Region.</param>
    /// <param name="mayAdoptBy">The alias that the spec gives, where the class permits the resource to take over any key; else null.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<StatusKey> CheckAsync<T>(
        ReconcileContext<T> context, KeyOwner owner, string regionName, RegionalClients region, string? mayAdoptBy, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var keyId = context.Status.KeyId!;
        if (context.Cache.OwnKeyId == keyId)
        {
            return StatusKey.Own;
        }

        if (await ListTagsAsync(region, keyId, cancellationToken) is not { } tags)
        {
            // Nothing can be written to a key that KMS does not know. The resource's own is looked for once; after that the key counts as missing. A resource that goes looks as long as it waits.
            return (!context.WasMissing || context.Resource.Metadata.DeletionTimestamp is not null) && await FindOwnAsync(context, owner, region, cancellationToken) is { } other ? new StatusKey(other, null) : StatusKey.Own;
        }

        var claimed = new ObservedKey { KeyId = keyId, Arn = context.Status.Arn ?? keyId, KeyState = "", KeySpec = "", KeyUsage = "", Tags = tags };
        var foreign = KeyCompatibility.FindForeignOwner(claimed, owner);
        if (foreign is null && tags.ContainsKey(TagNames.Owner))
        {
            context.Cache.OwnKeyId = keyId;
            return StatusKey.Own;
        }

        // A key without an owner tag may look like the resource's own. One that the tags or this process know for that comes first.
        if ((await FindOwnAsync(context, owner, region, cancellationToken) ?? await FindRememberedAsync(context, owner, regionName, region, cancellationToken)) is { } own)
        {
            return new StatusKey(own, null);
        }

        if (foreign is null
            && (await IsLikelyAsync(context, owner, regionName, region, claimed, cancellationToken)
                || await IsNamedAsync(context, owner, regionName, region, mayAdoptBy, keyId, cancellationToken)))
        {
            context.Cache.OwnKeyId = keyId;
            return StatusKey.Own;
        }

        return new StatusKey(null, foreign ?? ReconcileError.Terminal(
            Reasons.KeyConflict,
            $"status.keyId names {claimed.Arn}, but that key has no servicekey.dev tags, so it may not be this resource's; it is left alone. "
            + $"If it is, tag it {TagNames.Owner}={owner.Path} and {TagNames.Cluster}={owner.ClusterId}; if it is not, remove the status."));
    }

    /// <summary>
    /// The key that this process has known as the resource's until somebody changed the status. Whoever did that may have taken the owner tags off that key, too; nobody
    /// else would find it then. One that the process has only read in the status of before counts where its tags say that the operator made it.
    /// </summary>
    /// <param name="context">The reconcile of a resource whose status is erased, or names another key.</param>
    /// <param name="owner">The resource.</param>
    /// <param name="regionName">Where its key is.</param>
    /// <param name="region">The clients for that Region.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null where this process knows of none, and where the key is another resource's or is pending deletion.</returns>
    public async Task<ObservedKey?> FindRememberedAsync<T>(
        ReconcileContext<T> context, KeyOwner owner, string regionName, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        context.Cache.RememberedKeyId is { } keyId && keyId != context.Status.KeyId
        && index.FindKeyHolder(regionName, keyId, owner.Uid) is null
        && await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken) is { } key
        && KeyCompatibility.FindForeignOwner(key, owner) is null && !KeyStates.IsPendingDeletion(key.KeyState)
        && (keyId == context.Cache.OwnKeyId || key.Tags.ContainsKey(TagNames.Attempt))
            ? key
            : null;

    /// <summary>
    /// Whether a key without any owner tag may be taken for the resource's since the resource's alias points at it. That is so only where the class
    /// permits adoption: whoever may write the spec chooses the alias, and there could take the key over by <c>spec.adopt</c> all the same.
    /// </summary>
    private async Task<bool> IsNamedAsync<T>(
        ReconcileContext<T> context, KeyOwner owner, string regionName, RegionalClients region, string? mayAdoptBy, string keyId, CancellationToken cancellationToken)
        where T : class, IKeyResource =>
        mayAdoptBy is not null
        && index.FindKeyHolder(regionName, keyId, owner.Uid) is null
        && (await region.Aliases.GetAsync(context.Now - AliasDirectory.UsualAge, cancellationToken)).GetValueOrDefault(mayAdoptBy) == keyId;

    /// <summary>Whether a key without an owner tag is the resource's: the operator has made it or the spec names it, and no other resource has it.</summary>
    private async Task<bool> IsLikelyAsync<T>(
        ReconcileContext<T> context, KeyOwner owner, string regionName, RegionalClients region, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (index.FindKeyHolder(regionName, key.KeyId, owner.Uid) is not null)
        {
            return false;
        }

        var adopted = context.Resource.Adopt?.KeyId;
        return key.Tags.ContainsKey(TagNames.Attempt)
            || (adopted is not null && (await KeyObserver.DescribeAsync(region.Clients.Reading, adopted, cancellationToken))?.KeyId == key.KeyId);
    }

    /// <summary>The key that was made for the resource, by its tags. Somebody may have scheduled its deletion: then the resource says so, and takes no other.</summary>
    private Task<ObservedKey?> FindOwnAsync<T>(ReconcileContext<T> context, KeyOwner owner, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource => OwnedKeys.FindAsync(region, owner, context.Now - settings.ConsistencyWindow, context.Status.KeyId, orPendingDeletion: true, cancellationToken);

    private static async Task<IReadOnlyDictionary<string, string>?> ListTagsAsync(RegionalClients region, string keyId, CancellationToken cancellationToken)
    {
        try
        {
            return await KeyObserver.ListTagsAsync(region.Clients.Reading, keyId, cancellationToken);
        }
        catch (AmazonKeyManagementServiceException e) when (AwsFailure.Of(e)!.Kind == AwsFailureKind.NotFound)
        {
            return null;
        }
    }
}

/// <summary>Whether the key that a status names is the resource's.</summary>
/// <param name="Instead">The resource's own key, where the status names another one.</param>
/// <param name="Error">Why nothing may be done to the key that the status names, where no other key is known.</param>
internal sealed record StatusKey(ObservedKey? Instead, ReconcileError? Error)
{
    /// <summary>Whether it is.</summary>
    public bool IsOwn => Instead is null && Error is null;

    /// <summary>It is.</summary>
    public static StatusKey Own { get; } = new(null, null);
}
