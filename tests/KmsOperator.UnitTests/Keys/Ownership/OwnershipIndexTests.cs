using KmsOperator.Api;
using KmsOperator.Keys.Ownership;
using KmsOperator.Planning;
using KmsOperator.UnitTests.Kinds;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Ownership;

public sealed class OwnershipIndexTests
{
    private const string Alias = "alias/wanted";
    private static readonly KeyLocation Here = new("111111111111", "us-east-1");
    private static readonly DateTimeOffset Created = new(2030, 1, 2, 0, 0, 0, TimeSpan.Zero);
    private static readonly KeyStatus Held = new() { KeyId = "key-1", AliasName = Alias, AccountId = Here.AccountId, Region = Here.Region };

    // What another resource has, whether that is the alias, whether it is the key, and why.
    private static readonly (string Name, KeyStatus? Status, bool Alias, bool Key, string Why)[] Holdings =
    [
        ("both", Held, true, true, "it is on record"),
        ("no status", null, false, false, "nobody has looked at it"),
        ("another alias", Held with { AliasName = "alias/other" }, false, true, "a key has one alias"),
        ("no key", Held with { KeyId = null }, false, false, "what it wants it has not got"),
        ("another key", Held with { KeyId = "key-2" }, true, false, "the alias is that of another key"),
        ("another Region", Held with { Region = "eu-west-1" }, false, false, "a replica has its primary's id and may have its alias's name"),
        ("another account", Held with { AccountId = "222222222222" }, false, true, "aliases are an account's own; a key id is one key's, whatever account somebody wrote into the status"),
    ];

    // Another ServiceKey that wants the alias too and has no key, whether it comes first, and why. The one that asks was made at Created.
    private static readonly (string Name, ServiceKey Other, bool First, string Why)[] Rivals =
    [
        ("older", Rival(), true, "who came first gets the name"),
        ("younger", Rival(created: Created.AddSeconds(1)), false, "it came later"),
        ("of the same second", Rival(created: Created, uid: "a"), true, "the uid decides, for both in the same way"),
        ("of the same second, behind", Rival(created: Created, uid: "z"), false, "the uid decides, for both in the same way"),
        ("younger with an attempt", Rival(created: Created.AddSeconds(1), attempt: Attempt), true, "its key is about to be made"),
        ("with a key", Rival(status: Held), false, "it has its alias, or never will; FindAliasHolder tells"),
        ("suspended", Rival(spec: new() { Suspend = true }), false, "it makes no key"),
        ("observing", Rival(spec: new() { ManagementPolicy = ManagementPolicies.Observe }), false, "it makes no key"),
        ("on its way out", Rival(deleted: true), false, "it makes no key any more"),
        ("stalled", Rival(status: Stalled), false, "a name cannot be blocked with a resource that gets no key"),
        ("stalled with an attempt", Rival(status: Stalled, attempt: Attempt), true, "its key may be there"),
        ("suspended with an attempt", Rival(spec: new() { Suspend = true }, attempt: Attempt), true, "its key may be there"),
        ("of no class", Rival(spec: new() { ClassName = "nobody" }), false, "nobody knows where its key would be"),
        ("of a class elsewhere", Rival(spec: new() { ClassName = "elsewhere" }), false, "each Region has aliases of its own"),
        ("of another account", Rival(attempt: Attempt with { ClassName = "standard", AccountId = "222222222222", Region = "us-east-1" }), false, "each account has aliases of its own"),
        ("of a class that led elsewhere", Rival(attempt: Attempt with { ClassName = "standard", AccountId = Here.AccountId, Region = "eu-west-1" }), false, "its key is made where the class led then"),
        ("of a class that led here", Rival(spec: new() { ClassName = "elsewhere" }, attempt: Attempt with { ClassName = "elsewhere", AccountId = Here.AccountId, Region = Here.Region }), true, "its key is made where the class led then"),
        ("of another alias", Rival(spec: new() { Alias = "alias/other" }), false, "there is nothing to share"),
        ("itself", Rival(uid: "me"), false, "nobody is one's own rival"),
    ];

    private readonly Caches _caches = new();

    public static TheoryData<string> HoldingNames => [.. Holdings.Select(one => one.Name)];

    public static TheoryData<string> RivalNames => [.. Rivals.Select(one => one.Name)];

    private static CreateAttempt Attempt => new("1", Created);

    private static KeyStatus Conflict => new() { Conditions = [new() { Type = ConditionTypes.Ready, Status = "False", Reason = Reasons.AliasConflict }] };

    private static KeyStatus Stalled => new() { Conditions = [new() { Type = ConditionTypes.Stalled, Status = "True" }] };

    private OwnershipIndex Index => new(_caches.Keys, _caches.Replicas, _caches.Directory);

    [Theory]
    [MemberData(nameof(HoldingNames))]
    public void What_another_resource_has_on_record_is_its_own(string name)
    {
        var (_, status, alias, key, why) = Holdings.Single(one => one.Name == name);
        _caches.Set(new ServiceKey { Metadata = new() { Namespace = "team", Name = "other", Uid = "other" }, Status = status });
        Assert.True(Index.FindAliasHolder(Here, Alias, "me") == (alias ? "ServiceKey/team/other" : null), why);
        Assert.True(Index.FindKeyHolder(Here.Region, "key-1", "me") == (key ? "ServiceKey/team/other" : null), why);

        // What one has oneself is held by nobody else.
        Assert.Null(Index.FindAliasHolder(Here, Alias, "other"));
        Assert.Null(Index.FindKeyHolder(Here.Region, "key-1", "other"));
    }

    [Theory]
    [InlineData("ServiceKey", "me", true, "an additional alias is as much on record as the first one")]
    [InlineData("KeyReplica", "me", true, "that is so for replicas as well")]
    [InlineData("ServiceKey", "other", false, "what one has oneself is held by nobody else")]
    [InlineData("KeyReplica", "other", false, "what one has oneself is held by nobody else")]
    public void An_additional_alias_is_held_like_the_first_one(string kind, string asker, bool isHeld, string why)
    {
        var meta = new ObjectMeta { Namespace = "team", Name = "other", Uid = "other" };
        var status = Held with { AliasName = "alias/first", AdditionalAliases = ["alias/second", Alias] };
        if (kind == "ServiceKey")
            _caches.Set(new ServiceKey { Metadata = meta, Status = status });
        else
            _caches.Set(new KeyReplica { Metadata = meta, Status = status });

        Assert.True(Index.FindAliasHolder(Here, Alias, asker) == (isHeld ? $"{kind}/team/other" : null), why);
        Assert.Null(Index.FindAliasHolder(Here, "alias/third", asker));
        Assert.Equal("other", Assert.Single(Index.AliasHolders(Here, Alias)).Metadata.Name);
        Assert.Empty(Index.AliasHolders(Here, "alias/third"));
    }

    [Fact]
    public void Replicas_hold_aliases_and_keys_as_well()
    {
        _caches.Set(new KeyReplica { Metadata = new() { Namespace = "team", Name = "copy" }, Status = Held });
        Assert.Equal("KeyReplica/team/copy", Index.FindAliasHolder(Here, Alias, "me"));
        Assert.Equal("KeyReplica/team/copy", Index.FindKeyHolder(Here.Region, "key-1", "me"));
    }

    [Theory]
    [InlineData("ServiceKey")]
    [InlineData("KeyReplica")]
    public void A_resource_that_was_made_again_under_its_name_is_another_one(string kind)
    {
        var meta = new ObjectMeta { Namespace = "team", Name = "one", Uid = "second" };
        if (kind == "ServiceKey")
            _caches.Set(new ServiceKey { Metadata = meta });
        else
            _caches.Set(new KeyReplica { Metadata = meta });

        Assert.True(Index.Exists(new KeyOwner(kind, "team", "one", "second", "test")));
        Assert.False(Index.Exists(new KeyOwner(kind, "team", "one", "first", "test")));
        Assert.False(Index.Exists(new KeyOwner(kind, "team", "two", "second", "test")));
    }

    // What a resource wants that says AliasConflict, whether it waits for alias/wanted in us-east-1, and why.
    public static TheoryData<string, string?, string[], bool, string> Waiting => new()
    {
        { "us-east-1", Alias, [], true, "it wants it" },
        { "us-east-1", "alias/other", ["alias/second", Alias], true, "an additional alias is wanted as much as the first one" },
        { "us-east-1", "alias/other", ["alias/second"], false, "it waits for other names" },
        { "us-east-1", "alias/other", [], false, "it waits for another name" },
        { "eu-west-1", Alias, [Alias], false, "each Region has aliases of its own" },
    };

    [Theory]
    [MemberData(nameof(Waiting))]
    public void Whoever_waits_for_an_alias_is_found_when_it_becomes_free(string region, string? alias, string[] additional, bool waits, string why)
    {
        _caches.Set(new KeyClass { Metadata = new() { Name = "standard" }, Spec = new() { Region = region } });
        _caches.Set(new ServiceKey
        {
            Metadata = new() { Namespace = "team", Name = "key" },
            Spec = new() { ClassName = "standard", Alias = alias, AdditionalAliases = additional },
            Status = Conflict,
        });
        _caches.Set(new KeyReplica { Metadata = new() { Namespace = "team", Name = "copy" }, Spec = new() { Region = region, Alias = alias, AdditionalAliases = additional }, Status = Conflict });

        var lost = new AliasesLost("us-east-1", [Alias, "alias/third"]);
        Assert.True(Index.ServiceKeysThatWaitFor(lost).Any() == waits, why);
        Assert.True(Index.KeyReplicasThatWaitFor(lost).Any() == waits, why);
    }

    // What a ServiceKey is like before and after a change, the aliases that it gives up, and why.
    public static TheoryData<ServiceKey?, ServiceKey?, string, string> Changed
    {
        get
        {
            var one = new ServiceKey { Metadata = new() { Namespace = "team", Name = "one", Generation = 1 }, Spec = new() { ClassName = "standard", Alias = Alias, AdditionalAliases = ["alias/second"] } };
            var edited = one with { Metadata = one.Metadata with { Generation = 2 } };
            var withKey = one with { Status = new() { KeyId = "key-1" } };
            var refused = one with { Status = new() { ClassName = "missing", Region = "eu-west-1" } };
            return new()
            {
                { null, one, "", "it is new" },
                { one, null, $"{Alias} alias/second", "it is gone" },
                { one, edited with { Spec = one.Spec with { Alias = "alias/other" } }, Alias, "it wants another name" },
                { one, edited with { Spec = one.Spec with { AdditionalAliases = [] } }, "alias/second", "it wants one name less" },
                { one, edited with { Spec = one.Spec with { Suspend = true } }, $"{Alias} alias/second", "it gets no key" },
                { one, one with { Status = new() { Conditions = [new() { Type = ConditionTypes.Stalled, Status = "True" }] } }, $"{Alias} alias/second", "KMS refuses its key" },
                { withKey, edited with { Status = withKey.Status, Spec = one.Spec with { Suspend = true } }, "", "it has a key" },
                { one, withKey, "", "it got its key" },
                { one, edited with { Spec = one.Spec with { ClassName = "elsewhere" } }, $"{Alias} alias/second", "its key is to be in another Region" },
                { one with { Spec = one.Spec with { ClassName = "missing" } }, null, "", "its class is gone, and with it the Region" },
                { refused, null, $"{Alias} alias/second", "it has no key, so the class and the Region of an attempt that made none do not count" },
                { refused with { Metadata = one.Metadata with { Finalizers = [ApiGroup.Finalizer] } }, null, "", "it may have a key, so the class on record counts, and that one is gone" },
            };
        }
    }

    [Theory]
    [MemberData(nameof(Changed))]
    public void A_ServiceKey_gives_up_the_aliases_that_it_was_to_get_and_is_not_to_get_any_more(ServiceKey? old, ServiceKey? now, string expected, string why)
    {
        foreach (var (name, region) in new[] { ("standard", Here.Region), ("elsewhere", "eu-west-1") })
            _caches.Set(new KeyClass { Metadata = new() { Name = name }, Spec = new() { Region = region } });

        var lost = Index.FindGivenUp(old, now);
        Assert.True(string.Join(' ', lost?.Names ?? []) == expected, why);
        Assert.Equal(lost is null ? null : Here.Region, lost?.Region);
    }

    [Fact]
    public void A_replica_without_an_alias_in_its_spec_waits_for_any_of_its_Region()
    {
        _caches.Set(new KeyReplica { Metadata = new() { Namespace = "team", Name = "copy" }, Spec = new() { Region = "us-east-1" }, Status = Conflict });

        Assert.Single(Index.KeyReplicasThatWaitFor(new AliasesLost("us-east-1", [Alias])));
        Assert.Empty(Index.KeyReplicasThatWaitFor(new AliasesLost("eu-west-1", [Alias])));
    }

    [Theory]
    [MemberData(nameof(RivalNames))]
    public void A_name_goes_to_the_one_that_comes_first_of_those_that_get_a_key(string name)
    {
        var (_, other, first, why) = Rivals.Single(one => one.Name == name);
        foreach (var (className, region) in new[] { ("standard", Here.Region), ("elsewhere", "eu-west-1") })
        {
            _caches.Set(new KeyClass
            {
                Metadata = new() { Name = className },
                Spec = new() { Region = region },
                Status = new() { AccountId = Here.AccountId },
            });
        }

        var me = Rival(created: Created, uid: "me");
        _caches.Set(me);
        _caches.Set(other with { Metadata = other.Metadata with { Namespace = "team", Name = "other" } });
        var holder = Index.FindEarlier(Here, Alias, me);
        Assert.True(holder == (first ? "ServiceKey/team/other" : null), $"{why}: {holder}");
    }

    private static ServiceKey Rival(DateTimeOffset? created = null, string uid = "other", ServiceKeySpec? spec = null, KeyStatus? status = null, bool deleted = false, CreateAttempt? attempt = null) => new()
    {
        Metadata = new()
        {
            Namespace = "team",
            Name = "me",
            Uid = uid,
            CreationTimestamp = created ?? Created.AddDays(-1),
            DeletionTimestamp = deleted ? Created : null,
            Finalizers = attempt is null ? null : [ApiGroup.Finalizer],
            Annotations = attempt?.ToAnnotations(),
        },
        Spec = (spec ?? new()) with { ClassName = spec?.ClassName ?? "standard", Alias = spec?.Alias ?? Alias },
        Status = status,
    };
}
