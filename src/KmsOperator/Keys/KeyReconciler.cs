using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Configuration;
using KmsOperator.Keys.Accounts;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Create;
using KmsOperator.Keys.Ownership;
using KmsOperator.Keys.Promote;
using KmsOperator.Keys.Rotate;
using KmsOperator.Keys.Status;
using KmsOperator.Keys.Update;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Keys;

/// <summary>
/// Brings one key to its desired state, always in the same order: check what cannot change, add the finalizer, leave the key unchanged unless a
/// comparison is due, check the account, create the key or find an existing one, compare, plan, execute. The result is not written yet.
/// </summary>
internal sealed class KeyReconciler(
    RegionalClientFactory regions, AccountCheck accounts, StatusKeyCheck statusKeys, KeyCreation creation, KeyUpdate update, ComparisonSchedule schedule, OperatorSettings settings)
{
    /// <summary>Reconciles one key.</summary>
    public async Task<KeyResult> ReconcileAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var result = await BringAsync(context, resolved, cancellationToken);

        // The status of a key that is not as desired says so, and it is compared until it is, also by another process.
        context.IsCompared |= result.Error is not null;
        return result;
    }

    private async Task<KeyResult> BringAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        KeyStatus Current() => WithDeletionPolicy(context.Status, desired.DeletionPolicy, desired.PendingDeletionWindowDays, desired.ObserveOnly);
        context.Cache.FirstSeenAt ??= context.Now;
        if (ImmutabilityChecks.Find(context.Status, context.OpenAttempt is not null, resolved) is { } change)
        {
            return KeyResult.Failed(Current(), change);
        }

        if (context.Status.KeyId is not null)
        {
            // Somebody may have removed the finalizer, and without it the resource could go before its key is taken care of.
            await context.AddFinalizerAsync(cancellationToken);
            if (!resolved.MustCompare && !resolved.IsContradicted(context.Status) && !IsDue(context, resolved.DesiredSha256))
            {
                var note = PrimaryNotes.NoteFor(context.Resource, context.Status) + KeyRotation.NoteFor(context, context.Status, desired);
                return Unchanged(context, KeyStatusFields.Settled(Current(), desired, settings.ConsistencyWindow)) with { Note = note };
            }
        }

        if (await accounts.FindMismatchAsync(resolved.Access, desired.Location.AccountId, resolved.ClassName, cancellationToken) is { } mismatch)
        {
            return KeyResult.Failed(Current(), mismatch) with { IsCompared = true };
        }

        var region = regions.For(resolved.Access);
        KeyStatus? made = null;
        try
        {
            if (context.Status.KeyId is not null)
            {
                // Observe writes nothing to the key, which need not carry any tag.
                var claim = desired.ObserveOnly ? StatusKey.Own : await statusKeys.CheckAsync(
                    context, desired.Owner, desired.Location, region, resolved.MayAdopt ? desired.AliasName : null, cancellationToken);
                if (claim.Error is { } refusal)
                {
                    return KeyResult.Failed(Current(), refusal) with { IsCompared = true, IsKeyRefused = true };
                }

                if (claim.Instead is { } own)
                {
                    await TakeBackAsync(context, own, resolved, cancellationToken);
                }

                return await update.UpdateAsync(context, Current(), resolved, region, cancellationToken);
            }

            var created = await creation.CreateAsync(context, Current(), resolved, region, cancellationToken);
            if (created.Error is { } error)
            {
                return KeyResult.Failed(created.Status, error) with { IsCompared = true, RequeueAfter = created.RequeueAfter };
            }

            if (created.Key is { } key)
            {
                made = created.Status;
                return await update.FinishCreateAsync(context, created.Status, resolved, region, key, cancellationToken);
            }

            if (created.Status.KeyId is null)
            {
                return await update.ReportMissingAsync(context, created.Status, resolved, region, cancellationToken);
            }

            // The key that was found may have aliases that an older list does not show.
            context.Cache.AliasesNotBefore = context.Now;
            return await update.UpdateAsync(context, created.Status, resolved, region, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            // The status as it was last written, or with the key that was made just now.
            var subject = context.Status.Arn ?? context.Status.KeyId ?? desired.AliasName;
            return KeyResult.Failed(made ?? Current(), AwsReconcileError.For(failure, subject, context.IsRecent(settings.ConsistencyWindow))) with { IsCompared = true };
        }
    }

    /// <summary>Whether the key is compared with AWS now.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="desiredSha256">Hash of the desired state.</param>
    public bool IsDue<T>(ReconcileContext<T> context, string desiredSha256)
        where T : class, IKeyResource =>
        (context.Cache.OwnKeyId is { } own && own != context.Status.KeyId)
        || schedule.IsDue(context, desiredSha256, KeyRotation.IsRequested(context, context.Status));

    /// <summary>The result for a key that is not compared now.</summary>
    /// <param name="context">The reconcile.</param>
    /// <param name="status">The status to write.</param>
    public static KeyResult Unchanged<T>(ReconcileContext<T> context, KeyStatus status)
        where T : class, IKeyResource => KeyResult.Ready(status) with { RequeueAfter = context.Cache.CompareAt - context.Now };

    /// <summary>Puts the resource's own key into a status that named another key.</summary>
    private static async Task TakeBackAsync<T>(ReconcileContext<T> context, ObservedKey own, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var note = $"status.keyId named {context.Status.KeyId}, which is not this resource's key. By its tags that is {own.Arn}.";
        var status = KeyStatusFields.Observed(context.Status, own) with
        {
            AccountId = resolved.Desired.Location.AccountId,
            Region = resolved.Desired.Location.Region,
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,
            DesiredSha256 = null,
            Rotation = null,
            LastUsed = null,

            Grants = null,
            FormerGrantNames = GrantHistory.Unknown,
        };
        status = CreateRecord.WithLost(context, status, aliasName: null);
        await context.RecordAsync(status, note, cancellationToken);
        context.RecordEvent(EventType.Warning, Reasons.KeyConflict, "Reconcile", note);
        context.Cache.OwnKeyId = own.KeyId;

        // The key may have aliases that an older list does not show.
        context.Cache.AliasesNotBefore = context.Now;
    }

    /// <summary>
    /// The status with what the deletion of the resource goes by if its class, or a replica's primary, is deleted first. A plan is only for
    /// <c>managementPolicy: Observe</c>.
    /// </summary>
    public static KeyStatus WithDeletionPolicy(KeyStatus status, string deletionPolicy, int pendingDeletionWindowDays, bool observeOnly) => status with
    {
        DeletionPolicy = deletionPolicy,
        PendingDeletionWindowDays = pendingDeletionWindowDays,
        Plan = observeOnly ? status.Plan : null,
    };
}
