using System.Net;
using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Create;

/// <summary>What is recorded of a create attempt: before it is sent, by annotations, and of its key, in the status.</summary>
internal static class CreateRecord
{
    private const int MaxTries = 5;

    /// <summary>The status that the key of an attempt gets. It is written once the key has all that belongs to it.</summary>
    public static KeyStatus StatusFor(KeyStatus status, ResolvedKey resolved, DateTimeOffset now) =>
        AliasHistory.WithPendingAdditional(AliasHistory.WithPending(status, resolved.Desired.AliasName), resolved.Desired.AdditionalAliases) with
        {
            FormerGrantNames = GrantHistory.WithPending(status, resolved.Desired.Grants.Select(grant => grant.Name)).FormerGrantNames,
            AccountId = resolved.Desired.Location.AccountId,
            Region = resolved.Desired.Location.Region,
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,
            LastChangedAt = now,
        };

    /// <summary>An attempt to create the desired key.</summary>
    public static CreateAttempt AttemptFor(string id, KeyStatus status, ResolvedKey resolved, DateTimeOffset now) => new(id, now)
    {
        ClassName = resolved.ClassName,
        AccountId = resolved.Desired.Location.AccountId,
        Region = resolved.Desired.Location.Region,
        Service = resolved.Desired.Service,
        Aliases = [.. new[] { resolved.Desired.AliasName }.Concat(resolved.Desired.AdditionalAliases).Union(AliasHistory.NamesIn(status))],
    };

    /// <summary>
    /// Stores the id of a key that an attempt made. A conflict means that somebody has changed the resource meanwhile. The id is stored
    /// all the same, since the key is this resource's whatever the spec says now.
    /// </summary>
    /// <returns>The status with the key, as it was written.</returns>
    /// <exception cref="KubernetesApiException">Conflict: the id is stored, and the spec has changed. What the caller is about to do follows from the old one.</exception>
    public static async Task<KeyStatus> EndAsync<T>(ReconcileContext<T> context, KeyStatus status, ObservedKey key, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var generation = context.Resource.Metadata.Generation;
        var stored = WithLost(context, KeyStatusFields.Observed(status, key));

        // The process that made the key may have made grants as well, and ended before it wrote that.
        stored = stored with { FormerGrantNames = stored.FormerGrantNames ?? GrantHistory.Unknown };
        for (var tries = 1; ; tries++)
        {
            try
            {
                await context.RecordAsync(stored, $"{key.Arn} was created; alias and rotation follow.", cancellationToken);
                break;
            }
            catch (KubernetesApiException e) when (e.StatusCode == HttpStatusCode.Conflict && tries < MaxTries)
            {
                if (!await context.RefreshAsync(cancellationToken) || (context.Status.KeyId is { } other && other != key.KeyId))
                {
                    throw;
                }

                if (context.Status.KeyId is not null)
                {
                    // The cache was behind: the whole status is there already.
                    stored = context.Status;
                    break;
                }

                // The cache was behind: it may not have had the attempt, which names the aliases that the key may have got.
                stored = AliasHistory.WithPendingAdditional(stored, AliasHistory.NamesIn(context.Status));
            }
        }

        context.Cache.OwnKeyId = key.KeyId;
        context.ConfirmGeneration(generation);
        return stored;
    }

    /// <summary>
    /// The status with what this process remembers of an earlier one that was erased or named another key: the key does not tell which aliases are the operator's and which
    /// rotations were done. A process that has written no status of the key yet takes the aliases from the record of the attempt.
    /// </summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status with its key.</param>
    public static KeyStatus WithLost<T>(ReconcileContext<T> context, KeyStatus status)
        where T : class, IKeyResource =>
        context.Cache.Written is { } lost && lost.KeyId == status.KeyId
            ? status with
            {
                FormerAliasNames = AliasHistory.Former(lost.AliasNames.Except(status.PendingAliasName is { } pending ? [pending] : [])),
                LastHandledRotateAt = lost.LastHandledRotateAt,
                OnDemandRotations = lost.OnDemandRotations,
                RotationAttempt = lost.RotationAttempt,
            }
            : AliasHistory.WithPendingAdditional(status, CreateAttempt.RecordOf(context.Resource)?.Aliases ?? []);
}
