using System.Net;
using KmsOperator.Api;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys.Create;

/// <summary>What the status records of a create attempt, before it and after it.</summary>
internal static class CreateRecord
{
    private const int MaxTries = 5;

    /// <summary>Records an attempt, before it is sent.</summary>
    /// <returns>The status with the record, as it was written.</returns>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone. The attempt must not be sent.</exception>
    public static async Task<KeyStatus> BeginAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ResolvedKey resolved, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        context.Cache.HasOnlyFinalizer |= !Finalizers.Has(context.Resource, ApiGroup.Finalizer);
        await context.AddFinalizerAsync(cancellationToken);
        var recorded = AliasHistory.WithPendingAdditional(status, resolved.Desired.AdditionalAliases) with
        {
            FormerGrantNames = GrantHistory.WithPending(status, resolved.Desired.Grants.Select(grant => grant.Name)).FormerGrantNames,
            Creation = attempt,
            PendingAliasName = resolved.Desired.AliasName,
            AccountId = resolved.Desired.Location.AccountId,
            Region = resolved.Desired.Location.Region,
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,

            // The first status of a new key has this field. A CRD that does not know it must refuse this write, not the one after the key exists.
            LastChangedAt = attempt.StartedAt,
        };
        await context.RecordAsync(recorded, "The key is being created.", cancellationToken);
        context.Cache.HasOnlyFinalizer = false;
        return recorded;
    }

    /// <summary>
    /// Stores the id of the key that an attempt made. A conflict means that somebody has changed the resource meanwhile. The id is stored
    /// all the same, since it belongs to this attempt whatever the spec says now.
    /// </summary>
    /// <returns>The status with the key, as it was written.</returns>
    public static async Task<KeyStatus> EndAsync<T>(
        ReconcileContext<T> context, KeyStatus status, ObservedKey key, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var stored = KeyStatusFields.Observed(status, key);
        for (var tries = 1; ; tries++)
        {
            try
            {
                await context.RecordAsync(stored, $"{key.Arn} was created; alias and rotation follow.", cancellationToken);
                context.Cache.Created = null;
                context.Cache.OwnKeyId = key.KeyId;
                return stored;
            }
            catch (KubernetesApiException e) when (e.StatusCode == HttpStatusCode.Conflict && tries < MaxTries)
            {
                if (!await context.RefreshAsync(cancellationToken) || context.Status.Creation?.AttemptId != attempt.AttemptId)
                {
                    throw;
                }
            }
        }
    }
}
