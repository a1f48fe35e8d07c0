using System.Globalization;
using KmsOperator.Api;
using KmsOperator.Policies;

namespace KmsOperator.Planning;

/// <summary>Compares a desired with an observed key and says what to do. There is no other place that decides this.</summary>
public static class KeyPlanner
{
    /// <summary>
    /// The plan for an existing key. Disabling comes first: in an incident nothing may delay it, and no refused step holds it back. Then come owner tags that are missing, since the operator's
    /// permissions may depend on them. Enabling follows, since the rotation of a disabled key cannot be changed. A new alias is created before the old one is deleted, so that the key is never
    /// without a name. The primary moves last: while it moves, KMS takes few other changes.
    /// </summary>
    public static KeyPlan Plan(DesiredKey desired, ObservedKey observed, KeyRecord record)
    {
        if (KeyCompatibility.FindObstacle(desired, observed, record.TagsMayBeOld) is { } obstacle)
        {
            return KeyPlan.Blocked(obstacle);
        }

        var steps = new List<KeyStep>();
        var errors = new List<ReconcileError>();

        if (KeyStates.IsPendingDeletion(observed.KeyState))
        {
            steps.Add(new CancelKeyDeletionStep());
        }

        var enabled = observed.KeyState == KeyStates.Enabled;

        // KMS would refuse to change the rotation of a disabled key, so that is the only step before. Nobody uses a new key yet: it is disabled last.
        var disables = !desired.Enabled && enabled;
        if (disables && !record.IsNew)
        {
            PlanRotation(desired, observed, steps);
            steps.Add(new DisableKeyStep());
        }

        var isUnmarked = KeyTags.FindMissing(desired.Owner, observed.Tags).Count > 0;
        if (isUnmarked)
        {
            PlanTags(desired, observed, record, steps);
        }

        MaterialPlanner.Plan(desired, observed, record, steps, errors);
        var state = steps.OfType<ImportKeyMaterialStep>().Aggregate(observed, (key, step) => step.ApplyTo(key)).KeyState;
        if (observed.KeyState == KeyStates.PendingImport)
        {
            // The import leaves the key enabled.
            if (state == KeyStates.Enabled && !desired.Enabled)
            {
                steps.Add(new DisableKeyStep());
            }
        }
        else if (desired.Enabled && !enabled)
        {
            steps.Add(new EnableKeyStep());
        }

        if (!isUnmarked)
        {
            PlanTags(desired, observed, record, steps);
        }

        if (!PolicyComparer.AreEquivalent(desired.Policy.Text, observed.Policy))
        {
            steps.Add(new PutKeyPolicyStep(desired.Policy, PolicyDifference.Describe(observed.Policy, desired.Policy.Text)));
        }

        // KMS makes no grants on a key without its material, and does not move such a primary.
        var isUsable = state != KeyStates.PendingImport;
        steps.AddRange(GrantPlanner.Plan(desired, observed).Where(step => isUsable || step is not CreateGrantStep));
        if (desired.Description != observed.Description)
        {
            steps.Add(new UpdateKeyDescriptionStep(desired.Description));
        }

        PlanAliases(desired, observed, record, steps, errors);

        // A key that is disabled keeps its rotation: KMS refuses the change, and enabling the key for it would open it.
        if (desired.Enabled || record.IsNew)
        {
            PlanRotation(desired, observed, steps);
        }

        if (disables && record.IsNew)
        {
            steps.Add(new DisableKeyStep());
        }

        if (isUsable)
        {
            PrimaryPlanning.Plan(desired, observed, steps, errors);
        }

        return new KeyPlan(steps, errors);
    }

    /// <summary>What follows the call that makes a key.</summary>
    /// <param name="desired">A key that does not exist.</param>
    /// <param name="aliasTargets">Targets of the aliases that there are, as far as they matter.</param>
    /// <param name="aliasHolders">Other resources that have wanted aliases, by alias.</param>
    public static KeyPlan PlanNew(DesiredKey desired, IReadOnlyDictionary<string, string> aliasTargets, IReadOnlyDictionary<string, string> aliasHolders)
    {
        var made = new ObservedKey
        {
            KeyId = desired.Primary?.KeyId ?? "",
            Arn = "",
            KeyState = desired.Origin == KeyOrigins.External ? KeyStates.PendingImport : KeyStates.Enabled,
            KeySpec = desired.KeySpec,
            KeyUsage = desired.KeyUsage,
            Origin = desired.Origin,
            CustomKeyStoreId = desired.CustomKeyStoreId,
            XksKeyId = desired.XksKeyId,
            MultiRegionKeyType = desired.Primary is not null ? "REPLICA" : desired.MultiRegion ? "PRIMARY" : null,

            // Where the primary is then, its own resource says.
            PrimaryRegion = desired.Primary is not null ? desired.WantedPrimary?.Region : null,
            Policy = desired.Policy.Text,
            Description = desired.Description,
            Tags = desired.Tags,
            Rotation = desired.Rotation is null || desired.Primary is not null ? null : new ObservedRotation(false, null, null),
            AliasTargets = aliasTargets,
            Grants = [],
        };
        return Plan(desired, made, KeyRecord.Empty with { AliasHolders = aliasHolders, IsNew = true });
    }

    /// <summary>The plan for a key whose resource is being deleted under deletion policy <c>Delete</c>.</summary>
    /// <remarks>The alias goes after KMS accepted the deletion: while that may still be refused, workloads need the name.</remarks>
    /// <param name="pendingDeletionWindowDays">7 to 30.</param>
    /// <param name="observed">The key as it is.</param>
    /// <param name="owner">The resource.</param>
    /// <param name="record">What its status says.</param>
    /// <param name="replicas">The replicas of a primary; null for any other key.</param>
    /// <param name="mayBeReleased">Whether the key may carry the tag that it was left behind although KMS does not show it yet.</param>
    public static KeyPlan PlanDeletion(
        int pendingDeletionWindowDays, ObservedKey observed, KeyOwner owner, KeyRecord record, ReplicasInDeletion? replicas = null, bool mayBeReleased = false)
    {
        if (KeyCompatibility.FindForeignOwner(observed, owner) is { } conflict)
        {
            return KeyPlan.Blocked(conflict);
        }

        if (observed.MultiRegionKeyType == "PRIMARY" && !KeyStates.IsPendingDeletion(observed.KeyState) && PrimaryPlanning.FindPrimaryInUse(observed, owner, replicas) is { } inUse)
        {
            return KeyPlan.Blocked(inUse);
        }

        var steps = new List<KeyStep>();
        if (observed.KeyState is KeyStates.Updating)
        {
            return KeyPlan.Blocked(ReconcileError.Transient(Reasons.Deleting, $"{observed.Arn} is changing its primary Region; its deletion is scheduled after that."));
        }

        if (!KeyStates.IsPendingDeletion(observed.KeyState))
        {
            // KMS takes no tags once the deletion is scheduled. A key that is full of them goes without, and is not taken back by itself. The mark has the owner tags as well:
            // somebody may have taken them off just now, and without them a later resource would take this deletion for somebody else's.
            var mark = KeyTags.Merge(owner, null);
            mark[TagNames.DeletedBy] = owner.Uid;
            if (mark.Any(tag => observed.Tags.GetValueOrDefault(tag.Key) != tag.Value) && observed.Tags.Keys.Union(mark.Keys).Count() <= KeyTags.MaxTags)
            {
                steps.Add(new TagResourceStep(mark));
            }

            if (mayBeReleased || observed.Tags.ContainsKey(TagNames.Released))
            {
                // An earlier resource let the key go. A later one would take this deletion for somebody else's.
                steps.Add(new UntagResourceStep([TagNames.Released]));
            }

            steps.Add(new ScheduleKeyDeletionStep(pendingDeletionWindowDays));
        }

        steps.AddRange(AliasesOf(record, observed).Select(alias => new DeleteAliasStep(alias)));

        return new KeyPlan(steps, []);
    }

    /// <summary>
    /// The plan for a key that its resource leaves behind under deletion policy <c>Retain</c> or <c>Disable</c>: it says so in its tags. Owner and
    /// aliases stay, so that a resource of the same name finds it again. Where the resource has scheduled the deletion under an earlier policy, that is
    /// cancelled, and the aliases that went with it are put back. The caller knows that the key is the resource's.
    /// </summary>
    /// <param name="observed">The key as it is.</param>
    /// <param name="owner">The resource.</param>
    /// <param name="now">The time.</param>
    /// <param name="retention">What else is known of the key.</param>
    public static KeyPlan PlanRetention(ObservedKey observed, KeyOwner owner, DateTimeOffset now, Retention retention)
    {
        // KMS takes no tags on a key that is pending deletion, and nobody can use it.
        var isPending = KeyStates.IsPendingDeletion(observed.KeyState);
        var hasScheduled = retention.HasScheduledDeletion || owner.HasMarkedForDeletion(observed);
        if (KeyCompatibility.FindForeignOwner(observed, owner) is not null || (isPending && !hasScheduled))
        {
            return new KeyPlan([], []);
        }

        var steps = new List<KeyStep>();
        if (isPending)
        {
            steps.Add(new CancelKeyDeletionStep());
        }

        // KMS leaves a key disabled whose deletion was cancelled. An earlier try may have ended between the two calls, also that of a resource that took the key back.
        if (retention is { Enabled: true, Disable: false }
            && (isPending || (observed.KeyState == KeyStates.Disabled && (hasScheduled || observed.Tags.ContainsKey(TagNames.DeletedBy)))))
        {
            steps.Add(new EnableKeyStep());
        }

        if (retention.Disable && observed.KeyState != KeyStates.PendingImport)
        {
            // KMS disables no key that waits for its material, and nobody can use it. Also a key that KMS shows as disabled: that may be an old state, and to disable it twice does no harm.
            steps.Add(new DisableKeyStep("deletionPolicy is Disable"));
        }

        if (!retention.IsMarked || !observed.Tags.ContainsKey(TagNames.Released))
        {
            // Without its owner tags nobody would find the key again.
            var tags = KeyTags.FindMissing(owner, observed.Tags);
            tags[TagNames.Released] = now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            steps.Add(new TagResourceStep(tags));
        }

        // Last, since nothing else may wait for a name.
        steps.AddRange(retention.LostAliases.Select(alias => new CreateAliasStep(alias)));
        return new KeyPlan(steps, []);
    }

    private static void PlanTags(DesiredKey desired, ObservedKey observed, KeyRecord record, List<KeyStep> steps)
    {
        var changed = desired.Tags.Where(tag => observed.Tags.GetValueOrDefault(tag.Key) != tag.Value).ToDictionary();

        // A key that was taken back must not keep the tags of the resource that let it go.
        var obsolete = record.TagKeys.Append(TagNames.Released).Append(TagNames.DeletedBy).Where(key => !desired.Tags.ContainsKey(key) && observed.Tags.ContainsKey(key)).ToArray();

        // Room is made before it is needed: KMS counts 50 tags at any moment. Where there is room, the owner tags go first. Removing a tag may need them. And a key that
        // has lost the mark of an earlier resource must carry this one's: otherwise nobody would find it after the removal.
        var needsRoom = observed.Tags.Keys.Union(changed.Keys).Count() > KeyTags.MaxTags;
        KeyStep? remove = obsolete.Length > 0 ? new UntagResourceStep(obsolete) : null;
        KeyStep? add = changed.Count > 0 ? new TagResourceStep(changed) : null;
        steps.AddRange((needsRoom ? new[] { remove, add } : [add, remove]).OfType<KeyStep>());
    }

    private static void PlanAliases(
        DesiredKey desired, ObservedKey observed, KeyRecord record, List<KeyStep> steps, List<ReconcileError> errors)
    {
        var before = errors.Count;
        foreach (var name in desired.AliasNames)
        {
            PlanAlias(name, desired, observed, record, steps, errors);
        }

        // Where the key does not get a new alias, the old ones stay as well: a key is never left without a name.
        if (errors.Count == before)
        {
            steps.AddRange(AliasesOf(record, observed).Except(desired.AliasNames).Select(old => new DeleteAliasStep(old)));
        }
    }

    private static void PlanAlias(
        string name, DesiredKey desired, ObservedKey observed, KeyRecord record, List<KeyStep> steps, List<ReconcileError> errors)
    {
        var target = observed.AliasTargets.GetValueOrDefault(name);
        if (target == observed.KeyId)
        {
            return;
        }

        var holder = record.AliasHolders.GetValueOrDefault(name);
        var isOurs = record.AliasName == name || record.AdditionalAliases.Contains(name);
        if (holder is not null || (target is not null && !isOurs && !desired.TakeOverAlias))
        {
            errors.Add(AliasConflict(name, target, desired.Location, holder, isAdditional: name != desired.AliasName));
        }
        else if (!isOurs && name == desired.AliasName && desired.AliasWaitsFor is { } primary)
        {
            errors.Add(ReconcileError.Transient(Reasons.PrimaryNotReady, $"{name}: this replica gets it once ServiceKey {primary} has it."));
        }
        else if (!isOurs && record.LateAliasWrites.TryGetValue(name, out var until))
        {
            errors.Add(ReconcileError.Transient(
                Reasons.Progressing,
                $"{name}: another key had it until lately, and AWS gave no answer to a call about it. That call may still arrive and take the alias away, so this key gets it after "
                + $"{until.UtcDateTime:HH:mm:ss}Z."));
        }
        else
        {
            // A free name; or ours by record, so that somebody deleted it or pointed it elsewhere, which is drift like any other; or another key's, which spec and class let the resource take.
            steps.Add(target is null ? new CreateAliasStep(name) : new UpdateAliasStep(name, target));
        }
    }

    /// <summary>The key's aliases that the operator put, was about to put, or has taken away and sees again.</summary>
    private static IEnumerable<string> AliasesOf(KeyRecord record, ObservedKey observed) =>
        new[] { record.AliasName, record.PendingAliasName }.OfType<string>().Concat(record.AdditionalAliases).Concat(record.FormerAliasNames).Distinct()
            .Where(name => observed.AliasTargets.GetValueOrDefault(name) == observed.KeyId);

    /// <summary>The error for an alias that another key has.</summary>
    /// <param name="aliasName">The alias.</param>
    /// <param name="targetKeyId">The key that has it; null where that is not known.</param>
    /// <param name="location">Account and Region.</param>
    /// <param name="holder">The resource that has it; null where that is none of this cluster.</param>
    /// <param name="isAdditional">Whether it is one of <c>spec.additionalAliases</c>.</param>
    public static ReconcileError AliasConflict(string aliasName, string? targetKeyId, KeyLocation location, string? holder, bool isAdditional = false)
    {
        var remedy = isAdditional ? $"Remove it from {AliasName.AdditionalField}" : $"Set {AliasName.Field} to another name";
        return ReconcileError.Terminal(
            Reasons.AliasConflict,
            $"{aliasName} in account {location.AccountId}, {location.Region} {(targetKeyId is null ? "is" : $"points at key {targetKeyId}, which is")} {holder ?? "not this resource"}'s. "
            + (holder is null
                ? $"{remedy}, remove that alias, or set spec.takeOverAlias where the KeyClass permits it."
                : $"{remedy}, or change the other resource."));
    }

    private static void PlanRotation(DesiredKey desired, ObservedKey observed, List<KeyStep> steps)
    {
        // KMS takes it on the primary only. A replica shows it all the same.
        if (desired.Rotation is not { } wanted || observed.Rotation is not { } actual || observed.MultiRegionKeyType == "REPLICA")
        {
            return;
        }

        // Calling EnableKeyRotation again would move the next rotation, so only a difference sends it.
        if (wanted.Enabled && (!actual.Enabled || (actual.PeriodDays is { } days && days != wanted.PeriodDays)))
        {
            steps.Add(new EnableKeyRotationStep(wanted.PeriodDays));
        }
        else if (!wanted.Enabled && actual.Enabled)
        {
            steps.Add(new DisableKeyRotationStep());
        }
    }
}
