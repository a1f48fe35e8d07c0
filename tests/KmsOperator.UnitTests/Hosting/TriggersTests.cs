using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace KmsOperator.UnitTests.Hosting;

/// <summary>What is looked at again when something changes: all that it concerns, and nothing for the operator's own writes.</summary>
public sealed class TriggersTests : IDisposable
{
    private static readonly DateTimeOffset Later = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly (string Name, Action<Caches> Change, string Queued, string Why)[] Cases =
    [
        ("the spec of a class", on => on.Change("standard", (KeyClass one) => one with { Metadata = Next(one.Metadata) }),
            "class standard, key elsewhere/three, key team/one, replica team/by-arn, replica team/copy",
            "its keys, their replicas, and those that name no class and have no key yet: it may be theirs"),
        ("the status of a class", on => on.Change("standard", (KeyClass one) => one with { Status = new() { AccountId = "111111111111" } }),
            "key elsewhere/three, key team/one, replica team/by-arn, replica team/copy",
            "its keys wait for it to be ready; the class itself was just looked at"),
        ("a class that others use", on => on.Change("other", (KeyClass one) => one with { Metadata = Next(one.Metadata) }),
            "class other, key elsewhere/recorded, key elsewhere/three, key team/two",
            "a key whose status has the class stays with it; the others are not its own"),
        ("a second default class", on => on.Change("other", (KeyClass one) => one with { Metadata = Annotated(one.Metadata, AnnotationNames.IsDefaultClass, "true") }),
            "class other, class standard, key elsewhere/recorded, key elsewhere/three, key team/two",
            "the first one has become one of two, and says so"),
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
            "replica team/copy",
            "a replica waits for its primary's key"),
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
            "its primary's status has a row for it"),
        ("the status of a replica", on => on.Change("copy", (KeyReplica one) => one with { Status = new() { KeyState = "Enabled" } }),
            "key team/one",
            "the row is the status's, and the replica itself was just looked at"),
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
    private readonly ReconcileCache _memories = new();
    private readonly AliasReservations _claims = new();
    private readonly Triggers _triggers;

    public TriggersTests()
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
        _triggers = new Triggers(_caches.Classes, _caches.Namespaces, _caches.Keys, _caches.Replicas, _memories, _claims, _time)
        {
            ClassQueue = new(_time, new Random(1)),
            KeyQueue = new(_time, new Random(1)),
            ReplicaQueue = new(_time, new Random(1)),
        };
    }

    public static TheoryData<string> Changes => [.. Cases.Select(one => one.Name)];

    public void Dispose()
    {
        _triggers.ClassQueue.Dispose();
        _triggers.KeyQueue.Dispose();
        _triggers.ReplicaQueue.Dispose();
    }

    [Fact]
    public async Task All_that_is_there_at_the_start_is_looked_at()
    {
        _triggers.Subscribe();
        Assert.Equal(
            "class other, class standard, key elsewhere/one, key elsewhere/recorded, key elsewhere/three, key team/one, key team/two, "
            + "replica elsewhere/copy-of-its-own, replica team/by-arn, replica team/copy",
            await QueuedAsync());
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_change_is_looked_at_where_it_matters(string name)
    {
        var (_, change, queued, why) = Cases.Single(one => one.Name == name);
        _triggers.Subscribe();
        await QueuedAsync();
        change(_caches);
        var actual = await QueuedAsync();
        Assert.True(queued == actual, $"{why}\nexpected: {queued}\nactual:   {actual}");
    }

    [Fact]
    public void A_new_value_of_reconcile_at_is_remembered_with_its_time_and_the_same_one_is_not()
    {
        _triggers.Subscribe();
        var memory = _memories.Of("uid-of-one");
        Assert.Null(memory.AskedAt);
        _caches.Change("one", (ServiceKey one) => one with { Metadata = Annotated(one.Metadata, AnnotationNames.ReconcileAt, "now") });
        Assert.Equal(Later, memory.AskedAt);
        _time.Advance(TimeSpan.FromHours(1));
        _caches.Change("one", (ServiceKey one) => one with { Metadata = Next(one.Metadata) });
        Assert.Equal(Later, memory.AskedAt);
        _caches.Change("one", (ServiceKey one) => one with { Metadata = Annotated(one.Metadata, AnnotationNames.ReconcileAt, "again") });
        Assert.Equal(Later.AddHours(1), memory.AskedAt);
    }

    [Fact]
    public void What_was_remembered_and_reserved_for_a_resource_goes_with_it()
    {
        _triggers.Subscribe();
        var memory = _memories.Of("uid-of-two");
        var location = new KeyLocation("111111111111", "us-east-1");
        _claims.Claim(location, "alias/a", Owner("two"), _ => true);
        _caches.Change("two", (ServiceKey two) => two with { Metadata = two.Metadata with { DeletionTimestamp = Later } });
        Assert.Same(memory, _memories.Of("uid-of-two"));
        Assert.Equal("uid-of-two", _claims.Claim(location, "alias/a", Owner("one"), _ => true).Uid);

        _caches.Keys.Remove(new NamespacedName("team", "two"), null);
        Assert.NotSame(memory, _memories.Of("uid-of-two"));
        Assert.Equal("uid-of-one", _claims.Claim(location, "alias/a", Owner("one"), _ => true).Uid);
    }

    private static KeyOwner Owner(string name) => new(ServiceKey.KindName, "team", name, $"uid-of-{name}", "test");

    private static ObjectMeta Next(ObjectMeta metadata) => metadata with { Generation = metadata.Generation + 1 };

    private static ObjectMeta Annotated(ObjectMeta metadata, string name, string value) =>
        metadata with { Annotations = new Dictionary<string, string>(metadata.Annotations ?? new Dictionary<string, string>()) { [name] = value } };

    /// <summary>All that waits to be looked at; it is taken out.</summary>
    private async Task<string> QueuedAsync()
    {
        List<string> queued = [];
        foreach (var (kind, queue) in new[] { ("class", _triggers.ClassQueue), ("key", _triggers.KeyQueue), ("replica", _triggers.ReplicaQueue) })
        {
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
