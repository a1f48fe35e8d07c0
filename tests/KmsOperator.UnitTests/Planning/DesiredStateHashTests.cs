using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

/// <summary>
/// Which parts of a desired key are in its hash. A key is compared with AWS before its time only if its spec or its hash is new, so what a KeyClass, an annotation or another
/// resource can change has to be in it.
/// </summary>
public sealed class DesiredStateHashTests
{
    private static readonly DesiredKey Key = SampleKeys.Desired;

    // The property, a key that differs in it alone, and why it is in the hash or not.
    private static readonly (string Property, DesiredKey Other, bool IsInHash, string Why)[] Changes =
    [
        (nameof(DesiredKey.Owner), Key with { Owner = Key.Owner with { Uid = "uid-2" } }, false, "its tags are"),
        (nameof(DesiredKey.Location), Key with { Location = Key.Location with { AccountId = "444455556666" } }, true, "the key belongs elsewhere"),
        (nameof(DesiredKey.Location), Key with { Location = Key.Location with { Region = "eu-central-1" } }, true, "the key belongs elsewhere"),
        (nameof(DesiredKey.Service), Key with { Service = "s3" }, false, "alias, policy and tags are"),
        (nameof(DesiredKey.Description), Key with { Description = "other words" }, true, "KMS has it"),
        (nameof(DesiredKey.AliasName), Key with { AliasName = "alias/two" }, true, "KMS has it, and a class's template changes it"),
        (nameof(DesiredKey.AliasWaitsFor), Key with { AliasWaitsFor = "ServiceKey/team/other" }, false, "KMS knows nothing of it"),
        (nameof(DesiredKey.AdditionalAliases), Key with { AdditionalAliases = ["alias/two"] }, true, "KMS has them"),
        (nameof(DesiredKey.AdditionalAliases), Key with { AdditionalAliases = ["alias/three", "alias/two"] }, true, "KMS has them"),
        (nameof(DesiredKey.KeySpec), Key with { KeySpec = "RSA_2048" }, true, "another key is meant"),
        (nameof(DesiredKey.KeyUsage), Key with { KeyUsage = "SIGN_VERIFY" }, true, "another key is meant"),
        (nameof(DesiredKey.Origin), Key with { Origin = KeyOrigins.External }, true, "another key is meant"),
        (nameof(DesiredKey.Material), Imported(new DesiredMaterial("secret", null, null)), true, "it is imported"),
        (nameof(DesiredKey.Material), Imported(new DesiredMaterial("other", null, null)), true, "other material is imported"),
        (nameof(DesiredKey.Material), Imported(new DesiredMaterial("secret", "entry", null)), true, "other material is imported"),
        (nameof(DesiredKey.Material), Imported(new DesiredMaterial("secret", null, DateTimeOffset.UnixEpoch)), true, "it expires at another time"),
        (nameof(DesiredKey.CustomKeyStoreId), Key with { Origin = KeyOrigins.CloudHsm, CustomKeyStoreId = "cks-1" }, true, "another key is meant"),
        (nameof(DesiredKey.CustomKeyStoreId), Key with { Origin = KeyOrigins.CloudHsm, CustomKeyStoreId = "cks-2" }, true, "another key is meant"),
        (nameof(DesiredKey.XksKeyId), Key with { Origin = KeyOrigins.ExternalKeyStore, XksKeyId = "a" }, true, "another key is meant"),
        (nameof(DesiredKey.XksKeyId), Key with { Origin = KeyOrigins.ExternalKeyStore, XksKeyId = "b" }, true, "another key is meant"),
        (nameof(DesiredKey.MultiRegion), Key with { MultiRegion = true }, true, "another key is meant"),
        (nameof(DesiredKey.Enabled), Key with { Enabled = false }, true, "KMS has it"),
        (nameof(DesiredKey.Rotation), Key with { Rotation = null }, true, "KMS has it"),
        (nameof(DesiredKey.Rotation), Key with { Rotation = new DesiredRotation(true, 90) }, true, "a class changes it"),
        (nameof(DesiredKey.Rotation), Key with { Rotation = new DesiredRotation(false, 365) }, true, "a class changes it"),
        (nameof(DesiredKey.Policy), Key with { Policy = SampleKeys.Policy("Other") }, true, "a class changes it"),
        (nameof(DesiredKey.Grants), Key with { Grants = [new DesiredGrant("a", ["Decrypt"]) { GranteePrincipal = "arn:aws:iam::111122223333:role/App" }] }, true, "KMS has them"),
        (nameof(DesiredKey.Grants), Key with { Grants = [new DesiredGrant("a", ["Encrypt"]) { GranteePrincipal = "arn:aws:iam::111122223333:role/App" }] }, true, "another content is another grant"),
        (nameof(DesiredKey.Tags), Key with { Tags = new Dictionary<string, string> { ["team"] = "b" } }, true, "a class changes them"),
        (nameof(DesiredKey.Tags), Key with { Tags = new Dictionary<string, string> { ["unit"] = "a" } }, true, "a class changes them"),
        (nameof(DesiredKey.DeletionPolicy), Key with { DeletionPolicy = DeletionPolicies.Delete }, false, "it changes nothing before the deletion"),
        (nameof(DesiredKey.PendingDeletionWindowDays), Key with { PendingDeletionWindowDays = 7 }, false, "it changes nothing before the deletion"),
        (nameof(DesiredKey.AdoptKeyId), Key with { AdoptKeyId = "key-1" }, false, "a resource that has its key adopts no other"),
        (nameof(DesiredKey.TakeOverAlias), Key with { TakeOverAlias = true }, true, "a class permits it, and an alias that was refused may be had"),
        (nameof(DesiredKey.Undelete), Key with { Undelete = true }, true, "a class permits it, and a deletion that was left is cancelled"),
        (nameof(DesiredKey.RecreateLostKey), Key with { RecreateLostKey = true }, false, "only the spec says it, whose change is seen by itself"),
        (nameof(DesiredKey.ObserveOnly), Key with { ObserveOnly = true }, true, "what the comparison may do is another thing"),
        (nameof(DesiredKey.Primary), Key with { Primary = new PrimaryKey("mrk-1", "eu-central-1") }, true, "another key is meant"),
        (nameof(DesiredKey.WantedPrimary), Key with { WantedPrimary = new WantedPrimary("eu-west-1", "ServiceKey/team/one") }, true, "the primary may have to move"),
        (nameof(DesiredKey.WantedPrimary), Key with { WantedPrimary = new WantedPrimary("eu-central-1", "ServiceKey/team/one") }, true, "the primary may have to move"),
    ];

    private static readonly ReplicaOutline Outline = new()
    {
        Owner = new KeyOwner("KeyReplica", "team", "copy", "uid-1", "cluster"),
        Location = new KeyLocation("111122223333", "eu-west-1"),
        Description = "words",
        Tags = new Dictionary<string, string> { ["team"] = "a" },
    };

    // A replica of a key that is managed elsewhere, its resource and its class, and what differs from the first one.
    private static readonly (ReplicaOutline Outline, long Generation, string ClassUid, long ClassGeneration, string Difference)[] Replicas =
    [
        (Outline, 1, "class-1", 1, "nothing"),
        (Outline with { Location = Outline.Location with { AccountId = "444455556666" } }, 1, "class-1", 1, "the account"),
        (Outline with { Location = Outline.Location with { Region = "eu-central-1" } }, 1, "class-1", 1, "the Region"),
        (Outline with { Description = "other words" }, 1, "class-1", 1, "the description"),
        (Outline with { AliasName = "alias/one" }, 1, "class-1", 1, "the alias"),
        (Outline with { Policy = SampleKeys.Policy("App") }, 1, "class-1", 1, "the policy"),
        (Outline with { Tags = new Dictionary<string, string> { ["team"] = "b" } }, 1, "class-1", 1, "a tag"),
        (Outline, 2, "class-1", 1, "the spec"),
        (Outline, 1, "class-2", 1, "the class"),
        (Outline, 1, "class-1", 2, "the spec of the class"),
    ];

    [Fact]
    public void What_AWS_is_brought_to_is_in_the_hash_and_nothing_else()
    {
        var hash = DesiredStateHash.Compute(Key);

        Assert.All(Changes, change => Assert.True(DesiredStateHash.Compute(change.Other) != hash == change.IsInHash, $"{change.Property}: {change.Why}"));
    }

    [Fact]
    public void No_two_keys_that_differ_in_what_the_hash_holds_have_the_same_hash()
    {
        var hashes = Changes.Where(change => change.IsInHash).Select(change => (change.Property, Hash: DesiredStateHash.Compute(change.Other))).ToArray();

        Assert.Equal(hashes.Length, hashes.Select(one => one.Hash).Distinct().Count());
    }

    [Fact]
    public void The_order_in_which_tags_and_aliases_come_does_not_matter()
    {
        var one = Key with { Tags = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }, AdditionalAliases = ["alias/a", "alias/b"] };
        var other = Key with { Tags = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" }, AdditionalAliases = ["alias/b", "alias/a"] };

        Assert.Equal(DesiredStateHash.Compute(one), DesiredStateHash.Compute(other));
    }

    [Fact]
    public void For_each_property_of_a_desired_key_it_is_said_whether_it_is_in_the_hash()
    {
        var properties = typeof(DesiredKey).GetProperties().Where(property => property.CanWrite).Select(property => property.Name);

        Assert.Equal(properties.Order(StringComparer.Ordinal), Changes.Select(change => change.Property).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Whatever_is_known_of_a_replica_of_a_key_that_is_managed_elsewhere_is_in_its_hash()
    {
        var hashes = Replicas.ToDictionary(
            one => one.Difference,
            one => DesiredStateHash.Compute(
                one.Outline,
                new KeyReplica { Metadata = new() { Name = "copy", Generation = one.Generation } },
                new KeyClass { Metadata = new() { Name = "standard", Uid = one.ClassUid, Generation = one.ClassGeneration } }));

        Assert.Equal(Replicas.Length, hashes.Values.Distinct().Count());
    }

    private static DesiredKey Imported(DesiredMaterial material) => Key with { Origin = KeyOrigins.External, Material = material };
}
