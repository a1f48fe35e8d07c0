using Amazon.KeyManagementService;
using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Update;

/// <summary>
/// Puts the owner tags back on a resource's own key from which somebody took them. By <c>config/iam/operator-policy.json</c> the operator may
/// read a key's policy and rotation, and change the key, only while the key carries the cluster's tag. It may always list a key's tags, and put
/// tags of which one is the cluster's. So the tags go first, and the key is read after that.
/// </summary>
/// <remarks>
/// It is for callers that know that the key is the resource's: <see cref="Ownership.StatusKeyCheck"/> has said so. A status alone proves
/// nothing, and a key without tags that a forged status names must not get this resource's.
/// </remarks>
internal sealed class OwnerTagRepair(OperatorSettings settings)
{
    /// <summary>Reads a key. If that is denied and the key lacks its owner tags, they are put back, and the key is read again.</summary>
    /// <param name="context">The reconcile of the resource whose key it is.</param>
    /// <param name="owner">The resource.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="mayWrite">Whether anything may be written to the key at all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="AmazonKeyManagementServiceException">The key cannot be read, and not because of a tag.</exception>
    public async Task<KeyReading> ObserveAsync<T>(
        ReconcileContext<T> context, KeyOwner owner, RegionalClients region, bool mayWrite, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var keyId = context.Status.KeyId!;

        // The ServiceKey shows the rotation of its key, wherever the primary is.
        var withRotation = owner.Kind == ServiceKey.KindName;
        var mayRotate = context.Status is { Rotation: not null, KeyState: KeyStates.Enabled or KeyStates.Disabled };
        try
        {
            return new KeyReading(await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken, withRotation, mayRotate), null);
        }
        catch (AmazonKeyManagementServiceException e) when (mayWrite && AwsFailure.Of(e)!.Kind == AwsFailureKind.AccessDenied)
        {
            var (isPutBack, error) = await PutBackAsync(context, owner, region, cancellationToken);
            if (error is not null)
            {
                return new KeyReading(null, error);
            }

            if (!isPutBack)
            {
                throw;
            }
        }

        // AWS may take minutes to permit what a tag permits. Until then the denial counts as one that passes.
        return new KeyReading(await KeyObserver.ObserveAsync(region.Clients.Reading, keyId, cancellationToken, withRotation, mayRotate), null);
    }

    /// <summary>Puts back the owner tags that the resource's key lacks.</summary>
    /// <param name="context">The reconcile of the resource whose key it is.</param>
    /// <param name="owner">The resource.</param>
    /// <param name="region">Where the key is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether tags were put back; and why they cannot be, or must not be.</returns>
    public async Task<(bool IsPutBack, ReconcileError? Error)> PutBackAsync<T>(
        ReconcileContext<T> context, KeyOwner owner, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        if (await KeyObserver.DescribeAsync(region.Clients.Reading, context.Status.KeyId!, cancellationToken) is not { } key)
        {
            return (false, null);
        }

        key = key with { Tags = await KeyObserver.ListTagsAsync(region.Clients.Reading, key.KeyId, cancellationToken) };
        if (KeyCompatibility.FindForeignOwner(key, owner) is { } foreign)
        {
            return (false, foreign);
        }

        var missing = KeyTags.FindMissing(owner, key.Tags);
        if (!missing.Keys.Any(tag => tag is TagNames.Cluster or TagNames.Owner))
        {
            return (false, null);
        }

        // The request carries the cluster's tag whether the key still has it or not: that is what permits it.
        var step = new TagResourceStep(new Dictionary<string, string>(missing) { [TagNames.Cluster] = owner.ClusterId });
        try
        {
            await StepExecution.ExecuteAsync(context, region, step, key, cancellationToken);
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken, step.Operation) is { } failure)
        {
            return (false, Explain(failure, key, missing, context.IsRecent(settings.ConsistencyWindow)));
        }

        context.Cache.TaggedAt = context.Now;
        context.RecordEvent(
            EventType.Warning, Reasons.Progressing, step.Operation, $"Somebody took {string.Join(", ", missing.Keys.Order(StringComparer.Ordinal))} off {key.Arn}; the operator has put them back.");
        return (true, null);
    }

    private static ReconcileError Explain(AwsFailure failure, ObservedKey key, IReadOnlyDictionary<string, string> missing, bool isRecent)
    {
        if (failure.Kind != AwsFailureKind.AccessDenied)
        {
            return AwsReconcileError.For(failure, key.Arn, isRecent);
        }

        var tags = string.Join(" ", missing.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"TagKey={tag.Key},TagValue={tag.Value}"));
        return ReconcileError.Terminal(
            Reasons.AccessDenied,
            $"{key.Arn} lacks the tags {string.Join(", ", missing.Keys.Order(StringComparer.Ordinal))}, without which the operator may not read or change it, and TagResource is refused as well: "
            + $"{failure.Code}: {failure.Message.TrimEnd('.')}. Put them back (aws kms tag-resource --key-id {key.KeyId} --tags {tags}), "
            + $"or let the operator's principal call kms:TagResource with aws:RequestTag/{TagNames.Cluster}.");
    }
}

/// <summary>What reading a key came to.</summary>
/// <param name="Key">The key; null when KMS does not show it, or when there is an error.</param>
/// <param name="Error">Why it cannot be read.</param>
internal sealed record KeyReading(ObservedKey? Key, ReconcileError? Error);
