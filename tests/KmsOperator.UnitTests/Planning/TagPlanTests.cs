using KmsOperator.Api;
using KmsOperator.Planning;
using KmsOperator.Policies;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

/// <summary>In which order tags are written and removed, and what a key with other people's tags comes to.</summary>
public sealed class TagPlanTests
{
    private static readonly KeyOwner Owner = new("ServiceKey", "shop", "orders", "uid-1", "cluster");
    private static readonly Dictionary<string, string> Marks = KeyTags.Merge(Owner, null);

    // tags of the key beside the marks; whether the owner tag is missing; how many foreign tags fill the key; steps; why
    public static TheoryData<string[], bool, int, string[], string> Orders => new()
    {
        { ["old"], false, 0, ["TagResource", "UntagResource"], "between the two steps the key has all marks rather than none" },
        { ["old"], false, KeyTags.MaxTags, ["UntagResource", "TagResource"], "room is made before it is needed" },
        { ["old"], true, 0, ["TagResource", "UntagResource"], "to remove a tag may need the owner tags" },
        { ["old"], true, KeyTags.MaxTags - 4, ["TagResource", "UntagResource"], "with both new tags the key has just as many as KMS permits" },
        { ["old"], true, KeyTags.MaxTags - 3, ["UntagResource", "TagResource"], "KMS counts 50 tags at any moment" },
        { [], false, 0, ["TagResource"], "there is nothing to remove" },
    };

    [Theory]
    [MemberData(nameof(Orders))]
    public void Tags_are_set_before_others_are_removed_where_there_is_room(string[] more, bool isUnmarked, int foreign, string[] operations, string why)
    {
        var tags = Marks.Where(tag => !isUnmarked || tag.Key != TagNames.Owner).ToDictionary();
        foreach (var name in more.Concat(Enumerable.Range(1, Math.Max(0, foreign - (isUnmarked ? 1 : 0))).Select(number => $"foreign-{number}")))
            tags[name] = "value";
        var desired = Desired() with { Tags = new Dictionary<string, string>(Marks) { ["team"] = "shop" } };

        var plan = KeyPlanner.Plan(desired, Observed(tags), new KeyRecord("alias/a", ["old", "team"]));

        Assert.True(operations.SequenceEqual(plan.Steps.Select(step => step.Operation)), $"{why}: {string.Join(", ", plan.Steps)}");
    }

    // the tag that is set; the tag that is removed; whether it stays where the first is refused; why
    public static TheoryData<string, string, bool, string> Dependences => new()
    {
        { TagNames.Uid, TagNames.Released, true, "without either mark nobody would find the key" },
        { TagNames.Uid, TagNames.DeletedBy, true, "the deletion is an earlier resource's" },
        { TagNames.Uid, "old", false, "the tag is no mark" },
        { "team", TagNames.Released, false, "the key carries this resource's mark already" },
    };

    [Theory]
    [MemberData(nameof(Dependences))]
    public void An_earlier_resources_mark_stays_until_the_key_carries_the_mark_of_this_one(string set, string removed, bool stays, string why) =>
        Assert.True(stays == new UntagResourceStep([removed]).DependsOn(new TagResourceStep(new Dictionary<string, string> { [set] = "value" })), why);

    // wanted and actual rotation; step; why
    public static TheoryData<DesiredRotation?, ObservedRotation?, string?, string> Rotations => new()
    {
        { new(true, 365), new(true, 365, null), null, "nothing differs" },
        { new(true, 365), new(true, 90, null), "EnableKeyRotation", "the period differs" },
        { new(true, 365), new(true, null, null), null, "a period that KMS does not show differs from none" },
        { new(true, 365), new(false, null, null), "EnableKeyRotation", "it is off" },
        { new(false, 365), new(true, 365, null), "DisableKeyRotation", "it is on" },
        { new(false, 365), new(false, null, null), null, "it is off, as wanted" },
        { null, new(true, 365, null), null, "nothing is wanted" },
        { new(true, 365), null, null, "KMS shows none for this kind of key" },
    };

    [Theory]
    [MemberData(nameof(Rotations))]
    public void Rotation_is_changed_only_where_it_differs(DesiredRotation? wanted, ObservedRotation? actual, string? operation, string why)
    {
        var plan = KeyPlanner.Plan(Desired() with { Rotation = wanted }, Observed(Marks) with { Rotation = actual }, new KeyRecord("alias/a", []));
        Assert.True(operation == plan.Steps.SingleOrDefault()?.Operation, why);
    }

    // the replica's primary; the key's id and type; whether it fits; why
    public static TheoryData<string, string, string?, bool, string> Replicas => new()
    {
        { "mrk-1", "mrk-1", "REPLICA", true, "a replica of that primary" },
        { "mrk-1", "mrk-2", "REPLICA", false, "a replica of another primary" },
        { "mrk-1", "mrk-1", "PRIMARY", true, "that primary, after it was moved to the KeyReplica's Region" },
    };

    [Theory]
    [MemberData(nameof(Replicas))]
    public void A_KeyReplica_takes_over_only_a_replica_of_its_primary(string primary, string keyId, string? type, bool fits, string why)
    {
        var desired = Desired() with { MultiRegion = true, Rotation = null, Primary = new PrimaryKey(primary, "us-east-1") };
        Assert.True(KeyCompatibility.FindIncompatibility(desired, Observed(Marks) with { KeyId = keyId, MultiRegionKeyType = type }) is null == fits, why);
    }

    // the observed tags' owner and cluster; whether the key is foreign; why
    public static TheoryData<string?, string?, bool, string> Owners => new()
    {
        { "ServiceKey/shop/orders", "cluster", false, "its own" },
        { "ServiceKey/shop/orders", null, false, "nothing speaks against it" },
        { null, "cluster", false, "nothing speaks against it" },
        { null, null, false, "nobody has marked it" },
        { "ServiceKey/shop/other", "cluster", true, "another resource's" },
        { "ServiceKey/shop/orders", "elsewhere", true, "another cluster's" },
        { null, "elsewhere", true, "another cluster's" },
    };

    [Theory]
    [MemberData(nameof(Owners))]
    public void A_key_is_foreign_if_either_tag_says_so(string? owner, string? cluster, bool isForeign, string why)
    {
        var tags = new Dictionary<string, string>();
        if (owner is not null)
            tags[TagNames.Owner] = owner;
        if (cluster is not null)
            tags[TagNames.Cluster] = cluster;
        Assert.True(KeyCompatibility.FindForeignOwner(Observed(tags), Owner) is not null == isForeign, why);
    }

    private static readonly KeyPolicy Policy = PolicyRenderer.Render(new PolicyRequest { Region = "eu-west-1", AccountId = "111122223333", Service = "s3" });

    private static DesiredKey Desired() => new()
    {
        Owner = Owner,
        Location = new KeyLocation("111122223333", "eu-west-1"),
        Description = "",
        AliasName = "alias/a",
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Policy = Policy,
        Tags = Marks,
    };

    private static ObservedKey Observed(IReadOnlyDictionary<string, string> tags) => new()
    {
        KeyId = "key-1",
        Arn = "arn:aws:kms:eu-west-1:111122223333:key/key-1",
        KeyState = KeyStates.Enabled,
        Description = "",
        KeySpec = "SYMMETRIC_DEFAULT",
        KeyUsage = "ENCRYPT_DECRYPT",
        Policy = Policy.Text,
        Tags = tags,
        AliasTargets = new Dictionary<string, string> { ["alias/a"] = "key-1" },
    };
}
