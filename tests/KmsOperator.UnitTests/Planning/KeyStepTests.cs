using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

/// <summary>What a step makes of a key, and of what KMS shows of the key for some minutes after the step.</summary>
public sealed class KeyStepTests
{
    private static readonly DateTimeOffset Later = new(2027, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DesiredGrant Grant = new("reader", ["Decrypt"]) { GranteePrincipal = "arn:aws:iam::111122223333:role/App" };
    private static readonly ObservedGrant Made = ObservedGrant.Of(Grant, "grant-1");
    private static readonly ObservedGrant Theirs = Made with { Id = "grant-2", KmsName = "theirs" };
    private static readonly ImportKeyMaterialStep Import = new(new DesiredMaterial("secret", null, Later)) { KeyMaterialId = "m-2" };

    private static readonly ObservedKey Key = SampleKeys.Observed with
    {
        KeyId = "mrk-1",
        Arn = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1",
        Tags = new Dictionary<string, string> { ["kept"] = "1", ["changed"] = "1", ["removed"] = "1" },
    };

    // The step; the key before it; what the key has after it; what somebody else makes of the key meanwhile, which stays.
    private static readonly (KeyStep Step, ObservedKey Before, Func<ObservedKey, bool> IsDone, ObservedKey[] ByOthers)[] Cases =
    [
        (new EnableKeyStep(), Key with { KeyState = KeyStates.Disabled }, key => key.KeyState == KeyStates.Enabled, [Key with { KeyState = KeyStates.PendingDeletion }]),
        (new DisableKeyStep(), Key, key => key.KeyState == KeyStates.Disabled, [Key with { KeyState = KeyStates.PendingDeletion }]),
        (new ScheduleKeyDeletionStep(7), Key, key => key.KeyState == KeyStates.PendingDeletion, [Key with { KeyState = KeyStates.PendingReplicaDeletion }]),
        (new CancelKeyDeletionStep(), Key with { KeyState = KeyStates.PendingDeletion, DeletionDate = Later }, key => key is { KeyState: KeyStates.Disabled, DeletionDate: null }, [Key]),
        (new UpdateKeyDescriptionStep("after"), Key, key => key.Description == "after", [Key with { Description = "theirs" }]),
        (new PutKeyPolicyStep(SampleKeys.Policy("After")), Key, key => key.Policy == SampleKeys.Policy("After").Text, [Key with { Policy = SampleKeys.Policy("Theirs").Text }]),
        (new EnableKeyRotationStep(90), Key, key => key.Rotation is { Enabled: true, PeriodDays: 90 },
            [Key with { Rotation = new ObservedRotation(false, null, null) }, Key with { Rotation = new ObservedRotation(true, 180, null) }]),
        (new EnableKeyRotationStep(90), Key with { Rotation = new ObservedRotation(false, null, null) }, key => key.Rotation is { Enabled: true, PeriodDays: 90 }, [Key]),
        (new DisableKeyRotationStep(), Key, key => key.Rotation is { Enabled: false, PeriodDays: null }, [Key with { Rotation = new ObservedRotation(true, 90, null) }]),
        (new TagResourceStep(new Dictionary<string, string> { ["changed"] = "2", ["new"] = "1" }), Key,
            key => Tags(key) == "changed=2 kept=1 new=1 removed=1", [Tagged(("kept", "1"), ("changed", "3"), ("removed", "1"), ("new", "3"))]),
        (new UntagResourceStep(["removed"]), Key, key => Tags(key) == "changed=1 kept=1", [Tagged(("kept", "1"), ("changed", "1"), ("removed", "3"))]),
        (new CreateGrantStep(Grant) { GrantId = "grant-1" }, Key with { Grants = [Theirs] }, key => key.Grants!.Select(grant => grant.Id).SequenceEqual(["grant-2", "grant-1"]), [Key with { Grants = [Made] }]),
        (new RevokeGrantStep(Made, null), Key with { Grants = [Made, Theirs] }, key => key.Grants!.Select(grant => grant.Id).SequenceEqual(["grant-2"]), [Key with { Grants = [] }]),
        (new UpdatePrimaryRegionStep("eu-central-1"), Key with { MultiRegionKeyType = "PRIMARY", PrimaryRegion = "eu-west-1" },
            key => key is { MultiRegionKeyType: "REPLICA", PrimaryRegion: "eu-central-1", KeyState: KeyStates.Updating }, [Key with { MultiRegionKeyType = "REPLICA", PrimaryRegion = "us-east-1" }]),
        (new UpdatePrimaryRegionStep("eu-west-1"), Key with { MultiRegionKeyType = "REPLICA", PrimaryRegion = "eu-central-1" },
            key => key is { MultiRegionKeyType: "PRIMARY", PrimaryRegion: "eu-west-1", KeyState: KeyStates.Updating }, []),
        (Import, Key with { KeyState = KeyStates.PendingImport, Materials = [] }, key => key.KeyState == KeyStates.Enabled && Materials(key) == "m-2 CURRENT True", []),
        (Import, Key with { Materials = [new("m-1", MaterialStates.Current, true, null)] }, key => Materials(key) == "m-1 CURRENT True, m-2 PENDING_ROTATION True",
            [Key with { MaterialValidTo = Later.AddDays(1), Materials = [new("m-1", MaterialStates.NonCurrent, true, null), new("m-2", MaterialStates.Current, true, null)] }]),
        (RotateKeyOnDemandStep.To("m-2"), Key with { Materials = [new("m-0", MaterialStates.NonCurrent, true, null), new("m-1", MaterialStates.Current, true, null), new("m-2", MaterialStates.PendingRotation, true, null)] },
            key => Materials(key) == "m-0 NON_CURRENT True, m-1 NON_CURRENT True, m-2 CURRENT True",
            [Key with { Materials = [new("m-1", MaterialStates.NonCurrent, true, null), new("m-2", MaterialStates.NonCurrent, true, null), new("m-3", MaterialStates.Current, true, null)] }]),
        (new RotateKeyOnDemandStep("somebody asks"), Key, key => Describe(key) == Describe(Key), [Key with { Description = "theirs" }]),
    ];

    public static TheoryData<int, string> Steps => [.. Cases.Select((one, index) => new TheoryDataRow<int, string>(index, one.Step.Operation))];

    [Theory]
    [MemberData(nameof(Steps))]
    public void What_KMS_shows_as_before_the_step_is_replaced_and_what_it_shows_otherwise_stays(int index, string operation)
    {
        var (step, before, isDone, byOthers) = Cases[index];
        var after = step.ApplyTo(before);

        Assert.True(isDone(after), $"{operation}: {Describe(after)}");
        Assert.Equal(Describe(after), Describe(step.ReplaceStale(before, before)));
        Assert.Equal(Describe(after), Describe(step.ReplaceStale(after, before)));
        Assert.All(byOthers, other => Assert.Equal(Describe(other), Describe(step.ReplaceStale(other, before))));
    }

    // The tags that KMS shows after one tag was changed, one added and one removed, and those that the key has.
    [Theory]
    [InlineData("changed=1 kept=1 removed=1", "changed=2 kept=1 new=1", "all are stale")]
    [InlineData("changed=2 kept=1 removed=1", "changed=2 kept=1 new=1", "one is new already")]
    [InlineData("changed=2 kept=1 new=1 removed=1", "changed=2 kept=1 new=1", "only the removal is not shown")]
    [InlineData("changed=2 kept=1 new=1", "changed=2 kept=1 new=1", "all are new")]
    [InlineData("changed=1 kept=3 removed=1 theirs=3", "changed=2 kept=3 new=1 theirs=3", "what others wrote stays")]
    public void Stale_tags_are_replaced_one_by_one(string shown, string expected, string why)
    {
        var added = new TagResourceStep(new Dictionary<string, string> { ["changed"] = "2", ["new"] = "1" });
        var removed = new UntagResourceStep(["removed"]);
        var writes = RecentWrites.None.Add(added, Key, Later).Add(removed, added.ApplyTo(Key), Later);

        var key = writes.ReplaceStale(Tagged([.. shown.Split(' ').Select(tag => tag.Split('=')).Select(pair => (pair[0], pair[1]))]));

        Assert.True(Tags(key) == expected, $"{why}: {Tags(key)}");
    }

    // A plan's earlier step that was refused, a later step, and whether that is tried.
    public static TheoryData<string, bool, string> Dependencies => new()
    {
        { "CancelKeyDeletion then PutKeyPolicy", true, "KMS changes no key that is pending deletion" },
        { "CancelKeyDeletion then DisableKey", true, "KMS changes no key that is pending deletion" },
        { "EnableKey then EnableKeyRotation", true, "KMS does not change the rotation of a disabled key" },
        { "EnableKey then DisableKeyRotation", true, "KMS does not change the rotation of a disabled key" },
        { "EnableKey then RotateKeyOnDemand", true, "KMS rotates no disabled key" },
        { "EnableKey then CreateGrant", true, "KMS makes no grant on a disabled key" },
        { "EnableKey then UpdatePrimaryRegion", true, "the primary moves from an enabled key only" },
        { "EnableKey then PutKeyPolicy", false, "a disabled key may get another policy" },
        { "EnableKey then TagResource", false, "a disabled key may get tags" },
        { "ImportKeyMaterial then DisableKey", true, "KMS disables no key without material" },
        { "ImportKeyMaterial then CreateGrant", true, "KMS makes no grant on a key without material" },
        { "ImportKeyMaterial then UpdatePrimaryRegion", true, "the primary moves from a usable key only" },
        { "CreateAlias then DeleteAlias", true, "a key is not left without a name" },
        { "UpdateAlias then DeleteAlias", true, "a key is not left without a name" },
        { "PutKeyPolicy then DisableKey", false, "a key can be switched off whatever else is refused" },
        { "PutKeyPolicy then TagResource", false, "the old policy may permit it" },
        { "TagResource then PutKeyPolicy", false, "the new policy may permit what the old one denies" },
        { "UpdateKeyDescription then CreateAlias", false, "nothing depends on a description" },
    };

    [Theory]
    [MemberData(nameof(Dependencies))]
    public void A_step_waits_only_for_what_it_depends_on(string pair, bool depends, string why)
    {
        KeyStep[] all =
        [
            new CreateAliasStep("alias/a"), new UpdateAliasStep("alias/a", "key-2"), new DeleteAliasStep("alias/b"), .. Cases.Select(one => one.Step),
        ];
        KeyStep Of(string operation) => all.First(step => step.Operation == operation);
        var names = pair.Split(" then ");

        Assert.True(Of(names[1]).DependsOn(Of(names[0])) == depends, why);
    }

    [Fact]
    public void The_mark_of_an_earlier_resource_stays_until_the_key_has_the_mark_of_this_one()
    {
        var mark = new TagResourceStep(new Dictionary<string, string> { [TagNames.Uid] = "uid-2" });
        var other = new TagResourceStep(new Dictionary<string, string> { ["team"] = "a" });

        Assert.True(new UntagResourceStep([TagNames.Released]).DependsOn(mark));
        Assert.True(new UntagResourceStep([TagNames.DeletedBy]).DependsOn(mark));
        Assert.False(new UntagResourceStep(["team"]).DependsOn(mark));
        Assert.False(new UntagResourceStep([TagNames.Released]).DependsOn(other));
    }

    [Fact]
    public void Who_has_access_by_a_grant_keeps_it_until_the_new_one_is_there()
    {
        var successor = Grant with { Operations = ["Encrypt"] };

        Assert.True(new RevokeGrantStep(Made, successor).DependsOn(new CreateGrantStep(successor)));
        Assert.False(new RevokeGrantStep(Made, successor).DependsOn(new CreateGrantStep(Grant)));
        Assert.False(new RevokeGrantStep(Made, null).DependsOn(new CreateGrantStep(successor)));
    }

    private static ObservedKey Tagged(params (string Name, string Value)[] tags) => Key with { Tags = tags.ToDictionary(tag => tag.Name, tag => tag.Value) };

    private static string Tags(ObservedKey key) => string.Join(' ', key.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));

    private static string Materials(ObservedKey key) => string.Join(", ", (key.Materials ?? []).Select(material => $"{material.Id} {material.State} {material.IsImported}"));

    private static string Describe(ObservedKey key) => string.Join(
        "; ",
        key.KeyState, key.Description, key.Policy, key.Rotation, Tags(key), string.Join(", ", key.Grants?.Select(grant => grant.Id) ?? ["not read"]), key.MultiRegionKeyType, key.PrimaryRegion,
        Materials(key), key.MaterialValidTo, key.DeletionDate);
}
