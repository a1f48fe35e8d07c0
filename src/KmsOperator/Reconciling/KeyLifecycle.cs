using KmsOperator.Api;
using KmsOperator.Aws;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Microsoft.Extensions.Logging;

namespace KmsOperator;

/// <summary>Brings one key to its desired state: make it if need be, observe, plan, execute.</summary>
internal sealed class KeyLifecycle(
    AwsRegions regions,
    AccountCheck accounts,
    KeyCreation creation,
    KeyRotation rotation,
    AliasClaims claims,
    KeyHolders holders,
    OperatorSettings settings,
    Random random,
    OperatorMetrics metrics,
    ILogger<KeyLifecycle> logger)
{
    private static readonly TimeSpan TransitionPeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan MissingPeriod = TimeSpan.FromSeconds(15);

    /// <summary>Does what is missing and carries what was seen into the pass's status, which is not written yet.</summary>
    public async Task<KeyOutcome> BringAsync<T>(KeyPass<T> pass, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var outcome = await TryBringAsync(pass, resolved, cancellationToken);
        if (outcome.Finding is not null)
        {
            // A restarted operator must not take a key that it could not verify for one that it had.
            pass.Status = pass.Status with { DesiredSha256 = null };
        }

        return outcome;
    }

    private async Task<KeyOutcome> TryBringAsync<T>(KeyPass<T> pass, ResolvedKey resolved, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        pass.Memory.FirstSeenAt ??= pass.Now;
        pass.Status = pass.Status with
        {
            // What the resource's deletion goes by when whatever says so is gone first: its class, or a replica's primary.
            DeletionPolicy = resolved.Desired.DeleteKey ? DeletionPolicies.Delete : DeletionPolicies.Retain,
            PendingDeletionWindowDays = resolved.Desired.PendingDeletionWindowDays,
        };
        if ((FindMove(pass.Status, resolved) ?? FindOtherAdoption(pass.Status, resolved.Desired)) is { } moved)
        {
            return new KeyOutcome(moved, Changed: false);
        }

        if (pass.Status.KeyId is not null)
        {
            // Somebody may have taken the finalizer off, and with it what keeps the resource until its key is taken care of.
            await pass.HoldAsync(cancellationToken);
        }

        var fingerprint = DesiredKeyHash.Compute(resolved.Desired);
        if (pass.Status.KeyId is not null && !IsComparisonDue(pass, fingerprint))
        {
            pass.Status = KeyStatusFields.Settled(pass.Status, resolved.Desired);
            return new KeyOutcome(null, Changed: false, pass.Memory.CompareAt - pass.Now);
        }

        if (await accounts.FindMismatchAsync(resolved.Access, resolved.Desired.Location.AccountId, resolved.ClassName, cancellationToken) is { } elsewhere)
        {
            return new KeyOutcome(elsewhere, Changed: true);
        }

        ObservedKey? observed = null;
        if (pass.Status.KeyId is null)
        {
            var created = await creation.CreateAsync(pass, resolved, cancellationToken);
            if (created.Finding is { } finding)
            {
                return new KeyOutcome(finding, Changed: true, created.RequeueAfter);
            }

            observed = created.Key;
            if (created.Found)
            {
                pass.Memory.AliasesNotBefore = pass.Now;
            }

            if (pass.Status.KeyId is null)
            {
                return Unmade(pass, resolved.Desired);
            }
        }

        var reconcileAt = pass.UnhandledReconcileAt;
        try
        {
            var region = regions.For(resolved.Access);
            var isNew = observed is not null;
            observed ??= await KeyObserver.ObserveAsync(region.Clients.Reading, pass.Status.KeyId!, cancellationToken);
            if (observed is null)
            {
                return Missing(pass, resolved.Desired);
            }

            pass.Memory.MissingSince = null;
            var aliases = await region.Aliases.GetAsync(AliasesSince(pass, reconcileAt), cancellationToken);
            observed = observed with { AliasTargets = RelevantAliases(aliases, [resolved.Desired.AliasName, .. KeyStatusFields.AliasNamesOf(pass.Status)]) };
            pass.Memory.Writes = pass.Memory.Writes.Since(pass.Now - settings.ConsistencyWindow);
            observed = pass.Memory.Writes.Apply(observed);
            var outcome = await ExecuteAsync(pass, resolved, region, observed, fingerprint, isNew, cancellationToken);
            pass.Status = pass.Status with { LastHandledReconcileAt = reconcileAt ?? pass.Status.LastHandledReconcileAt };
            return outcome;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e) is { } failure)
        {
            var subject = pass.Status.Arn ?? pass.Status.KeyId ?? resolved.Desired.AliasName;
            return new KeyOutcome(AwsFailureFinding.For(failure, subject, IsRecent(pass)), Changed: true);
        }
    }

    private async Task<KeyOutcome> ExecuteAsync<T>(
        KeyPass<T> pass,
        ResolvedKey resolved,
        AwsRegion region,
        ObservedKey observed,
        string fingerprint,
        bool isNew,
        CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        var desired = resolved.Desired;
        var aliasHolder = HolderOfAlias(desired, observed);
        var plan = KeyPlanner.Plan(desired, observed, KeyStatusFields.RecordOf(pass.Status, aliasHolder));
        var finding = plan.Findings.Count > 0 ? plan.Findings[0] : null;
        if (desired.ObserveOnly)
        {
            return Observed(pass, resolved, observed, plan, finding, fingerprint);
        }

        // The key was as described and nobody changed what is described: somebody changed the key.
        var isDrift = pass.Status.DesiredSha256 == fingerprint;
        var pending = plan.Steps.Any(step => step is CreateAliasStep or UpdateAliasStep) && pass.Status.AliasName != desired.AliasName
            ? desired.AliasName
            : pass.Status.PendingAliasName;
        if (plan.Steps.Count > 0 && !isNew && pass.Status.DesiredSha256 is null && pending == pass.Status.PendingAliasName)
        {
            // On record already, and what the conditions say of an earlier try stays until this one has ended.
            await pass.RequireCurrentAsync(cancellationToken);
        }
        else if (plan.Steps.Count > 0 && !isNew)
        {
            // From the first step on the key is no longer what the status says it was brought to, also if this process ends or
            // the spec changes back meanwhile. And whoever decides on an old state loses this write, before anything is done.
            pass.Status = pass.Status with { DesiredSha256 = null, PendingAliasName = pending };
            await pass.SaveAsync(
                Verdict.Waiting(Reasons.Progressing, $"{observed.Arn} is being changed: {string.Join(", ", plan.Steps.Select(step => step.Operation))}."), cancellationToken);
        }

        var before = observed;
        var done = new List<KeyStep>();
        foreach (var step in plan.Steps)
        {
            try
            {
                observed = await ExecuteStepAsync(pass, region, step, observed, cancellationToken);
                done.Add(step);
                if (isDrift)
                {
                    metrics.Corrected(step);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested && AwsFailure.Of(e, step.Operation) is { } failure)
            {
                finding = Explain(failure, step, before, IsRecent(pass));
                pass.Memory.AliasesNotBefore = failure.Kind is AwsFailureKind.AlreadyExists or AwsFailureKind.NotFound ? pass.Now : pass.Memory.AliasesNotBefore;
                break;
            }
        }

        var isTakenBack = done.Any(step => step is CancelKeyDeletionStep);
        if (finding is null && isTakenBack)
        {
            // A key that is pending deletion shows neither rotation nor replicas.
            finding = Finding.Waiting(Reasons.Progressing, $"The deletion of {observed.Arn} was cancelled; the key is compared once more.");
        }

        await KeyRotation.NoteLastRotationAsync(pass, region, observed, cancellationToken);
        finding ??= await rotation.RotateAsync(pass, region, observed, cancellationToken);
        var complete = finding is null;
        var isVerified = complete && plan.Steps.Count == 0 && !isNew;
        pass.Status = KeyStatusFields.Observed(pass.Status, desired, observed, complete, aliasHolder) with
        {
            ClassName = resolved.ClassName,
            Service = desired.Service,
            Plan = null,
            PendingAliasName = complete ? null : pass.Status.PendingAliasName,
            FormerAliasNames = KeyStatusFields.FormerAliasesAfter(pass.Status, desired.AliasName, isVerified),
            DesiredSha256 = complete ? fingerprint : null,

            // Only a comparison that found nothing to do verifies a key; what was written now is looked at again.
            LastVerifiedAt = isVerified ? pass.Now : null,
        };
        if (done.Count > 0)
        {
            var steps = string.Join("; ", done);
            logger.LogInformation("{Arn}: {Steps}", observed.Arn, steps);
            pass.Report(
                isDrift ? EventType.Warning : EventType.Normal,
                Reasons.Progressing,
                done[0].Operation,
                isDrift ? $"{observed.Arn} was changed by somebody else and is put right: {steps}" : steps);
        }

        if (!complete)
        {
            return new KeyOutcome(finding, Changed: true, observed.KeyState is KeyStates.Creating or KeyStates.Updating || isTakenBack ? TransitionPeriod : null);
        }

        claims.Release(desired.Owner.Uid);
        var again = pass.Status.LastVerifiedAt is null ? Jitter(settings.ConsistencyWindow, 0, 0.2) : Jitter(settings.DriftPeriod, -0.1, 0.1);
        pass.Memory.CompareAt = pass.Now + again;
        return new KeyOutcome(null, Changed: true, again);
    }

    /// <summary>With <c>managementPolicy: Observe</c> the plan is shown and nothing is done.</summary>
    private KeyOutcome Observed<T>(KeyPass<T> pass, ResolvedKey resolved, ObservedKey observed, KeyPlan plan, Finding? finding, string fingerprint)
        where T : class, IKeyResource
    {
        finding ??= plan.Steps.Count == 0
            ? null
            : Finding.Waiting(
                Reasons.Progressing,
                $"{observed.Arn} differs from the spec; status.plan has the {plan.Steps.Count} steps that managementPolicy: Full would do: {string.Join(", ", plan.Steps.Select(step => step.Operation))}.");
        var again = Jitter(settings.DriftPeriod, -0.1, 0.1);
        pass.Status = KeyStatusFields.Observed(pass.Status, resolved.Desired, observed, complete: false) with
        {
            ClassName = resolved.ClassName,
            Service = resolved.Desired.Service,

            // Nothing was put: a tag that the key happens to carry is not the operator's to remove later.
            TagKeys = pass.Status.TagKeys,
            Plan = Shown(plan.Steps),
            DesiredSha256 = finding is null ? fingerprint : null,
            LastVerifiedAt = finding is null ? pass.Now : null,
        };
        pass.Memory.CompareAt = pass.Now + again;
        return new KeyOutcome(finding, Changed: true, finding is null ? again : null);
    }

    /// <summary>With <c>managementPolicy: Observe</c> a key that does not exist is not made.</summary>
    private static KeyOutcome Unmade<T>(KeyPass<T> pass, DesiredKey desired)
        where T : class, IKeyResource
    {
        var operation = desired.Primary is null ? "CreateKey" : "ReplicateKey";
        pass.Status = pass.Status with
        {
            LastHandledReconcileAt = pass.UnhandledReconcileAt ?? pass.Status.LastHandledReconcileAt,
            Plan =
            [
                new PlannedStep { Operation = operation, Summary = $"{desired.KeySpec} in account {desired.Location.AccountId}, {desired.Location.Region}" },
                new PlannedStep { Operation = "CreateAlias", Summary = desired.AliasName },
            ],
        };
        return new KeyOutcome(
            Finding.Waiting(Reasons.Progressing, $"There is no key, and managementPolicy: Observe makes none; Full would ({operation})."), Changed: true);
    }

    private static PlannedStep[]? Shown(IReadOnlyList<KeyStep> steps) =>
        steps.Count == 0 ? null : [.. steps.Select(step => new PlannedStep { Operation = step.Operation, Summary = step.Summary })];

    /// <summary>Asked only where the alias is not at this key, since it looks at every resource.</summary>
    private string? HolderOfAlias(DesiredKey desired, ObservedKey observed) =>
        observed.AliasTargets.TryGetValue(desired.AliasName, out var target) && target != observed.KeyId
            ? holders.OfAlias(desired.Location, desired.AliasName, desired.Owner.Uid)
            : null;

    /// <summary>Executes one step and remembers it, in the resource's memory and in the Region's list of aliases.</summary>
    public static async Task<ObservedKey> ExecuteStepAsync<T>(
        KeyPass<T> pass, AwsRegion region, KeyStep step, ObservedKey before, CancellationToken cancellationToken)
        where T : class, IKeyResource
    {
        ObservedKey after;
        try
        {
            after = await KeyStepExecutor.ExecuteAsync(region.Clients.Writing, step, before, cancellationToken);
        }
        catch (Exception e) when (step is DeleteAliasStep && AwsFailure.Of(e)?.Kind == AwsFailureKind.NotFound)
        {
            // Gone already, which is what was wanted.
            after = step.ApplyTo(before);
        }
        catch (Exception e) when (step is CreateAliasStep && AwsFailure.Of(e)?.Kind == AwsFailureKind.AlreadyExists)
        {
            // The list of aliases may be behind an earlier CreateAlias of our own.
            var named = await KeyObserver.DescribeAsync(region.Clients.Reading, ((CreateAliasStep)step).AliasName, cancellationToken);
            if (named?.KeyId != before.KeyId)
            {
                throw;
            }

            after = step.ApplyTo(before);
        }

        pass.Memory.Writes = pass.Memory.Writes.Add(step, before, pass.Now);
        if (step is TagResourceStep or UntagResourceStep)
        {
            region.Scan.Record(after.KeyId, after.Tags, pass.Now);
        }

        RecordAlias(region, step, before, after);
        return after;
    }

    /// <summary>Keeps the Region's list of aliases in step with what was written.</summary>
    private static void RecordAlias(AwsRegion region, KeyStep step, ObservedKey before, ObservedKey after)
    {
        var name = step switch
        {
            CreateAliasStep alias => alias.AliasName,
            UpdateAliasStep alias => alias.AliasName,
            DeleteAliasStep alias => alias.AliasName,
            _ => null,
        };
        if (name is not null)
        {
            region.Aliases.Record(name, before.AliasTargets.GetValueOrDefault(name), after.AliasTargets.GetValueOrDefault(name));
        }
    }

    /// <summary>The aliases that a plan looks at.</summary>
    public static IReadOnlyDictionary<string, string> RelevantAliases(IReadOnlyDictionary<string, string> aliases, IEnumerable<string> names)
    {
        var relevant = new Dictionary<string, string>();
        foreach (var name in names)
        {
            if (aliases.TryGetValue(name, out var target))
            {
                relevant[name] = target;
            }
        }

        return relevant;
    }

    /// <summary>How old the list of aliases may be: a minute, unless somebody asks to look or it is known to be of no use.</summary>
    private static DateTimeOffset AliasesSince<T>(KeyPass<T> pass, string? reconcileAt)
        where T : class, IKeyResource
    {
        if (pass.Status.FormerAliasNames is { Count: > 0 })
        {
            // What is looked for is what an older list may not have.
            return pass.Now;
        }

        var since = reconcileAt is null ? pass.Now - AliasDirectory.UsualAge : pass.Memory.AskedAt ?? pass.Now;
        return pass.Memory.AliasesNotBefore is { } oldest && oldest > since ? oldest : since;
    }

    private static Finding Explain(AwsFailure failure, KeyStep step, ObservedKey before, bool isRecent)
    {
        if (failure.Kind == AwsFailureKind.InvalidPrincipal && DeletedPrincipals.Find(before.Policy) is [var deleted, ..])
        {
            return Finding.Stalled(
                Reasons.PrincipalDeleted,
                $"{before.Arn}: {deleted.PrincipalId} in statement {deleted.Statement} stands for a principal that was deleted, and the policy "
                + "cannot be put again while it does not exist. Create the role or user again, or remove it from access or policy.");
        }

        return AwsFailureFinding.For(failure, step is CreateAliasStep alias ? alias.AliasName : before.Arn, isRecent);
    }

    private bool IsComparisonDue<T>(KeyPass<T> pass, string fingerprint)
        where T : class, IKeyResource
    {
        if (pass.Status.DesiredSha256 != fingerprint || pass.UnhandledReconcileAt is not null || KeyRotation.IsAsked(pass))
        {
            return true;
        }

        // A key that was written just before this process began may still read as it was: it is compared once the window is over.
        pass.Memory.CompareAt ??= pass.Status.LastVerifiedAt is { } verified
            ? verified + Jitter(settings.DriftPeriod, -0.1, 0.1)
            : pass.Memory.FirstSeenAt + Jitter(settings.ConsistencyWindow, 0, 0.2);
        return pass.Now >= pass.Memory.CompareAt;
    }

    private bool IsRecent<T>(KeyPass<T> pass)
        where T : class, IKeyResource =>
        pass.Now - pass.Resource.Metadata.CreationTimestamp < settings.ConsistencyWindow || pass.Now - pass.Memory.MadeAt < settings.ConsistencyWindow;

    /// <summary>One NotFound is not a vanished key, and a vanished key is never replaced unless the spec says so.</summary>
    private KeyOutcome Missing<T>(KeyPass<T> pass, DesiredKey desired)
        where T : class, IKeyResource
    {
        var since = pass.Memory.MissingSince ??= pass.Now;
        var arn = pass.Status.Arn ?? pass.Status.KeyId;
        if (pass.Now - since < settings.ConsistencyWindow)
        {
            return new KeyOutcome(
                Finding.Waiting(Reasons.Progressing, $"KMS does not show {arn}, since {since.UtcDateTime:HH:mm:ss}Z; it is looked for again."), Changed: true, MissingPeriod);
        }

        if (!desired.RecreateLostKey || desired.ObserveOnly)
        {
            return new KeyOutcome(
                Finding.Stalled(
                    Reasons.KeyNotFound,
                    $"KMS has not known {arn} since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z. No other key is made in its place: what it encrypted "
                    + "cannot be read with another one. Delete this resource when that is settled, or set spec.recreateLostKey: true for a new key."),
                Changed: true);
        }

        pass.Memory.MissingSince = null;
        pass.Memory.Writes = RecentWrites.None;
        pass.Report(EventType.Warning, Reasons.KeyNotFound, "RecreateLostKey", $"{arn} is gone for good; spec.recreateLostKey asks for a new key.");
        pass.Memory.CompareAt = null;
        pass.Status = new KeyStatus
        {
            Conditions = pass.Status.Conditions,
            Replicas = pass.Status.Replicas,
            LastHandledRotateAt = pass.Status.LastHandledRotateAt,
            DeletionPolicy = pass.Status.DeletionPolicy,
            PendingDeletionWindowDays = pass.Status.PendingDeletionWindowDays,
            PublishedConfigMapName = pass.Status.PublishedConfigMapName,
        };
        return new KeyOutcome(
            Finding.Waiting(Reasons.Progressing, $"{arn} is gone for good; a new key is made in its place."), Changed: true, TransitionPeriod);
    }

    /// <summary>A resource stays with its key; <c>spec.adopt</c> only says where the key comes from.</summary>
    private static Finding? FindOtherAdoption(KeyStatus status, DesiredKey desired)
    {
        if (status.KeyId is null || desired.AdoptKeyId is not { } adopt || adopt.Contains("alias/", StringComparison.Ordinal)
            || adopt == status.KeyId || adopt == status.Arn)
        {
            return null;
        }

        return Finding.Stalled(
            Reasons.InvalidSpec,
            $"spec.adopt.keyId: this resource has {status.Arn} and does not change over to {adopt}. Put that back, or create another resource.");
    }

    /// <summary>A key does not move: a class that now names another account or Region does not make a second one.</summary>
    private static Finding? FindMove(KeyStatus status, ResolvedKey resolved)
    {
        var wanted = resolved.Desired.Location;
        if ((status.KeyId is null && status.Creation is null)
            || ((status.AccountId ?? wanted.AccountId) == wanted.AccountId && (status.Region ?? wanted.Region) == wanted.Region))
        {
            return null;
        }

        return Finding.Stalled(
            Reasons.InvalidSpec,
            $"KeyClass {resolved.ClassName} names account {wanted.AccountId}, {wanted.Region}, but {status.Arn ?? "the key"} is in account "
            + $"{status.AccountId}, {status.Region}, and keys do not move. Put the class back, or create another resource.");
    }

    private TimeSpan Jitter(TimeSpan period, double low, double high) => period * (1 + low + ((high - low) * random.NextDouble()));
}
