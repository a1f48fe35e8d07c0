using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Sharding;
using Xunit;

namespace KmsOperator.UnitTests.Kinds;

/// <summary>In which shard a resource is, by what is known of it.</summary>
public sealed class ResourceShardsTests
{
    // Of so many shards each place and class of these tests has its own.
    private static readonly ShardMap Map = new(64);

    private const string Home = "111111111111";
    private const string Elsewhere = "222222222222";

    private static readonly (string Name, ServiceKey Resource, int Shard, string Why)[] Cases =
    [
        ("new", Key("verified"), Map.OfPlace(Home, "us-east-1"), "the class says where its key will be"),
        ("by role", Key("unverified-role"), Map.OfPlace(Elsewhere, "eu-west-1"), "the role's ARN names the account before STS has"),
        ("by account id", Key("unverified-id"), Map.OfPlace(Elsewhere, "eu-west-1"), "so does the class's account id"),
        ("unverified", Key("unverified"), Map.OfClass("unverified"), "nobody knows the account of the operator's own credentials yet"),
        ("no class", Key("missing"), Map.OfClass("missing"), "one instance must say that there is no such class"),
        ("default", Key(null), Map.OfPlace(Home, "us-east-1"), "the default class counts where none is named"),
        ("with key", Key("verified") with { Status = Status("key-1", Elsewhere, "eu-west-1") }, Map.OfPlace(Elsewhere, "eu-west-1"), "its key is where it is, although the class is elsewhere now"),
        ("with key, class gone", Key("missing") with { Status = Status("key-1", Home, "eu-west-1") }, Map.OfPlace(Home, "eu-west-1"), "its key is still there"),
        ("attempt", WithAttempt(Key("verified")), Map.OfPlace(Elsewhere, "eu-west-1"), "a key may have been made there"),
        ("key lost", Key("verified") with { Status = Status(null, Elsewhere, "eu-west-1") }, Map.OfPlace(Home, "us-east-1"), "a new key is made where the class says"),
        ("deleted, key lost", Deleted(Key("verified") with { Status = Status(null, Home, "eu-west-1") }), Map.OfPlace(Home, "eu-west-1"), "its key is looked for in the Region on record"),
        ("class of its key", Key(null) with { Status = Status("key-1", null, null) with { ClassName = "unverified-role" } }, Map.OfPlace(Elsewhere, "eu-west-1"), "a key stays with its class, also when another one is the default"),
    ];

    private static readonly (string Name, KeyReplica Resource, int Shard, string Why)[] ReplicaCases =
    [
        ("of a ServiceKey", Replica("one"), Map.OfPlace(Home, "eu-central-1"), "in the account of the primary's class, and its own Region"),
        ("by ARN", new() { Metadata = Meta("r"), Spec = new() { PrimaryKeyArn = "arn:aws:kms:us-east-1:222222222222:key/mrk-1", ClassName = "unverified-role", Region = "eu-central-1" } }, Map.OfPlace(Elsewhere, "eu-central-1"), "in the account of its own class"),
        ("without primary", Replica("missing"), Map.OfPlace(Home, "eu-central-1"), "one instance must say that it waits, by the default class"),
        ("with key", Replica("one") with { Status = Status("mrk-1", Elsewhere, "eu-central-1") }, Map.OfPlace(Elsewhere, "eu-central-1"), "its key is where it is"),
    ];

    private readonly Caches _caches = new();
    private readonly ResourceShards _shards;

    public ResourceShardsTests()
    {
        _shards = new(Map, _caches.Resources, _caches.Directory);
        _caches.Set(new KeyClass
        {
            Metadata = new() { Name = "verified", Annotations = new Dictionary<string, string> { [AnnotationNames.IsDefaultClass] = "true" } },
            Spec = new() { Region = "us-east-1" },
            Status = new() { AccountId = Home },
        });
        _caches.Set(new KeyClass { Metadata = new() { Name = "unverified-role" }, Spec = new() { Region = "eu-west-1", Account = new() { RoleArn = $"arn:aws:iam::{Elsewhere}:role/kms" } } });
        _caches.Set(new KeyClass { Metadata = new() { Name = "unverified-id" }, Spec = new() { Region = "eu-west-1", Account = new() { Id = Elsewhere } } });
        _caches.Set(new KeyClass { Metadata = new() { Name = "unverified" }, Spec = new() { Region = "eu-west-1" } });
        _caches.Set(Key("verified") with { Metadata = Meta("one") });
    }

    public static TheoryData<string> Names => [.. Cases.Select(one => one.Name)];

    public static TheoryData<string> ReplicaNames => [.. ReplicaCases.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_ServiceKey_is_where_its_reconcile_writes(string name)
    {
        var (_, resource, shard, why) = Cases.Single(one => one.Name == name);
        Assert.True(_shards.Of(resource) == shard, why);
    }

    [Theory]
    [MemberData(nameof(ReplicaNames))]
    public void A_KeyReplica_is_where_its_reconcile_writes(string name)
    {
        var (_, resource, shard, why) = ReplicaCases.Single(one => one.Name == name);
        Assert.True(_shards.Of(resource) == shard, why);
    }

    [Fact]
    public void What_is_gone_is_in_no_shard()
    {
        Assert.Null(_shards.OfServiceKey(new("team", "gone")));
        Assert.Null(_shards.OfKeyReplica(new("team", "gone")));
        Assert.NotNull(_shards.OfServiceKey(new("team", "one")));
    }

    private static ObjectMeta Meta(string name) => new() { Namespace = "team", Name = name };

    private static ServiceKey Key(string? className) => new() { Metadata = Meta("key"), Spec = new() { ClassName = className } };

    private static KeyReplica Replica(string primary) => new() { Metadata = Meta("replica"), Spec = new() { PrimaryRef = new() { Name = primary }, Region = "eu-central-1" } };

    private static KeyStatus Status(string? keyId, string? account, string? region) => new() { KeyId = keyId, AccountId = account, Region = region };

    private static ServiceKey Deleted(ServiceKey key) => key with { Metadata = key.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch } };

    private static ServiceKey WithAttempt(ServiceKey key) => key with
    {
        Metadata = key.Metadata with
        {
            Finalizers = [ApiGroup.Finalizer],
            Annotations = new CreateAttempt("one", DateTimeOffset.UnixEpoch) { ClassName = "verified", AccountId = Elsewhere, Region = "eu-west-1", Service = null, Aliases = [] }
                .ToAnnotations().ToDictionary(),
        },
    };
}
