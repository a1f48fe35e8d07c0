using KmsOperator.Api;
using KmsOperator.Orphans;
using Xunit;

namespace KmsOperator.UnitTests.Orphans;

public sealed class OrphanDetectionTests
{
    private const string Account = "111122223333";
    private const string Region = "eu-west-1";
    private const string Path = "ServiceKey/shop/orders";

    /// <summary>One key, <c>k1</c>, made for uid <c>u1</c> of <c>shop/orders</c> by attempt <c>a1</c>.</summary>
    public static TheoryData<string, string, string> Cases() => new()
    {
        { "none", nameof(KeyStanding.Orphan), "no resource of that name: a snapshot of etcd was restored, or the resource was deleted by force" },
        { "has k1", nameof(KeyStanding.InUse), "the owner's status names it" },
        { "other has k1", nameof(KeyStanding.InUse), "a resource adopted it and has not tagged it yet" },
        { "has k1 elsewhere", nameof(KeyStanding.Orphan), "a multi-Region key has one id in several Regions, and that status means another Region" },
        { "making a1", nameof(KeyStanding.InUse), "the attempt is on record, so the operator will find the key" },
        { "making a2", nameof(KeyStanding.Orphan), "another attempt is on record; nobody looks for this one" },
        { "uid u2", nameof(KeyStanding.Orphan), "deleted and made again under the name" },
        { "has k2", nameof(KeyStanding.Orphan), "the owner has another key" },
        { "has k2 tagged", nameof(KeyStanding.Doubled), "two keys with one owner's tags: the one in status stays" },
        { "without key", nameof(KeyStanding.Orphan), "status was erased, so no status and no record knows the key" },
        { "unreadable", nameof(KeyStanding.Undecided), "an object that cannot be read may have the key" },
        { "released", nameof(KeyStanding.Retained), "deletion policy Retain" },
        { "pending", nameof(KeyStanding.PendingDeletion), "KMS deletes it anyway" },
        { "without owner tag", nameof(KeyStanding.Orphan), "somebody took the tag off, and nobody has the key" },
        { "read twice", nameof(KeyStanding.InUse), "the key was stored between the two reads of the resources" },
    };

    [Theory, MemberData(nameof(Cases))]
    public void A_key_is_judged_by_its_tags_and_the_resources(string situation, string standing, string why)
    {
        var key = Key("k1");
        var owner = new KnownResource(Path, "u1", Account, Region, null, null);
        TaggedKey[] keys = situation switch
        {
            "has k2 tagged" => [key, Key("k2")],
            "released" => [Key("k1", (TagNames.Released, "2026-01-01T00:00:00Z"))],
            "pending" => [key with { State = "PendingDeletion" }],
            "without owner tag" => [key with { Tags = new Dictionary<string, string> { [TagNames.Cluster] = "c1" } }],
            _ => [key],
        };
        KnownResource[] resources = situation switch
        {
            "none" or "released" or "pending" or "without owner tag" => [],
            "has k1" => [owner with { KeyId = "k1" }],
            "other has k1" => [owner with { Path = "ServiceKey/shop/other", Uid = "u9", KeyId = "k1" }],
            "has k1 elsewhere" => [owner with { KeyId = "k1", Region = "us-east-1" }],
            "making a1" => [owner with { AttemptId = "a1" }],
            "making a2" => [owner with { AttemptId = "a2" }],
            "uid u2" => [owner with { Uid = "u2" }],
            "has k2" or "has k2 tagged" => [owner with { KeyId = "k2" }],
            "without key" => [owner],
            "unreadable" => [owner with { IsReadable = false }],
            "read twice" => [owner, owner with { KeyId = "k1" }],
            _ => throw new ArgumentException(situation, nameof(situation)),
        };

        var finding = Assert.Single(OrphanDetection.Judge("c1", keys, resources), one => one.Key.KeyId == "k1");

        Assert.True(finding.Standing.ToString() == standing, $"{situation}: {finding.Standing}, {finding.Why}; {why}");
        Assert.Equal(standing is "Orphan" or "Doubled", finding.IsOrphan);
    }

    [Fact]
    public void Of_two_keys_with_one_owners_tags_the_one_in_status_is_in_use()
    {
        var findings = OrphanDetection.Judge("c1", [Key("k1"), Key("k2")], [new KnownResource(Path, "u1", Account, Region, "k2", null)]);

        Assert.Equal([KeyStanding.Doubled, KeyStanding.InUse], findings.Select(one => one.Standing));
        Assert.Contains("k2", findings[0].Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_of_another_cluster_are_left_out() => Assert.Empty(OrphanDetection.Judge("c2", [Key("k1")], []));

    private static TaggedKey Key(string id, params (string Name, string Value)[] more) => new(
        Account, Region, id, $"arn:aws:kms:{Region}:{Account}:key/{id}", "Enabled", null,
        new Dictionary<string, string>(more.Select(tag => KeyValuePair.Create(tag.Name, tag.Value)))
        {
            [TagNames.Cluster] = "c1",
            [TagNames.Owner] = Path,
            [TagNames.Uid] = "u1",
            [TagNames.Attempt] = "a1",
        });
}
