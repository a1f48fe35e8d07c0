using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

/// <summary>What the planner makes of where the primary is, where it is to be, and whose key is looked at.</summary>
public sealed class PrimaryPlanningTests
{
    private const string Home = "us-east-1";
    private const string Away = "eu-west-1";
    private const string Third = "us-west-2";
    private const string Path = "KeyReplica/shop/orders-eu-west-1";

    // Region of the key that is looked at; where the primary is; where it is to be; whether the key is to be enabled; step or reason; why
    public static TheoryData<string, string, string?, bool, string?, string> Plans => new()
    {
        { Home, Home, null, true, null, "the spec says nothing" },
        { Home, Away, null, true, null, "the spec says nothing, so a move by hand stays" },
        { Away, Away, null, true, null, "the KeyReplica's key may be the primary" },
        { Home, Home, Home, true, null, "it is there" },
        { Away, Away, Away, true, null, "it is there" },
        { Home, Home, Away, true, "UpdatePrimaryRegion", "the ServiceKey's key passes it on" },
        { Away, Away, Home, true, "UpdatePrimaryRegion", "the KeyReplica's key passes it back" },
        { Away, Away, Third, true, "UpdatePrimaryRegion", "the KeyReplica's key passes it on" },
        { Home, Away, Third, true, "Progressing", "the ServiceKey waits for the KeyReplica that has it" },
        { Third, Home, Away, true, "Progressing", "a KeyReplica that has nothing to do with it waits too, to tell the truth afterwards" },
        { Home, Home, Away, false, "InvalidSpec", "KMS moves no disabled primary" },
        { Home, Away, Home, false, "InvalidSpec", "KMS moves the primary to no disabled key" },
        { Third, Home, Away, false, "Progressing", "a disabled key that has nothing to do with it waits" },
        { Home, Away, Away, false, null, "a replica may be disabled" },
    };

    [Theory]
    [MemberData(nameof(Plans))]
    public void The_primary_is_moved_by_the_resource_that_has_it(string region, string primaryRegion, string? wanted, bool enabled, string? expected, string why)
    {
        var observed = Observed(region, primaryRegion) with { KeyState = enabled ? KeyStates.Enabled : KeyStates.Disabled };

        var plan = KeyPlanner.Plan(Desired(region, wanted) with { Enabled = enabled }, observed, new KeyRecord("alias/a", []));

        var found = plan.Steps.Select(step => step.Operation).Concat(plan.Errors.Select(error => error.Reason));
        Assert.True((expected is null ? [] : new[] { expected }).SequenceEqual(found), $"{why}: {string.Join(", ", found)}");
    }

    [Fact]
    public void The_move_comes_after_everything_else_and_not_after_a_refused_EnableKey()
    {
        var plan = KeyPlanner.Plan(Desired(Home, Away) with { Description = "new" }, Observed(Home, Home) with { KeyState = KeyStates.Disabled }, new KeyRecord("alias/a", []));

        Assert.Equal(["EnableKey", "UpdateKeyDescription", "UpdatePrimaryRegion"], plan.Steps.Select(step => step.Operation));
        Assert.True(plan.Steps[2].DependsOn(plan.Steps[0]));
        Assert.False(plan.Steps[2].DependsOn(plan.Steps[1]));
        Assert.Equal(DriftField.PrimaryRegion, plan.Steps[2].Field);
    }

    // Region of the key; where the primary is; whether the rotation is set; why
    public static TheoryData<string, string, bool, string> Rotations => new()
    {
        { Home, Home, true, "the ServiceKey's key is the primary" },
        { Home, Away, false, "KMS refuses it on a replica" },
        { Away, Away, true, "the KeyReplica's key is the primary" },
        { Away, Home, false, "KMS refuses it on a replica" },
    };

    [Theory]
    [MemberData(nameof(Rotations))]
    public void The_rotation_is_set_where_the_primary_is(string region, string primaryRegion, bool isSet, string why)
    {
        var observed = Observed(region, primaryRegion) with { Rotation = new ObservedRotation(false, null, null) };

        var plan = KeyPlanner.Plan(Desired(region, null), observed, new KeyRecord("alias/a", []));

        Assert.True(isSet == plan.Steps.Any(step => step is EnableKeyRotationStep), why);

        // The ServiceKey describes the rotation of the key in all Regions, so it waits for the KeyReplica that sets it.
        Assert.Equal(region == Home && !isSet, plan.Errors.Any(error => !error.IsTerminal));
    }

    [Fact]
    public void Both_keys_are_left_alone_while_the_primary_moves()
    {
        var plan = KeyPlanner.Plan(Desired(Home, Away) with { Description = "new" }, Observed(Home, Away) with { KeyState = KeyStates.Updating }, KeyRecord.Empty);

        Assert.Empty(plan.Steps);
        Assert.False(Assert.Single(plan.Errors).IsTerminal);
    }

    // what KMS shows after the call; the role and state that count; why
    public static TheoryData<string, string, string, string, string> Stale => new()
    {
        { Home, KeyStates.Enabled, "REPLICA", KeyStates.Updating, "KMS does not show the call yet" },
        { Away, KeyStates.Updating, "REPLICA", KeyStates.Updating, "KMS shows it" },
        { Away, KeyStates.Enabled, "REPLICA", KeyStates.Enabled, "the move has ended" },
        { Home, KeyStates.Disabled, "PRIMARY", KeyStates.Disabled, "somebody else has done that" },
    };

    [Theory]
    [MemberData(nameof(Stale))]
    public void What_reads_as_before_the_move_is_stale(string shownPrimary, string shownState, string role, string state, string why)
    {
        var before = Observed(Home, Home);
        var step = new UpdatePrimaryRegionStep(Away);

        var key = step.ReplaceStale(Observed(Home, shownPrimary) with { KeyState = shownState }, before);

        Assert.True((role, state) == (key.MultiRegionKeyType, key.KeyState), $"{why}: {key.MultiRegionKeyType} {key.KeyState}");
    }

    // the moves in order: where the primary was, and where it went; what KMS shows in the Region Away; what counts there; why
    public static TheoryData<string[], string, string, string> Moves => new()
    {
        { [Home, Away], Home, "PRIMARY", "KMS does not show yet that the key became the primary" },
        { [Home, Away], Away, "PRIMARY", "KMS shows it" },
        { [Away, Home], Away, "REPLICA", "KMS does not show yet that it became a replica" },
        { [Away, Home, Away], Away, "PRIMARY", "the primary came back: this is not the state before the first move" },
        { [Away, Home, Away], Home, "PRIMARY", "KMS shows the time between the moves" },
        { [Home, Away, Home], Away, "REPLICA", "KMS shows the time between the moves" },
        { [Home, Away, Home], Home, "REPLICA", "KMS shows the last move" },
    };

    [Theory]
    [MemberData(nameof(Moves))]
    public void The_last_move_counts_in_both_Regions(string[] path, string shown, string role, string why)
    {
        var writes = RecentWrites.None;
        foreach (var (from, to) in path.Zip(path.Skip(1)))
            writes = writes.Add(new UpdatePrimaryRegionStep(to), Observed(Away, from), DateTimeOffset.UnixEpoch);

        Assert.True(role == writes.ReplaceStale(Observed(Away, shown)).MultiRegionKeyType, why);
        Assert.Equal(Observed(Away, shown).MultiRegionKeyType, writes.WithoutPrimaryMoves().ReplaceStale(Observed(Away, shown)).MultiRegionKeyType);
    }

    // kind; whether the whole key goes; a replica in use; whether KMS may be behind; the reason, and whether it needs a person; why
    public static TheoryData<string, bool, string?, bool, string?, bool, string> Deletions => new()
    {
        { "KeyReplica", false, null, false, "ReplicaConflict", true, "somebody may use the primary there" },
        { "KeyReplica", true, null, false, null, false, "the ServiceKey goes too, and all other keys have gone before" },
        { "KeyReplica", true, "arn:2", true, "ReplicasRemain", false, "the deletion of another key may not show yet" },
        { "KeyReplica", true, "arn:2", false, "ReplicasRemain", true, "another key stays" },
        { "ServiceKey", true, null, false, null, false, "no replica is left" },
        { "ServiceKey", true, "arn:2", false, "ReplicasRemain", true, "somebody else's replica would keep it unusable for ever" },
    };

    [Theory]
    [MemberData(nameof(Deletions))]
    public void A_primary_is_scheduled_for_deletion_only_after_its_replicas(string kind, bool whole, string? inUse, bool mayBeOld, string? reason, bool isTerminal, string why)
    {
        var owner = kind == "KeyReplica" ? Desired(Away, null).Owner : Desired(Home, null).Owner;
        var observed = Observed(Away, Away) with { Tags = KeyTags.Merge(owner, null) };

        var plan = KeyPlanner.PlanDeletion(7, observed, owner, KeyRecord.Empty, new ReplicasInDeletion(whole, inUse is null ? [] : [inUse], mayBeOld));

        var error = plan.Errors is [var first, ..] ? first : null;
        Assert.True((reason, isTerminal) == (error?.Reason, error?.IsTerminal ?? false), why);
        Assert.Equal(reason is null, plan.Steps.Any(step => step is ScheduleKeyDeletionStep));
    }

    // whose tags; the role that KMS shows; whether the key can be the ServiceKey's; why
    public static TheoryData<string?, string, bool, string> Adoptions => new()
    {
        { "ServiceKey/shop/orders", "REPLICA", true, "its own key, which became a replica by a move" },
        { null, "REPLICA", false, "anybody's replica" },
        { null, "PRIMARY", true, "anybody's primary" },
    };

    [Theory]
    [MemberData(nameof(Adoptions))]
    public void A_replica_becomes_a_ServiceKeys_key_only_by_its_own_tags(string? owner, string role, bool fits, string why)
    {
        var tags = owner is null ? new Dictionary<string, string>() : new Dictionary<string, string> { [TagNames.Owner] = owner };
        var observed = Observed(Home, role == "PRIMARY" ? Home : Away) with { Tags = tags };

        Assert.True(fits == KeyCompatibility.FindIncompatibility(Desired(Home, null), observed) is null, why);
    }

    [Fact]
    public void The_hash_changes_with_the_wanted_Region_and_not_without_one()
    {
        var hashes = new[] { null, Home, Away }.Select(region => DesiredStateHash.Compute(Desired(Home, region))).ToArray();

        Assert.Equal(3, hashes.Distinct().Count());
    }

    private static DesiredKey Desired(string region, string? wanted)
    {
        var isReplica = region != Home;
        var owner = isReplica
            ? new KeyOwner(KeyReplica.KindName, "shop", $"orders-{region}", "uid-2", "cluster")
            : new KeyOwner(ServiceKey.KindName, "shop", "orders", "uid-1", "cluster");
        return new DesiredKey
        {
            Owner = owner,
            Location = new KeyLocation("111122223333", region),
            Description = "a",
            AliasName = "alias/a",
            KeySpec = "SYMMETRIC_DEFAULT",
            KeyUsage = "ENCRYPT_DECRYPT",
            MultiRegion = true,
            Rotation = new DesiredRotation(true, 365),
            Policy = PolicyRenderer.Render(new PolicyRequest { Region = region, AccountId = "111122223333", Service = "s3" }),
            Tags = KeyTags.Merge(owner, "name"),
            Primary = isReplica ? new PrimaryKey("mrk-1", Home) : null,
            WantedPrimary = wanted is null ? null : new WantedPrimary(wanted, Path),
        };
    }

    private static ObservedKey Observed(string region, string primaryRegion) => new()
    {
        KeyId = "mrk-1",
        Arn = $"arn:aws:kms:{region}:111122223333:key/mrk-1",
        KeyState = KeyStates.Enabled,
        Description = "a",
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        MultiRegionKeyType = region == primaryRegion ? "PRIMARY" : "REPLICA",
        PrimaryRegion = primaryRegion,
        Policy = Desired(region, null).Policy.Text,
        Rotation = new ObservedRotation(true, 365, null),
        Tags = Desired(region, null).Tags,
        AliasTargets = new Dictionary<string, string> { ["alias/a"] = "mrk-1" },
    };
}
