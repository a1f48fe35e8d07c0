using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

/// <summary>What is planned for the key of a resource that is being deleted.</summary>
public sealed class DeletionPlanTests
{
    private const string Alias = "alias/acme/s3";
    private static readonly KeyOwner Owner = new("ServiceKey", "shop", "orders", "uid-1", "cluster");
    private static readonly KeyOwner Replica = Owner with { Kind = "KeyReplica" };

    // owner, key, reason, whether a person is needed, why
    public static TheoryData<KeyOwner, ObservedKey, string, bool, string> Obstacles => new()
    {
        { Owner, Key(tags: new() { [TagNames.Owner] = "ServiceKey/other/orders" }), Reasons.KeyConflict, true, "the key is another resource's" },
        { Replica, Key(type: "PRIMARY"), Reasons.ReplicaConflict, true, "somebody has moved the primary to the replica's Region" },
        { Owner, Key(state: KeyStates.Updating), Reasons.Deleting, false, "the primary is being moved, which takes seconds" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void A_key_that_may_not_be_deleted_now_is_left_and_the_reason_told(KeyOwner owner, ObservedKey key, string reason, bool isTerminal, string why)
    {
        var plan = KeyPlanner.PlanDeletion(7, key, owner, new KeyRecord(Alias, []));
        Assert.Empty(plan.Steps);
        var error = Assert.Single(plan.Errors);
        Assert.True(error.Reason == reason && error.IsTerminal == isTerminal, why);
    }

    // owner, multi-Region key type, why
    public static TheoryData<KeyOwner, string?, string> Deletables => new()
    {
        { Owner, "PRIMARY", "a ServiceKey's key is the primary" },
        { Replica, "REPLICA", "a KeyReplica's key is a replica" },
        { Owner, null, "a key of one Region" },
    };

    [Theory]
    [MemberData(nameof(Deletables))]
    public void Any_other_key_of_the_resource_is_scheduled(KeyOwner owner, string? type, string why) => Assert.True(
        KeyPlanner.PlanDeletion(7, Key(type: type), owner, new KeyRecord(Alias, [])).Steps.Any(step => step is ScheduleKeyDeletionStep { PendingWindowInDays: 7 }), why);

    // how many tags the key has, whether one is deleted-by, whether the tag is written, why
    public static TheoryData<int, string?, bool, string> Tags => new()
    {
        { 4, null, true, "the key has room" },
        { KeyTags.MaxTags - 1, null, true, "the key has room for one more" },
        { KeyTags.MaxTags, null, false, "the key has no room, and the deletion does not depend on the tag" },
        { KeyTags.MaxTags, "uid-0", true, "the tag is there and only gets another value" },
        { 4, "uid-1", false, "the tag says so already" },
    };

    [Theory]
    [MemberData(nameof(Tags))]
    public void The_key_is_marked_where_there_is_room(int count, string? deletedBy, bool isMarked, string why)
    {
        var tags = KeyTags.Merge(Owner, null);
        foreach (var number in Enumerable.Range(tags.Count + 1, count - tags.Count - (deletedBy is null ? 0 : 1)))
            tags[$"tag-{number}"] = "";
        if (deletedBy is not null)
            tags[TagNames.DeletedBy] = deletedBy;

        var plan = KeyPlanner.PlanDeletion(7, Key(tags: tags), Owner, new KeyRecord(Alias, []));

        Assert.True(plan.Steps[0] is TagResourceStep == isMarked, why);
        if (isMarked)
            Assert.Equal(["uid-1", "uid-1"], [((TagResourceStep)plan.Steps[0]).Tags[TagNames.Uid], ((TagResourceStep)plan.Steps[0]).Tags[TagNames.DeletedBy]]);
    }

    [Theory]
    [InlineData(true, "KMS may still show owner tags that somebody has just taken off")]
    [InlineData(false, "a later resource finds the key by them, and knows whose deletion it is")]
    public void The_mark_has_the_owner_tags_as_well(bool hasThem, string why)
    {
        var tags = hasThem ? KeyTags.Merge(Owner, null) : [];

        var mark = Assert.IsType<TagResourceStep>(KeyPlanner.PlanDeletion(7, Key(tags: tags), Owner, new KeyRecord(Alias, [])).Steps[0]).Tags;

        Assert.True(KeyTags.FindMissing(Owner, mark).Count == 0, why);
    }

    [Theory]
    [InlineData(false, false, false, "nobody let the key go")]
    [InlineData(true, false, true, "a later resource would take the deletion for somebody else's")]
    [InlineData(false, true, true, "KMS may not show yet that the key was let go")]
    public void A_key_that_was_let_go_loses_that_mark_before_its_deletion_is_scheduled(bool isShown, bool mayBeReleased, bool isTakenOff, string why)
    {
        var tags = new Dictionary<string, string>();
        if (isShown)
            tags[TagNames.Released] = "2026-01-01T00:00:00Z";
        var steps = KeyPlanner.PlanDeletion(7, Key(tags: tags), Owner, new KeyRecord(Alias, []), mayBeReleased: mayBeReleased).Steps;
        var scheduled = steps.ToList().FindIndex(step => step is ScheduleKeyDeletionStep);
        Assert.True(steps.Take(scheduled).Any(step => step is UntagResourceStep { TagKeys: [TagNames.Released] }) == isTakenOff, why);
    }

    [Fact]
    public void All_aliases_on_record_that_point_at_the_key_go_after_the_deletion_is_scheduled()
    {
        var record = new KeyRecord("alias/own", [], "alias/pending") { AdditionalAliases = ["alias/more", "alias/gone"], FormerAliasNames = ["alias/former", "alias/own", "alias/taken"] };
        var key = Key() with
        {
            AliasTargets = new Dictionary<string, string>
            {
                ["alias/own"] = "key-1",
                ["alias/pending"] = "key-1",
                ["alias/more"] = "key-1",
                ["alias/former"] = "key-1",
                ["alias/taken"] = "key-2",
                ["alias/theirs"] = "key-1",
            },
        };

        var steps = KeyPlanner.PlanDeletion(7, key, Owner, record).Steps;

        Assert.Equal(["TagResource", "ScheduleKeyDeletion", "DeleteAlias", "DeleteAlias", "DeleteAlias", "DeleteAlias"], steps.Select(step => step.Operation));
        Assert.Equal(["alias/own", "alias/pending", "alias/more", "alias/former"], steps.Select(step => step.AliasName).OfType<string>());
    }

    [Theory]
    [InlineData(KeyStates.PendingDeletion)]
    [InlineData(KeyStates.PendingReplicaDeletion)]
    public void A_key_whose_deletion_is_scheduled_only_loses_its_aliases(string state) =>
        Assert.Equal(["DeleteAlias"], KeyPlanner.PlanDeletion(7, Key(state: state), Owner, new KeyRecord(Alias, [])).Steps.Select(step => step.Operation));

    // state, tags, whether the policy is Disable, steps, why
    public static TheoryData<string, Dictionary<string, string>?, bool, string[], string> Retentions => new()
    {
        { KeyStates.Enabled, null, false, ["TagResource"], "a key that stays says so" },
        { KeyStates.Enabled, null, true, ["DisableKey", "TagResource"], "it is disabled first: that is what was asked for" },
        { KeyStates.Disabled, null, true, ["DisableKey", "TagResource"], "that it is disabled may be an old state" },
        { KeyStates.Enabled, new() { [TagNames.Released] = "2026-01-01T00:00:00Z" }, true, ["DisableKey", "TagResource"], "the mark may be an earlier resource's, and be gone: KMS shows old tags for a while" },
        { KeyStates.PendingDeletion, null, true, [], "nobody can use the key, and KMS takes no tags on it" },
        { KeyStates.PendingDeletion, new() { [TagNames.DeletedBy] = "uid-0" }, false, [], "an earlier resource, or somebody else, has scheduled the deletion" },
        { KeyStates.PendingDeletion, new() { [TagNames.DeletedBy] = "uid-1" }, false, ["CancelKeyDeletion", "EnableKey", "TagResource"], "the resource has scheduled it before its policy changed" },
        { KeyStates.PendingDeletion, new() { [TagNames.DeletedBy] = "uid-1" }, true, ["CancelKeyDeletion", "DisableKey", "TagResource"], "and the key is to be disabled" },
        { KeyStates.Disabled, new() { [TagNames.DeletedBy] = "uid-1" }, false, ["EnableKey", "TagResource"], "the deletion was cancelled, and the call that enables the key got lost" },
        { KeyStates.Disabled, new() { [TagNames.DeletedBy] = "uid-0" }, false, ["EnableKey", "TagResource"], "also where the deletion was an earlier resource's, and this one was taking the key back" },
        { KeyStates.Disabled, new() { [TagNames.DeletedBy] = "uid-1" }, true, ["DisableKey", "TagResource"], "the deletion was cancelled, and the key is to be disabled" },
        { KeyStates.Disabled, null, false, ["TagResource"], "a key that stays is left as it is" },
        { KeyStates.Enabled, new() { [TagNames.Cluster] = "another" }, true, [], "the key is another cluster's" },
    };

    [Theory]
    [MemberData(nameof(Retentions))]
    public void A_key_that_is_retained_is_marked_and_disabled_if_asked(string state, Dictionary<string, string>? tags, bool disable, string[] operations, string why)
    {
        var plan = KeyPlanner.PlanRetention(Key(state, tags), Owner, DateTimeOffset.UnixEpoch, new Retention { Disable = disable });
        Assert.True(operations.SequenceEqual(plan.Steps.Select(step => step.Operation)), why);
        Assert.Empty(plan.Errors);
    }

    [Fact]
    public void A_retained_key_gets_its_owner_tags_back_or_nobody_would_find_it_again() => Assert.Equal(
        [TagNames.Cluster, TagNames.Owner, TagNames.Released, TagNames.Uid],
        Assert.IsType<TagResourceStep>(Assert.Single(KeyPlanner.PlanRetention(Key(tags: []), Owner, DateTimeOffset.UnixEpoch, new Retention()).Steps)).Tags.Keys.Order(StringComparer.Ordinal));

    private static ObservedKey Key(string state = KeyStates.Enabled, Dictionary<string, string>? tags = null, string? type = null) => new()
    {
        KeyId = "key-1",
        Arn = "arn:aws:kms:eu-west-1:111122223333:key/key-1",
        KeyState = state,
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        MultiRegionKeyType = type,
        Tags = tags ?? KeyTags.Merge(Owner, null).Where(tag => tag.Key != TagNames.Owner).ToDictionary(),
        AliasTargets = new Dictionary<string, string> { [Alias] = "key-1" },
    };
}
