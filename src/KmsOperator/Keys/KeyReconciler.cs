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
/// comparison is due, check the account, create the key or find an existing one, read it, compare, plan, execute. The result is not written yet.
/// </summary>
internal sealed class KeyReconciler(
    RegionalClientFactory regions, AccountCheck accounts, StatusKeyCheck statusKeys, OwnershipCheck ownership, KeyCreation creation, KeyReader reader, KeyUpdate update, ComparisonSchedule schedule, OperatorSettings settings)
{
    /// <summary>Reconciles one key.</summary>
    public async Task<KeyResult> ReconcileAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        FoundKey? found = null;
        KeyResult? result;
        try
        {
            (found, result) = await FindKeyAsync(context, resolved, cancellationToken);
            if (found is not null)
            {
                (found, var read, result) = await ReadAsync(context, found, resolved, cancellationToken);
                result ??= KeyReader.Acknowledge(context, read!, await update.ApplyAsync(context, found, read!, resolved, cancellationToken));
            }
        }
        catch (Exception e) when (AwsFailure.Of(e, cancellationToken) is { } failure)
        {
            // The status as it was last written, or with the key that was made just now.
            var status = found?.Created is null ? StatusOf(context, resolved.Desired) : found.Status;
            if (found is { IsSpecNew: true })
            {
                // The key may have been changed, and nothing else says so.
                status = status with { LastChangedAt = context.Now };
            }

            var subject = context.Status.Arn ?? context.Status.KeyId ?? resolved.Desired.AliasName;
            result = KeyResult.Failed(status, AwsReconcileError.For(failure, subject, context.IsRecent(settings.ConsistencyWindow))) with { IsCompared = true };
        }

        // The status of a key that is not as desired says so, and it is compared until it is, also by another process.
        context.IsCompared |= result!.Error is not null;
        return result;
    }

    /// <summary>Reads the key, and prepares its change at the same time: both take a round trip, and nothing is changed before both are done.</summary>
    private async Task<(FoundKey Found, KeyObservation? Read, KeyResult? End)> ReadAsync<T>(
        ReconcileContext<T> context, FoundKey found, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var preparing = KeyUpdate.PrepareAsync(context, found, resolved, cancellationToken);
        var reading = reader.ReadAsync(context, found, resolved, cancellationToken);
        await Task.WhenAll(preparing, reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        found = await preparing;
        var (read, end) = await reading;
        return (found, read, end);
    }

    /// <summary>Finds or creates the key of a resource, once all that forbids it and all that makes it needless is ruled out.</summary>
    /// <returns>The key; or the result of the reconcile, if it ends without a comparison.</returns>
    private async Task<(FoundKey? Found, KeyResult? End)> FindKeyAsync<T>(ReconcileContext<T> context, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        context.LookFirst(settings.ConsistencyWindow);
        if (ImmutabilityChecks.FindMove(context.Status, context.OpenAttempt is not null, resolved) is { } move)
        {
            return (null, KeyResult.Failed(StatusOf(context, desired), move));
        }

        // A status that names another resource's key says nothing of what this one was. Whose key it is comes first.
        var change = resolved.Change ?? ImmutabilityChecks.FindOtherAdoption(context.Status, desired);
        if (change is not null && (context.IsKeyVerified || desired.ObserveOnly))
        {
            return (null, KeyResult.Failed(StatusOf(context, desired), change));
        }

        if (context.Status.KeyId is not null)
        {
            // Somebody may have removed the finalizer, and without it the resource could go before its key is taken care of.
            await context.AddFinalizerAsync(cancellationToken);
            if (change is null && !resolved.MustCompare && !resolved.IsContradicted(context.Status) && !IsDue(context, resolved.DesiredSha256))
            {
                var note = PrimaryNotes.NoteFor(context.Resource, context.Status) + KeyRotation.NoteFor(context, context.Status, desired) + MaterialFields.NoteFor(context.Status) + GrantHistory.NoteFor(context.Status);
                return (null, Unchanged(context, KeyStatusFields.Settled(StatusOf(context, desired), desired, settings.ConsistencyWindow)) with { Note = note });
            }
        }

        if (await accounts.FindMismatchAsync(resolved.Access, desired.Location.AccountId, resolved.ClassName, cancellationToken) is { } mismatch)
        {
            return (null, KeyResult.Failed(StatusOf(context, desired), mismatch) with { IsCompared = true });
        }

        var region = regions.For(resolved.Access);
        return context.Status.KeyId is not null
            ? await CheckKeyAsync(context, resolved, change, region, cancellationToken)
            : await CreateAsync(context, resolved, region, cancellationToken);
    }

    /// <summary>Makes sure that the key in the status is the resource's.</summary>
    private async Task<(FoundKey? Found, KeyResult? End)> CheckKeyAsync<T>(
        ReconcileContext<T> context, ResolvedKey resolved, ReconcileError? change, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        ownership.ReleaseUnwanted(desired);

        // Observe writes nothing to the key, which need not carry any tag.
        var claim = desired.ObserveOnly ? StatusKey.Own : await statusKeys.CheckAsync(
            context, desired.Owner, desired.Location.Region, region, resolved.MayAdopt ? desired.AliasName : null, cancellationToken);
        if (claim.Error is { } refusal)
        {
            return (null, KeyResult.Failed(StatusOf(context, desired), refusal) with { IsCompared = true, IsKeyRefused = true });
        }

        if (claim.Instead is { } own)
        {
            await TakeBackAsync(context, own, resolved, cancellationToken);
        }
        else if (change is not null)
        {
            return (null, KeyResult.Failed(StatusOf(context, desired), change));
        }

        return (new FoundKey(StatusOf(context, desired), region), null);
    }

    /// <summary>Creates the key of a resource that has none, or finds an existing one.</summary>
    private async Task<(FoundKey? Found, KeyResult? End)> CreateAsync<T>(
        ReconcileContext<T> context, ResolvedKey resolved, RegionalClients region, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var created = await creation.CreateAsync(context, StatusOf(context, resolved.Desired), resolved, region, cancellationToken);
        if (created.Error is { } error)
        {
            return (null, KeyResult.Failed(created.Status, error) with { IsCompared = true, RequeueAfter = created.RequeueAfter });
        }

        if (created.Key is null && created.Status.KeyId is null)
        {
            return (null, await reader.ReportMissingAsync(context, created.Status, resolved, region, cancellationToken));
        }

        if (created.Key is null)
        {
            // The key that was found may have aliases that an older list does not show.
            context.Cache.AliasesNotBefore = context.Now;
        }

        return (new FoundKey(created.Status, region, created.Key), null);
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
            Material = null,
            Grants = null,
            LeftGrants = null,
            FormerGrantNames = GrantHistory.Unknown,
        };
        status = CreateRecord.WithLost(context, status);
        await context.RecordAsync(status, note, cancellationToken);
        context.RecordEvent(EventType.Warning, Reasons.KeyConflict, "Reconcile", note);
        context.Cache.OwnKeyId = own.KeyId;

        // The key may have aliases that an older list does not show.
        context.Cache.AliasesNotBefore = context.Now;
    }

    private static KeyStatus StatusOf<T>(ReconcileContext<T> context, DesiredKey desired)
        where T : class, IKeyResource => WithDeletionPolicy(context.Status, desired.DeletionPolicy, desired.PendingDeletionWindowDays, desired.ObserveOnly);

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
