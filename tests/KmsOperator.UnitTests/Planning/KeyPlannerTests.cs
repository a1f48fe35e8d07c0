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
            Assert.True(plan.Steps.ToList().FindIndex(step => step is DisableKeyStep) is var last && (last < 0 || last == plan.Steps.Count - 1));
            var create = plan.Steps.ToList().FindIndex(step => step is CreateAliasStep);
            var delete = plan.Steps.ToList().FindIndex(step => step is DeleteAliasStep);
            Assert.True(create < 0 || delete < 0 || create < delete, "the new alias comes before the old one goes");
        });

    [Fact]
    public void A_key_that_stays_disabled_keeps_its_rotation()
    {
        var plan = KeyPlanner.Plan(
            Desired() with { Enabled = false }, Observed() with { KeyState = KeyStates.Disabled, Rotation = new ObservedRotation(false, null, null) }, new KeyRecord(Alias, []));
        Assert.Empty(plan.Steps);
    }

    // what, reason, severity, why
    public static TheoryData<string, string, FindingSeverity, string> Obstacles => new()
    {
        { "owner", Reasons.KeyConflict, FindingSeverity.Stalled, "another resource's key is never touched" },
        { "cluster", Reasons.KeyConflict, FindingSeverity.Stalled, "nor is another cluster's" },
        { "pending", Reasons.PendingDeletion, FindingSeverity.Stalled, "somebody else's deletion is not undone silently" },
        { "creating", Reasons.Progressing, FindingSeverity.Waiting, "a replica is on its way" },
        { "spec", Reasons.InvalidSpec, FindingSeverity.Stalled, "a key's spec cannot be changed" },
        { "imported", Reasons.Unavailable, FindingSeverity.Stalled, "only a person can import key material" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void An_obstacle_stops_the_whole_plan(string what, string reason, FindingSeverity severity, string why)
    {
        var observed = what switch
        {
            "owner" => Observed() with { Tags = new Dictionary<string, string> { [TagNames.Owner] = "ServiceKey/other/orders" } },
            "cluster" => Observed() with { Tags = new Dictionary<string, string> { [TagNames.Owner] = Owner.Path, [TagNames.Cluster] = "other" } },
            "pending" => Observed() with { KeyState = KeyStates.PendingDeletion },
            "creating" => Observed() with { KeyState = KeyStates.Creating },
            "spec" => Observed() with { KeySpec = "RSA_2048" },
            _ => Observed() with { KeyState = "PendingImport" },
        };
        var plan = KeyPlanner.Plan(Desired() with { Description = "other" }, observed, KeyRecord.Empty);
        Assert.Empty(plan.Steps);
        var finding = Assert.Single(plan.Findings);
        Assert.True(finding.Reason == reason && finding.Severity == severity, why);
    }

    [Fact]
    public void An_alias_of_another_key_is_a_conflict_but_our_own_that_was_moved_comes_back()
    {
        var observed = Observed() with { AliasTargets = new Dictionary<string, string> { [Alias] = "key-2" } };
        Assert.Equal(Reasons.AliasConflict, Assert.Single(KeyPlanner.Plan(Desired(), observed, KeyRecord.Empty).Findings).Reason);
        Assert.IsType<UpdateAliasStep>(Assert.Single(KeyPlanner.Plan(Desired(), observed, new KeyRecord(Alias, [])).Steps));
    }

    [Fact]
    public void A_value_that_reads_as_before_our_own_write_is_stale_and_any_other_is_somebody_s()
    {
        var now = DateTimeOffset.UnixEpoch;
        var writes = RecentWrites.None.Add(new UpdateKeyDescriptionStep("ours"), Observed() with { Description = "before" }, now);
        Assert.Equal("ours", writes.Apply(Observed() with { Description = "before" }).Description);
        Assert.Equal("theirs", writes.Apply(Observed() with { Description = "theirs" }).Description);
        Assert.Equal("before", writes.Since(now.AddMinutes(1)).Apply(Observed() with { Description = "before" }).Description);
    }

    [Fact]
    public void Deleting_schedules_first_and_takes_only_its_own_alias()
    {
        var steps = KeyPlanner.PlanDeletion(7, Observed(), Owner, new KeyRecord(Alias, [])).Steps;
        Assert.Collection(steps, step => Assert.Equal(7, Assert.IsType<ScheduleKeyDeletionStep>(step).PendingWindowInDays), step => Assert.IsType<DeleteAliasStep>(step));
        var moved = Observed() with { KeyState = KeyStates.PendingDeletion, AliasTargets = new Dictionary<string, string> { [Alias] = "key-2" } };
        Assert.Empty(KeyPlanner.PlanDeletion(7, moved, Owner, new KeyRecord(Alias, [])).Steps);
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
