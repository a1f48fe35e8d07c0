using System.Net;
using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator;

/// <summary>What the status says of an attempt to make a key, before it and after it.</summary>
internal static class CreationRecord
{
    private const int MaxSaveAttempts = 5;

    /// <summary>Puts an attempt on record, before it is sent.</summary>
    /// <exception cref="KubernetesApiException">Conflict: the resource has changed, or is gone; nothing is to be sent.</exception>
    public static async Task RecordAttemptAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        await context.AddFinalizerAsync(cancellationToken);
        context.Status = context.Status with
        {
            Creation = attempt,
            PendingAliasName = resolved.Desired.AliasName,
            AccountId = resolved.Desired.Location.AccountId,
            Region = resolved.Desired.Location.Region,
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,

            // A CRD that does not know a field of the key's first status must refuse this one: afterwards the key is made.
            LastChangedAt = attempt.StartedAt,
        };
        await context.SaveLiveAsync(ReadyCondition.Waiting(Reasons.Progressing, "The key is being made."), cancellationToken);
    }

    /// <summary>Stores what an attempt made.</summary>
    public static async Task RecordKeyAsync<T>(
        ReconcileContext<T> context, ResolvedKey resolved, ObservedKey made, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        context.Status = KeyStatusFields.Observed(context.Status, resolved.Desired, made, complete: false);
        await StoreAsync(context, made, attempt, cancellationToken);
    }

    /// <summary>
    /// Stores the key's id. A conflict here means that somebody changed the resource meanwhile: the id is stored on top of
    /// that, since it belongs to this attempt whatever the spec says now.
    /// </summary>
    public static async Task StoreAsync<T>(ReconcileContext<T> context, ObservedKey key, CreationStatus attempt, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        context.Status = KeyStatusFields.Observed(context.Status, key);
        for (var tries = 1; ; tries++)
        {
            try
            {
                await context.SaveAsync(ReadyCondition.Waiting(Reasons.Progressing, $"{key.Arn} was made; alias and rotation follow."), cancellationToken);
                context.Cache.Made = null;
                return;
            }
            catch (KubernetesApiException e) when (e.StatusCode == HttpStatusCode.Conflict && tries < MaxSaveAttempts)
            {
                if (!await context.RefreshAsync(cancellationToken) || context.Resource.Status?.Creation?.AttemptId != attempt.AttemptId)
                {
                    throw;
                }
            }
        }
    }
}
