using CsCheck;
using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

public sealed class KeyPlannerTests
{
    private const string Alias = "alias/acme/s3";
    private static readonly KeyOwner Owner = new("ServiceKey", "shop", "orders", "uid-1", "cluster");

    private static readonly Gen<DesiredKey> AnyDesired =
        from description in Gen.OneOf("a", "b")
        from alias in Gen.OneOf(Alias, "alias/acme/other")
        from enabled in Gen.Bool
        from rotates in Gen.Bool
        from days in Gen.OneOf(90, 365)
        from tag in Gen.OneOf("x", "y", "")
        from user in Gen.OneOf("App", "Batch")
        select Desired() with
        {
            Description = description,
            AliasName = alias,
            Enabled = enabled,
            Rotation = new DesiredRotation(rotates, days),
            Tags = tag.Length == 0 ? Desired().Tags : new Dictionary<string, string>(Desired().Tags) { ["team"] = tag },
            Policy = Policy(user),
        };

    private static readonly Gen<ObservedKey> AnyObserved =
        from desired in AnyDesired
        from state in Gen.OneOf(KeyStates.Enabled, KeyStates.Disabled)
        from foreign in Gen.Bool
        from aliases in Gen.Int[0, 3]
        select Observed() with
        {
            KeyState = state,
            Description = desired.Description,
            Policy = desired.Policy.Text,
            Rotation = new ObservedRotation(desired.Rotation!.Enabled, desired.Rotation.Enabled ? desired.Rotation.PeriodDays : null, null),
            Tags = foreign ? new Dictionary<string, string>(desired.Tags) { ["theirs"] = "kept" } : desired.Tags,
            AliasTargets = new[] { Alias, "alias/acme/other" }.Where((_, i) => (aliases & (1 << i)) != 0).ToDictionary(name => name, _ => "key-1"),
        };

    [Fact]
    public void Executing_a_plan_leaves_nothing_to_plan_touches_no_foreign_tag_and_never_deletes_the_key() =>
        Gen.Select(AnyDesired, AnyObserved, Gen.OneOf<string?>(null, Alias, "alias/acme/other")).Sample((desired, observed, recorded) =>
        {
            var plan = KeyPlanner.Plan(desired, observed, new KeyRecord(recorded, ["team"]));
            var after = plan.Steps.Aggregate(observed, (key, step) => step.ApplyTo(key));
            var again = KeyPlanner.Plan(desired, after, new KeyRecord(desired.AliasName, ["team"]));

            // A disabled key's rotation waits until it is enabled; everything else is done in one go.
            Assert.True(again.IsEmpty, string.Join("; ", again.Steps));
            Assert.Equal(observed.Tags.GetValueOrDefault("theirs"), after.Tags.GetValueOrDefault("theirs"));
            Assert.DoesNotContain(plan.Steps, step => step is ScheduleKeyDeletionStep);
            Assert.True(plan.Steps.ToList().FindIndex(step => step is EnableKeyStep) <= 0);
            Assert.True(
                !plan.Steps.Any(step => step is DisableKeyStep) || plan.Steps.TakeWhile(step => step is not DisableKeyStep).All(step => step.Field == DriftField.Rotation),
                "in an incident nothing delays it but the rotation, which KMS does not change later");
            var create = plan.Steps.ToList().FindIndex(step => step is CreateAliasStep);
            var delete = plan.Steps.ToList().FindIndex(step => step is DeleteAliasStep);
            Assert.True(create < 0 || delete < 0 || create < delete, "the new alias comes before the old one goes");
        });

    // the step, the earlier step that was refused, whether the step is tried all the same, why
    public static TheoryData<string, string, bool, string> Refusals => new()
    {
        { "PutKeyPolicy", "TagResource", true, "the new policy may permit what the old one denies" },
        { "DisableKey", "PutKeyPolicy", true, "a policy with a deleted principal must not keep a key enabled" },
        { "CreateAlias", "UpdateKeyDescription", true, "they have nothing to do with each other" },
        { "DeleteAlias", "CreateAlias", false, "the key would have no name" },
        { "DeleteAlias", "UpdateAlias", false, "the key would have no name" },
        { "EnableKeyRotation", "EnableKey", false, "KMS does not change the rotation of a disabled key" },
        { "TagResource", "CancelKeyDeletion", false, "KMS refuses it for a key that is pending deletion" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public void A_refused_step_holds_back_only_the_steps_that_depend_on_it(string step, string refused, bool isTried, string why)
    {
        static KeyStep Step(string operation) => operation switch
        {
            "PutKeyPolicy" => new PutKeyPolicyStep(Desired().Policy),
            "TagResource" => new TagResourceStep(new Dictionary<string, string> { ["a"] = "b" }),
            "DisableKey" => new DisableKeyStep(),
            "EnableKey" => new EnableKeyStep(),
            "CreateAlias" => new CreateAliasStep(Alias),
            "UpdateAlias" => new UpdateAliasStep(Alias, "key-2"),
            "DeleteAlias" => new DeleteAliasStep(Alias),
            "EnableKeyRotation" => new EnableKeyRotationStep(365),
            "UpdateKeyDescription" => new UpdateKeyDescriptionStep("new"),
            _ => new CancelKeyDeletionStep(),
        };
        Assert.True(Step(step).DependsOn(Step(refused)) != isTried, why);
    }

    [Fact]
    public void Of_several_errors_the_first_that_needs_a_person_gives_the_reason_and_all_are_told()
    {
        var joined = ReconcileError.Join([ReconcileError.Transient(Reasons.Progressing, "one."), ReconcileError.Terminal(Reasons.PrincipalDeleted, "two.")]);
        Assert.Equal(ReconcileError.Terminal(Reasons.PrincipalDeleted, "two. Also Progressing: one."), joined);
        Assert.Null(ReconcileError.Join([]));
    }

    [Fact]
    public void A_key_that_stays_disabled_keeps_its_rotation()
    {
        var plan = KeyPlanner.Plan(
            Desired() with { Enabled = false }, Observed() with { KeyState = KeyStates.Disabled, Rotation = new ObservedRotation(false, null, null) }, new KeyRecord(Alias, []));
        Assert.Empty(plan.Steps);
    }

    // what, reason, whether a person is needed, why
    public static TheoryData<string, string, bool, string> Obstacles => new()
    {
        { "owner", Reasons.KeyConflict, true, "another resource's key is never touched" },
        { "cluster", Reasons.KeyConflict, true, "nor is another cluster's" },
        { "pending", Reasons.PendingDeletion, true, "somebody else's deletion is not undone silently" },
        { "creating", Reasons.Progressing, false, "a replica is on its way" },
        { "spec", Reasons.InvalidSpec, true, "a key's spec cannot be changed" },
        { "store", Reasons.Unavailable, true, "only a person can connect a custom key store" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void An_obstacle_stops_the_whole_plan(string what, string reason, bool isTerminal, string why)
    {
        var observed = what switch
        {
            "owner" => Observed() with { Tags = new Dictionary<string, string> { [TagNames.Owner] = "ServiceKey/other/orders" } },
            "cluster" => Observed() with { Tags = new Dictionary<string, string> { [TagNames.Owner] = Owner.Path, [TagNames.Cluster] = "other" } },
            "pending" => Observed() with { KeyState = KeyStates.PendingDeletion },
            "creating" => Observed() with { KeyState = KeyStates.Creating },
            "spec" => Observed() with { KeySpec = "RSA_2048" },
            _ => Observed() with { KeyState = "Unavailable" },
        };
        var plan = KeyPlanner.Plan(Desired() with { Description = "other" }, observed, KeyRecord.Empty);
        Assert.Empty(plan.Steps);
        var error = Assert.Single(plan.Errors);
        Assert.True(error.Reason == reason && error.IsTerminal == isTerminal, why);
    }

    [Fact]
    public void An_alias_of_another_key_is_a_conflict_but_our_own_that_was_moved_comes_back()
    {
        var observed = Observed() with { AliasTargets = new Dictionary<string, string> { [Alias] = "key-2" } };
        Assert.Equal(Reasons.AliasConflict, Assert.Single(KeyPlanner.Plan(Desired(), observed, KeyRecord.Empty).Errors).Reason);
        Assert.IsType<UpdateAliasStep>(Assert.Single(KeyPlanner.Plan(Desired(), observed, new KeyRecord(Alias, [])).Steps));
    }

    // deletedBy, released, uid, undelete, cancelled, why
    public static TheoryData<string?, bool, string?, bool, bool, string> PendingDeletions => new()
    {
        { null, false, "uid-1", false, false, "the resource lives, so somebody else scheduled it" },
        { null, false, "uid-1", true, true, "spec and class say that the key must stay" },
        { "uid-0", false, "uid-0", false, true, "an earlier resource of the name was deleted, and is back" },
        { null, false, "uid-0", false, false, "that one did not schedule it, so somebody else did, and re-creating the resource undoes nothing of theirs" },
        { "uid-0", true, "uid-0", false, false, "that one was to delete the key and left it after all" },
        { "uid-0", false, "uid-1", false, false, "that one's deletion was taken back already; this one is somebody else's" },
        { null, false, null, false, false, "a key without our mark is not ours to take back" },
        { "uid-1", false, "uid-1", false, true, "the resource had it deleted, and a restored backup has brought the resource back" },
    };

    [Theory]
    [MemberData(nameof(PendingDeletions))]
    public void A_deletion_is_cancelled_only_where_it_is_ours_to_cancel(string? deletedBy, bool released, string? uid, bool undelete, bool cancelled, string why)
    {
        var tags = new Dictionary<string, string> { [TagNames.Owner] = Owner.Path, [TagNames.Cluster] = Owner.ClusterId };
        if (uid is not null)
        {
            tags[TagNames.Uid] = uid;
        }

        if (deletedBy is not null)
        {
            tags[TagNames.DeletedBy] = deletedBy;
        }

        if (released)
        {
            tags[TagNames.Released] = "2026-01-01T00:00:00Z";
        }

        var plan = KeyPlanner.Plan(
            Desired() with { Undelete = undelete }, Observed() with { KeyState = KeyStates.PendingDeletion, Rotation = null, Tags = tags }, KeyRecord.Empty);
        Assert.True(cancelled == plan.Steps.Any(step => step is CancelKeyDeletionStep), why);
        if (cancelled)
        {
            Assert.IsType<CancelKeyDeletionStep>(plan.Steps[0]);
            Assert.IsType<EnableKeyStep>(plan.Steps[1]);
        }
        else
        {
            Assert.Equal(Reasons.PendingDeletion, Assert.Single(plan.Errors).Reason);
        }
    }

    [Fact]
    public void Whose_deletion_it_is_is_waited_for_while_KMS_may_not_show_what_an_earlier_resource_wrote()
    {
        var tags = new Dictionary<string, string> { [TagNames.Owner] = Owner.Path, [TagNames.Cluster] = Owner.ClusterId, [TagNames.Uid] = "uid-0" };
        var pending = Observed() with { KeyState = KeyStates.PendingDeletion, Rotation = null, Tags = tags };
        var error = Assert.Single(KeyPlanner.Plan(Desired(), pending, KeyRecord.Empty with { TagsMayBeOld = true }).Errors);
        Assert.Equal((Reasons.PendingDeletion, false), (error.Reason, error.IsTerminal));
        var own = pending with { Tags = new Dictionary<string, string>(tags) { [TagNames.Uid] = Owner.Uid } };
        Assert.True(Assert.Single(KeyPlanner.Plan(Desired(), own, KeyRecord.Empty with { TagsMayBeOld = true }).Errors).IsTerminal);
    }

    [Fact]
    public void A_retained_key_is_marked_once_and_the_mark_goes_when_it_is_taken_back()
    {
        var owned = Observed() with { Tags = new Dictionary<string, string> { [TagNames.Owner] = Owner.Path } };
        var marked = Assert.Single(KeyPlanner.PlanRetention(owned, Owner, DateTimeOffset.UnixEpoch, new Retention()).Steps).ApplyTo(owned);
        Assert.Equal("1970-01-01T00:00:00Z", marked.Tags[TagNames.Released]);
        Assert.Empty(KeyPlanner.PlanRetention(marked, Owner, DateTimeOffset.UnixEpoch, new Retention { IsMarked = true }).Steps);
        Assert.IsType<TagResourceStep>(Assert.Single(KeyPlanner.PlanRetention(marked, Owner, DateTimeOffset.UnixEpoch, new Retention()).Steps));
        Assert.Empty(KeyPlanner.PlanRetention(owned with { Tags = new Dictionary<string, string> { [TagNames.Owner] = "ServiceKey/a/b" } }, Owner, DateTimeOffset.UnixEpoch, new Retention()).Steps);
        Assert.Contains(KeyPlanner.Plan(Desired(), marked, KeyRecord.Empty).Steps, step => step is UntagResourceStep { TagKeys: [TagNames.Released] });
    }

    [Fact]
    public void An_alias_is_taken_over_only_from_a_key_that_no_resource_has()
    {
        var observed = Observed() with { AliasTargets = new Dictionary<string, string> { [Alias] = "key-2" } };
        var desired = Desired() with { TakeOverAlias = true };
        Assert.IsType<UpdateAliasStep>(Assert.Single(KeyPlanner.Plan(desired, observed, KeyRecord.Empty).Steps));
        var error = Assert.Single(KeyPlanner.Plan(desired, observed, KeyRecord.Empty with { AliasHolders = new Dictionary<string, string> { [Alias] = "ServiceKey/a/b" } }).Errors);
        Assert.Equal(Reasons.AliasConflict, error.Reason);
        Assert.Contains("ServiceKey/a/b", error.Message, StringComparison.Ordinal);
    }

    // the alias's target, the alias on record, the steps, the error, why
    public static TheoryData<string?, string?, string[], string?, string> AliasesThatWait => new()
    {
        { null, "alias/old", [], Reasons.PrimaryNotReady, "the ServiceKey does not have it, and the old one stays meanwhile" },
        { "key-2", "alias/old", [], Reasons.PrimaryNotReady, "it is taken over no sooner than by the ServiceKey" },
        { null, Alias, ["CreateAlias"], null, "the replica had it, and somebody deleted it" },
        { "key-2", Alias, ["UpdateAlias"], null, "the replica had it, and somebody pointed it elsewhere" },
        { "key-1", "alias/old", ["DeleteAlias"], null, "the replica has it" },
    };

    [Theory]
    [MemberData(nameof(AliasesThatWait))]
    public void A_replica_gets_a_new_alias_only_once_its_ServiceKey_has_it(string? target, string? recorded, string[] steps, string? reason, string why)
    {
        var targets = new Dictionary<string, string> { ["alias/old"] = "key-1" };
        if (target is not null)
        {
            targets[Alias] = target;
        }

        var plan = KeyPlanner.Plan(Desired() with { TakeOverAlias = true, AliasWaitsFor = "one" }, Observed() with { AliasTargets = targets }, KeyRecord.Empty with { AliasName = recorded });

        Assert.True(plan.Steps.Select(step => step.Operation).SequenceEqual(steps), why);
        Assert.True(plan.Errors.SingleOrDefault()?.Reason == reason, why);
    }

    // what, reason, why
    public static TheoryData<string, string?, string> Adoptables => new()
    {
        { "same", null, "description, policy and tags can be changed" },
        { "aws", Reasons.InvalidSpec, "AWS's own keys are nobody's" },
        { "owner", Reasons.KeyConflict, "another resource's key is never touched" },
        { "spec", Reasons.InvalidSpec, "a key's spec cannot be changed" },
        { "usage", Reasons.InvalidSpec, "nor its usage" },
        { "multi", Reasons.InvalidSpec, "nor its multi-Region nature" },
        { "replica", Reasons.InvalidSpec, "a replica is a KeyReplica's" },
    };

    [Theory]
    [MemberData(nameof(Adoptables))]
    public void Only_a_key_that_fits_can_be_taken_over(string what, string? reason, string why)
    {
        var observed = what switch
        {
            "aws" => Observed() with { IsAwsManaged = true },
            "owner" => Observed() with { Tags = new Dictionary<string, string> { [TagNames.Owner] = "ServiceKey/other/orders" } },
            "spec" => Observed() with { KeySpec = "HMAC_256" },
            "usage" => Observed() with { KeyUsage = "SIGN_VERIFY" },
            "multi" => Observed() with { MultiRegionKeyType = "PRIMARY" },
            "replica" => Observed() with { MultiRegionKeyType = "REPLICA" },
            _ => Observed() with { Description = "old", Tags = new Dictionary<string, string>() },
        };
        Assert.True(reason == KeyCompatibility.FindIncompatibility(Desired(), observed)?.Reason, why);
    }

    [Fact]
    public void A_value_that_reads_as_before_our_own_write_is_stale_and_any_other_is_somebody_s()
    {
        var now = DateTimeOffset.UnixEpoch;
        var writes = RecentWrites.None.Add(new UpdateKeyDescriptionStep("ours"), Observed() with { Description = "before" }, now);
        Assert.Equal("ours", writes.ReplaceStale(Observed() with { Description = "before" }).Description);
        Assert.Equal("theirs", writes.ReplaceStale(Observed() with { Description = "theirs" }).Description);
        Assert.Equal("before", writes.Since(now.AddMinutes(1)).ReplaceStale(Observed() with { Description = "before" }).Description);
    }

    [Fact]
    public void Deleting_says_whose_doing_it_is_schedules_and_takes_only_its_own_alias()
    {
        var steps = KeyPlanner.PlanDeletion(7, Observed(), Owner, new KeyRecord(Alias, [])).Steps;
        Assert.Collection(
            steps,
            step => Assert.Equal(Owner.Uid, Assert.IsType<TagResourceStep>(step).Tags[TagNames.DeletedBy]),
            step => Assert.Equal(7, Assert.IsType<ScheduleKeyDeletionStep>(step).PendingWindowInDays),
            step => Assert.IsType<DeleteAliasStep>(step));
        var marked = steps[0].ApplyTo(Observed());
        Assert.IsType<ScheduleKeyDeletionStep>(KeyPlanner.PlanDeletion(7, marked, Owner, new KeyRecord(Alias, [])).Steps[0]);
        Assert.Contains(KeyPlanner.Plan(Desired(), marked, KeyRecord.Empty).Steps, step => step is UntagResourceStep { TagKeys: [TagNames.DeletedBy] });
        var full = Observed() with { Tags = Enumerable.Range(0, KeyTags.MaxTags).ToDictionary(i => $"tag-{i}", _ => "") };
        Assert.IsType<ScheduleKeyDeletionStep>(KeyPlanner.PlanDeletion(7, full, Owner, new KeyRecord(Alias, [])).Steps[0]);
        var moved = Observed() with { KeyState = KeyStates.PendingDeletion, AliasTargets = new Dictionary<string, string> { [Alias] = "key-2" } };
        Assert.Empty(KeyPlanner.PlanDeletion(7, moved, Owner, new KeyRecord(Alias, [])).Steps);
    }

    [Fact]
    public void What_follows_the_making_of_a_key_is_what_the_key_then_lacks()
    {
        var free = KeyPlanner.PlanNew(Desired() with { Enabled = false, AdditionalAliases = ["alias/more"] }, new Dictionary<string, string>(), new Dictionary<string, string>());
        Assert.Equal(["CreateAlias", "CreateAlias", "EnableKeyRotation", "DisableKey"], free.Steps.Select(step => step.Operation));
        var taken = KeyPlanner.PlanNew(Desired(), new Dictionary<string, string> { [Alias] = "key-2" }, new Dictionary<string, string>());
        Assert.Equal(Reasons.AliasConflict, Assert.Single(taken.Errors).Reason);
    }

    private static KeyPolicy Policy(string user) => PolicyRenderer.Render(new PolicyRequest
    {
        Region = "eu-west-1",
        AccountId = "111122223333",
        Service = "s3",
        Users = [$"arn:aws:iam::111122223333:role/{user}"],
    });

    private static DesiredKey Desired() => new()
    {
        Owner = Owner,
        Location = new KeyLocation("111122223333", "eu-west-1"),
        Description = "a",
        AliasName = Alias,
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Rotation = new DesiredRotation(true, 365),
        Policy = Policy("App"),
        Tags = KeyTags.Merge(Owner, "acme-s3-cmk"),
    };

    private static ObservedKey Observed() => new()
    {
        KeyId = "key-1",
        Arn = "arn:aws:kms:eu-west-1:111122223333:key/key-1",
        KeyState = KeyStates.Enabled,
        Description = "a",
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Policy = Policy("App").Text,
        Rotation = new ObservedRotation(true, 365, null),
        Tags = Desired().Tags,
        AliasTargets = new Dictionary<string, string> { [Alias] = "key-1" },
    };
}
