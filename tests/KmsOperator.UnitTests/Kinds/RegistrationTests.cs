using KmsOperator.Api;
using KmsOperator.Configuration;
using KmsOperator.Keys.Context;
using KmsOperator.Keys.Ownership;
using KmsOperator.Kinds;
using KmsOperator.Kinds.KeyClasses;
using KmsOperator.Kinds.KeyReplicas;
using KmsOperator.Kinds.ServiceKeys;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Kinds;

/// <summary>What is looked at again when something changes: all that it concerns, and nothing for the operator's own writes.</summary>
public sealed class RegistrationTests : IDisposable
{
    private static readonly DateTimeOffset Later = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly (string Name, Action<Caches> Change, string Queued, string Why)[] Cases =
    [
        ("the spec of a class", on => on.Change("standard", (KeyClass one) => one with { Metadata = Next(one.Metadata) }),
            "class standard",
            "its keys are reconciled once, when the class is verified"),
        ("a class that was verified", on => on.Change("standard", (KeyClass one) => one with { Status = Verified(1) }),
            "key elsewhere/three, key team/one, replica team/by-arn, replica team/copy",
            "its keys, their replicas, and those that name no class and have no key yet: it may be theirs"),
        ("a class that was verified again", on =>
            {
                on.Change("standard", (KeyClass one) => one with { Metadata = Next(one.Metadata), Status = Verified(1) });
                on.Change("standard", (KeyClass one) => one with { Status = Verified(2) });
            },
            "class standard, key elsewhere/three, key team/one, replica team/by-arn, replica team/copy",
            "its spec has changed since"),
        ("a class that is not verified yet", on => on.Change("standard", (KeyClass one) => one with { Status = Verified(0) }),
            "",
            "the status is about an older spec"),
        ("the annotations of a class", on => on.Change("standard", (KeyClass one) => one with { Metadata = Annotated(one.Metadata, "a", "b") }),
            "class standard",
            "no key depends on them"),
        ("a class that others use", on => on.Change("other", (KeyClass one) => one with { Metadata = Next(one.Metadata) }),
            "class other",
            "its keys are reconciled when it is verified"),
        ("a class that others use, verified", on => on.Change("other", (KeyClass one) => one with { Status = Verified(1) }),
            "key elsewhere/recorded, key elsewhere/three, key team/two",
            "a key whose status has the class stays with it; the others do not use it"),
        ("a second default class", on => on.Change("other", (KeyClass one) => one with { Metadata = Annotated(one.Metadata, AnnotationNames.IsDefaultClass, "true") }),
            "class other, class standard, key elsewhere/three",
            "the first one has become one of two, and says so; a key that names no class may get another one"),
        ("a class that is gone", on => on.Classes.Remove(new NamespacedName("", "standard"), null),
            "class standard, key elsewhere/three, key team/one, replica team/by-arn, replica team/copy",
            "its keys say that there is no such class"),
        ("the spec of a key", on => on.Change("one", (ServiceKey one) => one with { Metadata = Next(one.Metadata) }),
            "key team/one, replica team/copy",
            "a replica inherits of its primary's spec"),
        ("the labels of a key", on => on.Change("one", (ServiceKey one) => one with { Metadata = one.Metadata with { Labels = new Dictionary<string, string> { ["a"] = "b" } } }),
            "",
            "nothing depends on them"),
        ("the annotations of a key", on => on.Change("one", (ServiceKey one) => one with { Metadata = Annotated(one.Metadata, AnnotationNames.DeletionProtection, "true") }),
            "key team/one, replica team/copy",
            "they ask for things, and do not count as a new generation"),
        ("the status of a key", on => on.Change("one", (ServiceKey one) => one with { Status = one.Status! with { LastVerifiedAt = Later } }),
            "",
            "mostly our own, and no reason to look again"),
        ("the key's id", on => on.Change("one", (ServiceKey one) => one with { Status = one.Status! with { KeyId = "mrk-2" } }),
            "key team/one, replica team/copy",
            "somebody put another key into the status, and a replica waits for its primary's key"),
        ("the key's state", on => on.Change("one", (ServiceKey one) => one with { Status = one.Status! with { KeyState = "Disabled" } }),
            "replica team/copy",
            "only an enabled key can be replicated"),
        ("our finalizer put on", on => on.Change("two", (ServiceKey two) => two with { Metadata = two.Metadata with { Finalizers = [ApiGroup.Finalizer] } }),
            "",
            "our own write"),
        ("our finalizer stripped", on => on.Change("one", (ServiceKey one) => one with { Metadata = one.Metadata with { Finalizers = [] } }),
            "key team/one, replica team/copy",
            "it is put on again before the resource can go without us"),
        ("another's finalizer stripped", on => on.Change("two", (ServiceKey two) => two with { Metadata = two.Metadata with { Finalizers = [] } }),
            "",
            "not our business"),
        ("a key on its way out", on => on.Change("one", (ServiceKey one) => one with { Metadata = one.Metadata with { DeletionTimestamp = Later } }),
            "key team/one, replica team/copy",
            "the deletion of a resource that has a finalizer is ours to finish"),
        ("a key that is gone", on => on.Keys.Remove(new NamespacedName("team", "one"), null),
            "key team/one, replica team/copy",
            "its replicas live on without it"),
        ("another resource of a key's name", on => on.Change("one", (ServiceKey one) => one with { Metadata = one.Metadata with { Uid = "another" } }),
            "key team/one, replica team/copy",
            "gone and made again, perhaps while nobody watched"),
        ("the spec of a replica", on => on.Change("copy", (KeyReplica one) => one with { Metadata = Next(one.Metadata) }),
            "key team/one, replica team/copy",
            "it is not ready from now on, and its primary says so"),
        ("a replica that is ready", on => on.Change("copy", (KeyReplica one) => one with { Status = Ready }),
            "key team/one",
            "the primary waits for it; the replica itself was just reconciled"),
        ("a replica that is not ready yet", on => on.Change("copy", (KeyReplica one) => one with { Status = new() { KeyState = "Creating" } }),
            "",
            "the primary is reconciled a little later, together with what happens until then"),
        ("the last verification of a replica", on =>
            {
                on.Change("copy", (KeyReplica one) => one with { Status = Ready });
                on.Change("copy", (KeyReplica one) => one with { Status = Ready with { LastVerifiedAt = Later } });
            },
            "key team/one",
            "the second change is nothing that the primary shows"),
        ("one of two replicas that is ready", on =>
            {
                on.Set(new KeyReplica { Metadata = new() { Namespace = "team", Name = "second" }, Spec = new() { PrimaryRef = new() { Name = "one" } } });
                on.Change("copy", (KeyReplica one) => one with { Status = Ready });
            },
            "replica team/second",
            "the primary still waits for the other one"),
        ("the status of a replica by ARN", on => on.Change("by-arn", (KeyReplica one) => one with { Status = new() { KeyState = "Enabled" } }),
            "",
            "its primary is no resource of this cluster"),
        ("a replica that is gone", on => on.Replicas.Remove(new NamespacedName("team", "copy"), null),
            "key team/one, replica team/copy",
            "the primary makes it again if its spec lists it"),
        ("the labels of a namespace", on => on.Change("team", (Namespace one) => one with { Metadata = one.Metadata with { Labels = new Dictionary<string, string> { ["keys"] = "allowed" } } }),
            "key team/one, key team/two, replica team/by-arn, replica team/copy",
            "classes admit namespaces by their labels"),
        ("the annotations of a namespace", on => on.Change("team", (Namespace one) => one with { Metadata = Annotated(one.Metadata, "a", "b") }),
            "",
            "no class asks for them"),
        ("a namespace on its way out", on => on.Change("team", (Namespace one) => one with { Metadata = one.Metadata with { DeletionTimestamp = Later } }),
            "key team/one, key team/two, replica team/by-arn, replica team/copy",
            "whatever keeps a resource in it keeps the namespace too"),
        ("a new namespace without labels", on => on.Set(new Namespace { Metadata = new() { Name = "new" } }),
            "",
            "nothing is in it"),
        ("a namespace that is gone", on => on.Namespaces.Remove(new NamespacedName("", "team"), null),
            "",
            "all that was in it went before"),
    ];

    private readonly Caches _caches = new();
    private readonly FakeTimeProvider _time = new(Later);
    private readonly ReconcileCache _cache = new();
    private readonly AliasReservations _reservations = new();
    private readonly (string Kind, KindRegistration Registration)[] _kinds;

    public RegistrationTests()
    {
        _caches.Set(new KeyClass { Metadata = new() { Name = "standard", Annotations = new Dictionary<string, string> { [AnnotationNames.IsDefaultClass] = "true" } } });
        _caches.Set(new KeyClass { Metadata = new() { Name = "other" } });
        _caches.Set(new Namespace { Metadata = new() { Name = "team" } });
        _caches.Set(new ServiceKey
        {
            Metadata = new() { Namespace = "team", Name = "one", Finalizers = [ApiGroup.Finalizer] },
            Spec = new() { ClassName = "standard" },
            Status = new() { KeyId = "mrk-1", KeyState = "Enabled" },
        });
        _caches.Set(new ServiceKey { Metadata = new() { Namespace = "team", Name = "two", Finalizers = ["example.com/theirs"] }, Spec = new() { ClassName = "other" } });
        _caches.Set(new ServiceKey { Metadata = new() { Namespace = "elsewhere", Name = "three" } });
        _caches.Set(new ServiceKey { Metadata = new() { Namespace = "elsewhere", Name = "recorded" }, Status = new() { ClassName = "other" } });
        _caches.Set(new KeyReplica { Metadata = new() { Namespace = "team", Name = "copy" }, Spec = new() { PrimaryRef = new() { Name = "one" } } });
        _caches.Set(new KeyReplica
        {
            Metadata = new() { Namespace = "team", Name = "by-arn" },
            Spec = new() { PrimaryKeyArn = "arn:aws:kms:us-east-1:111111111111:key/mrk-3", ClassName = "standard" },
        });
        _caches.Set(new KeyReplica { Metadata = new() { Namespace = "elsewhere", Name = "copy-of-its-own" }, Spec = new() { PrimaryRef = new() { Name = "one" } } });
        // The event handlers need the caches and queues only; the reconcilers are not run.
        var services = new ReconcilerServices(
            null!, null!, _time, new Random(1), new OperatorSettings("test", TimeSpan.FromHours(10), TimeSpan.FromMinutes(5), TimeSpan.Zero), Workers: 4, _caches.Resources,
            _caches.Directory, null!, null!, null!, null!, new OwnershipCheck(new OwnershipIndex(_caches.Keys, _caches.Replicas, _caches.Directory), _reservations, _cache), _reservations, _cache, null!);
        _kinds = [("class", KeyClassRegistration.Create(services)), ("key", ServiceKeyRegistration.Create(services)), ("replica", KeyReplicaRegistration.Create(services))];
    }

    public static TheoryData<string> Changes => [.. Cases.Select(one => one.Name)];

    public void Dispose() => Array.ForEach(_kinds, kind => kind.Registration.Queue.Dispose());

    [Fact]
    public async Task All_that_is_there_at_the_start_is_looked_at()
    {
        Subscribe();
        Assert.Equal(
            "class other, class standard, key elsewhere/recorded, key elsewhere/three, key team/one, key team/two, "
            + "replica elsewhere/copy-of-its-own, replica team/by-arn, replica team/copy",
            await QueuedAsync());
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_is_looked_at_where_it_matters(string name)
    {
        var (_, change, queued, why) = Cases.Single(one => one.Name == name);
        Subscribe();
        await QueuedAsync();
        change(_caches);
        var actual = await QueuedAsync();
        Assert.True(queued == actual, $"{why}\nexpected: {queued}\nactual:   {actual}");
    }

    [Theory]
    [InlineData(true, false, "a key has another alias now")]
    [InlineData(true, true, "a key is gone")]
    [InlineData(false, false, "a replica has another alias now")]
    [InlineData(false, true, "a replica is gone")]
    public async Task Whoever_waits_for_an_alias_is_looked_at_when_another_resource_has_lost_it(bool isKey, bool isGone, string why)
    {
        KeyStatus Held(KeyStatus? status) => (status ?? new KeyStatus()) with { KeyId = "mrk-1", Region = "us-east-1", AliasName = "alias/wanted" };
        var conflict = new KeyStatus { Conditions = [new() { Type = ConditionTypes.Ready, Status = "False", Reason = Reasons.AliasConflict }] };
        if (isKey)
            _caches.Change("one", (ServiceKey one) => one with { Status = Held(one.Status) });
        else
            _caches.Change("by-arn", (KeyReplica one) => one with { Status = Held(one.Status) });
        _caches.Set(new KeyClass { Metadata = new() { Name = "east" }, Spec = new() { Region = "us-east-1" } });
        _caches.Set(new ServiceKey { Metadata = new() { Namespace = "elsewhere", Name = "waiting" }, Spec = new() { ClassName = "east", Alias = "alias/wanted" }, Status = conflict });
        _caches.Set(new KeyReplica { Metadata = new() { Namespace = "elsewhere", Name = "waiting" }, Spec = new() { Region = "us-east-1", Alias = "alias/wanted" }, Status = conflict });
        Subscribe();
        await QueuedAsync();

        switch (isKey, isGone)
        {
            case (true, false):
                _caches.Change("one", (ServiceKey one) => one with { Status = one.Status! with { AliasName = "alias/other" } });
                break;
            case (true, true):
                _caches.Keys.Remove(new NamespacedName("team", "one"), null);
                break;
            case (false, false):
                _caches.Change("by-arn", (KeyReplica one) => one with { Status = one.Status! with { AliasName = "alias/other" } });
                break;
            case (false, true):
                _caches.Replicas.Remove(new NamespacedName("team", "by-arn"), null);
                break;
        }

        var queued = (await QueuedAsync()).Split(", ");
        Assert.True(queued.Contains("key elsewhere/waiting") && queued.Contains("replica elsewhere/waiting"), $"{why}: {string.Join(", ", queued)}");
    }

    [Fact]
    public void A_new_value_of_reconcile_at_is_remembered_with_its_time_and_the_same_one_is_not()
    {
        Subscribe();
        var entry = _cache.Of("uid-of-one");
        Assert.Null(entry.ReconcileRequestedAt);
        _caches.Change("one", (ServiceKey one) => one with { Metadata = Annotated(one.Metadata, AnnotationNames.ReconcileAt, "now") });
        Assert.Equal(Later, entry.ReconcileRequestedAt);
        _time.Advance(TimeSpan.FromHours(1));
        _caches.Change("one", (ServiceKey one) => one with { Metadata = Next(one.Metadata) });
        Assert.Equal(Later, entry.ReconcileRequestedAt);
        _caches.Change("one", (ServiceKey one) => one with { Metadata = Annotated(one.Metadata, AnnotationNames.ReconcileAt, "again") });
        Assert.Equal(Later.AddHours(1), entry.ReconcileRequestedAt);
    }

    [Fact]
    public void What_was_remembered_and_reserved_for_a_resource_goes_with_it()
    {
        Subscribe();
        var entry = _cache.Of("uid-of-two");
        var location = new KeyLocation("111111111111", "us-east-1");
        _reservations.Reserve(location, "alias/a", Owner("two"), _ => true);
        _caches.Change("two", (ServiceKey two) => two with { Metadata = two.Metadata with { DeletionTimestamp = Later } });
        Assert.Same(entry, _cache.Of("uid-of-two"));
        Assert.Equal("uid-of-two", _reservations.Reserve(location, "alias/a", Owner("one"), _ => true).Uid);

        _caches.Keys.Remove(new NamespacedName("team", "two"), null);
        Assert.NotSame(entry, _cache.Of("uid-of-two"));
        Assert.Equal("uid-of-one", _reservations.Reserve(location, "alias/a", Owner("one"), _ => true).Uid);
    }

    [Fact]
    public async Task A_primary_whose_replica_is_in_progress_is_looked_at_a_little_later()
    {
        Subscribe();
        await QueuedAsync();

        _caches.Change("copy", (KeyReplica one) => one with { Status = new() { KeyState = "Creating" } });
        Assert.Equal("", await QueuedAsync());

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Contains("key team/one", (await QueuedAsync()).Split(", "));
    }

    [Fact]
    public async Task Twelve_replicas_that_become_ready_one_after_the_other_cost_their_primary_one_reconcile()
    {
        _caches.Replicas.Remove(new NamespacedName("team", "copy"), null);
        Subscribe();
        var names = Enumerable.Range(0, 12).Select(number => $"copy-{number}").ToArray();
        Array.ForEach(names, name => _caches.Set(new KeyReplica { Metadata = new() { Namespace = "team", Name = name }, Spec = new() { PrimaryRef = new() { Name = "one" } } }));
        await QueuedAsync();
        var reconciles = 0;
        foreach (var name in names)
        {
            _caches.Change(name, (KeyReplica one) => one with { Status = new() { KeyState = "Creating" } });
            _caches.Change(name, (KeyReplica one) => one with { Status = Ready });
            reconciles += (await QueuedAsync()).Contains("key team/one", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.Equal(1, reconciles);
    }

    private static KeyClassStatus Verified(long generation) => new()
    {
        AccountId = "111111111111",
        ObservedGeneration = generation,
        Conditions = [new() { Type = ConditionTypes.Ready, Status = "True", Reason = Reasons.Available, ObservedGeneration = generation }],
    };

    private static KeyStatus Ready => new()
    {
        KeyState = "Enabled",
        Conditions = [new() { Type = ConditionTypes.Ready, Status = "True", Reason = Reasons.Available, ObservedGeneration = 1 }],
    };

    private void Subscribe() => Array.ForEach(_kinds, kind => kind.Registration.Subscribe());

    private static KeyOwner Owner(string name) => new(ServiceKey.KindName, "team", name, $"uid-of-{name}", "test");

    private static ObjectMeta Next(ObjectMeta metadata) => metadata with { Generation = metadata.Generation + 1 };

    private static ObjectMeta Annotated(ObjectMeta metadata, string name, string value) =>
        metadata with { Annotations = new Dictionary<string, string>(metadata.Annotations ?? new Dictionary<string, string>()) { [name] = value } };

    /// <summary>All that waits to be looked at; it is taken out.</summary>
    private async Task<string> QueuedAsync()
    {
        List<string> queued = [];
        foreach (var (kind, registration) in _kinds)
        {
            var queue = registration.Queue;
            while (queue.Depth > 0)
            {
                var (_, key) = await queue.TakeAsync(TestContext.Current.CancellationToken);
                queue.Done(key);
                queued.Add(key.Namespace.Length == 0 ? $"{kind} {key.Name}" : $"{kind} {key.Namespace}/{key.Name}");
            }
        }

        return string.Join(", ", queued.Order(StringComparer.Ordinal));
    }
}
