using KmsOperator.Api;
using KmsOperator.Keys.Status;
using KmsOperator.Planning;
using KmsOperator.UnitTests.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Status;

public sealed class KeyStatusFieldsTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    // A server that removes in a second write may have kept what is there only while a key is not as desired.
    [Fact]
    public void A_status_that_was_written_by_half_says_nothing_old_of_a_key_that_is_as_desired()
    {
        var half = new KeyStatus
        {
            PendingAliasName = "alias/b",
            FormerAliasNames = ["alias/a"],
            LastChangedAt = Start,
            LastVerifiedAt = Start.AddMinutes(6),
            DeletionDate = Start,
            TagKeys = ["gone", "kept"],
            Rotation = new RotationStatus { Enabled = false, PeriodDays = 365, NextRotationDate = Start, LastRotationDate = Start },
        };
        var settled = KeyStatusFields.Settled(half, Desired(), TimeSpan.FromMinutes(5));
        Assert.Null(settled.PendingAliasName);
        Assert.Null(settled.FormerAliasNames);
        Assert.Null(settled.DeletionDate);
        Assert.Equal(["kept"], settled.TagKeys);
        Assert.Equal(new RotationStatus { Enabled = false, LastRotationDate = Start }, settled.Rotation);
    }

    [Fact]
    public void What_the_last_comparison_has_yet_to_look_for_stays()
    {
        var written = new KeyStatus { FormerAliasNames = ["alias/a"], LastChangedAt = Start, LastVerifiedAt = Start, Rotation = new RotationStatus { Enabled = true, PeriodDays = 90 } };
        var settled = KeyStatusFields.Settled(written, Desired(), TimeSpan.FromMinutes(5));
        Assert.Equal(["alias/a"], settled.FormerAliasNames);
        Assert.Equal(written.Rotation, settled.Rotation);
    }

    // the alias in the status so far; where the wanted one and the old one point; what other resources have; the alias in the status then
    public static TheoryData<string?, string?, string?, string[], string?, string> Aliases => new()
    {
        { null, "key-1", null, [], "alias/b", "KMS shows it at this key" },
        { null, null, null, [], null, "it was not made yet" },
        { null, "key-2", null, [], null, "it points at another key, and was never this resource's" },
        { "alias/b", "key-2", null, [], "alias/b", "somebody pointed it elsewhere, and it is pointed back" },
        { "alias/b", null, null, [], "alias/b", "somebody deleted it, and it is made again" },
        { "alias/b", "key-2", null, ["alias/b"], null, "another resource has it now" },
        { "alias/b", "key-1", null, ["alias/b"], "alias/b", "another resource claims it, but KMS shows it here" },
        { "alias/old", null, "key-1", [], "alias/old", "the old one is still there, and is removed later" },
        { "alias/old", "key-1", "key-1", [], "alias/old", "both are there" },
        { "alias/old", "key-1", null, [], "alias/b", "the old one is gone" },
        { "alias/old", null, "key-2", [], null, "the old one is somebody else's, and the wanted one was not made yet" },
    };

    [Theory]
    [MemberData(nameof(Aliases))]
    public void The_alias_on_record_is_the_one_that_the_key_has_or_had(string? recorded, string? wantedAt, string? oldAt, string[] held, string? expected, string why)
    {
        var observed = Observed() with { AliasTargets = Targets(("alias/b", wantedAt), ("alias/old", oldAt)) };

        var next = KeyStatusFields.Observed(new KeyStatus { AliasName = recorded }, Desired(), observed, complete: true, held.ToDictionary(name => name, _ => "ServiceKey/a/other"));

        Assert.True(next.AliasName == expected, $"{why}: {next.AliasName}");
        Assert.Equal(expected is null ? null : $"arn:aws:kms:eu-west-1:111122223333:{expected}", next.AliasArn);
    }

    // the additional aliases in the status so far, and the alias; where alias/more points; what other resources have; what is in the status then
    public static TheoryData<string[], string?, string?, string[], string[]?, string> AdditionalAliases => new()
    {
        { [], null, "key-1", [], ["alias/more"], "KMS shows it at this key" },
        { [], null, "key-2", [], null, "it points at another key, and was never this resource's" },
        { ["alias/more"], null, "key-2", [], ["alias/more"], "somebody pointed it elsewhere" },
        { ["alias/more"], null, null, ["alias/more"], null, "another resource has it now" },
        { [], "alias/more", null, [], ["alias/more"], "it was the alias, and becomes an additional one" },
        { ["alias/gone"], null, null, [], null, "the spec does not name it any more" },
    };

    [Theory]
    [MemberData(nameof(AdditionalAliases))]
    public void The_additional_aliases_on_record_follow_the_same_rule(string[] recorded, string? alias, string? target, string[] held, string[]? expected, string why)
    {
        var observed = Observed() with { AliasTargets = Targets(("alias/more", target)) };
        var before = new KeyStatus { AliasName = alias, AdditionalAliases = recorded };

        var next = KeyStatusFields.Observed(
            before, Desired() with { AdditionalAliases = ["alias/more"] }, observed, complete: true, held.ToDictionary(name => name, _ => "ServiceKey/a/other"));

        Assert.True((next.AdditionalAliases ?? []).SequenceEqual(expected ?? []) && next.AdditionalAliases is null == expected is null, why);
    }

    [Fact]
    public void The_hash_of_the_policy_is_that_of_the_last_policy_that_KMS_showed_as_wanted()
    {
        var before = new KeyStatus { PolicySha256 = "before" };

        Assert.Equal(Desired().Policy.Sha256, KeyStatusFields.Observed(before, Desired(), Observed(), complete: true).PolicySha256);
        Assert.Equal("before", KeyStatusFields.Observed(before, Desired(), Observed() with { Policy = "{}" }, complete: true).PolicySha256);
    }

    [Theory]
    [InlineData(true, "kept", "a tag that was taken off is forgotten")]
    [InlineData(false, "gone,kept", "a tag that could not be taken off stays on record")]
    public void The_tags_on_record_are_those_that_may_be_on_the_key(bool complete, string expected, string why)
    {
        var before = new KeyStatus { TagKeys = ["gone"] };

        var next = KeyStatusFields.Observed(
            before, Desired() with { Tags = new Dictionary<string, string> { ["kept"] = "1", [TagNames.Owner] = "ServiceKey/a/b" } }, Observed(), complete);

        Assert.True(string.Join(',', next.TagKeys!) == expected, why);
    }

    // whether the resource describes a replica; what its key is; whether its status shows the rotation
    [Theory]
    [InlineData(false, "REPLICA", true, "a ServiceKey shows the rotation of the key in all Regions")]
    [InlineData(true, "REPLICA", false, "a replica rotates with its primary")]
    [InlineData(true, "PRIMARY", true, "the primary was moved to the KeyReplica")]
    public void Rotation_is_shown_where_it_is_set(bool isReplica, string type, bool isShown, string why)
    {
        var desired = isReplica ? Desired() with { Primary = new PrimaryKey("mrk-1", "eu-central-1") } : Desired();

        var next = KeyStatusFields.Observed(new KeyStatus(), desired, Observed() with { MultiRegionKeyType = type }, complete: true);

        Assert.True(next.Rotation is not null == isShown, why);
    }

    [Fact]
    public void A_key_whose_rotation_was_not_read_keeps_what_is_known_of_it()
    {
        var before = new KeyStatus { Rotation = new RotationStatus { Enabled = true, PeriodDays = 90, LastRotationDate = Start } };

        Assert.Equal(before.Rotation, KeyStatusFields.Observed(before, Observed() with { Rotation = null }).Rotation);
        Assert.Equal(
            new RotationStatus { Enabled = true, PeriodDays = 365, NextRotationDate = Start.AddDays(365), LastRotationDate = Start }, KeyStatusFields.Observed(before, Observed()).Rotation);
        Assert.Equal(
            new RotationStatus { Enabled = false, LastRotationDate = Start },
            KeyStatusFields.Observed(before, Observed() with { Rotation = new ObservedRotation(false, 365, Start) }).Rotation);
    }

    private static Dictionary<string, string> Targets(params (string Alias, string? KeyId)[] targets) =>
        targets.Where(target => target.KeyId is not null).ToDictionary(target => target.Alias, target => target.KeyId!);

    private static ObservedKey Observed() => SampleKeys.Observed with { Rotation = new ObservedRotation(true, 365, Start.AddDays(365)) };

    private static DesiredKey Desired() => SampleKeys.Desired with { AliasName = "alias/b", Tags = new Dictionary<string, string> { ["kept"] = "1" } };
}
