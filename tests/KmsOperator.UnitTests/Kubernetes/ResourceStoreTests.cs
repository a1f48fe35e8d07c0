using CsCheck;
using KmsOperator.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace KmsOperator.UnitTests.Kubernetes;

public sealed class ResourceStoreTests
{
    private readonly ResourceStore<ConfigMap> _store = new(NullLogger.Instance);

    [Fact]
    public void An_index_follows_the_objects_also_those_that_were_there_before_it()
    {
        _store.Set(Map("a", 1, "red"));
        _store.AddIndex("colour", map => map.Data?["colour"]);
        _store.Set(Map("b", 2, "red"));
        _store.Set(Map("c", 3, "blue"));
        Assert.Equal(["a", "b"], Names(_store.ListByIndex("colour", "red")));

        _store.Set(Map("a", 4, "blue"));
        _store.Remove(new("ns", "b"), null);

        Assert.Empty(_store.ListByIndex("colour", "red"));
        Assert.Equal(["a", "c"], Names(_store.ListByIndex("colour", "blue")));
        Assert.Throws<ArgumentException>(() => _store.ListByIndex("size", "red"));
    }

    [Fact]
    public void A_late_subscriber_hears_of_what_is_there()
    {
        _store.Set(Map("a", 1, "red"));
        List<string> heard = [];

        _store.Subscribe(change => heard.Add($"{change.Kind} {change.Key}"));
        _store.Set(Map("a", 2, "red"));

        Assert.Equal(["Added ns/a", "Updated ns/a"], heard);
    }

    [Fact]
    public void A_handler_that_throws_does_not_keep_the_change_from_the_next()
    {
        List<string> heard = [];
        _store.Subscribe(_ => throw new InvalidOperationException("broken"));
        _store.Subscribe(change => heard.Add(change.Key.Name));

        _store.Set(Map("a", 1, "red"));

        Assert.Equal(["a"], heard);
    }

    [Theory]
    [InlineData("red", 0, "it says the same, and thousands of such objects come with each new list")]
    [InlineData("blue", 1, "a version of the lost history had other content")]
    public void After_a_restore_an_object_of_the_same_version_counts_as_changed_where_it_says_something_else(string colour, int expected, string why)
    {
        var store = new ResourceStore<ConfigMap>(NullLogger.Instance, areSame: (one, other) => one.Data!["colour"] == other.Data!["colour"]);
        store.Set(Map("a", 1, "red"));
        var changes = -1;
        store.Subscribe(_ => changes++);

        store.Set(Map("a", 1, colour), isRestored: true);

        Assert.True(changes == expected, why);
        store.TryGet(new("ns", "a"), out var stored);
        Assert.Equal(colour, stored!.Data!["colour"]);
    }

    [Fact]
    public void The_same_version_again_is_no_change()
    {
        var changes = 0;
        _store.Set(Map("a", 1, "red"));
        _store.Subscribe(_ => changes++);

        _store.Set(Map("a", 1, "red"));
        _store.Remove(new("ns", "missing"), null);

        Assert.Equal(1, changes);
    }

    [Fact]
    public void A_handler_may_read_the_store_and_finds_the_change_there()
    {
        var found = false;
        _store.Subscribe(change => found = _store.TryGet(change.Key, out var stored) && ReferenceEquals(stored, change.New));

        _store.Set(Map("a", 1, "red"));

        Assert.True(found);
    }

    [Fact]
    public void An_index_finds_what_a_search_through_all_objects_finds() =>
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 3].Select(index => ((string?[])["red", "blue", "green", null])[index])).List[0, 40].Sample(writes =>
        {
            var store = new ResourceStore<ConfigMap>(NullLogger.Instance).AddIndex("colour", map => map.Data?["colour"]);
            foreach (var ((name, colour), version) in writes.Select((write, version) => (write, version + 1)))
            {
                if (colour is null)
                    store.Remove(new("ns", $"{name}"), null);
                else
                    store.Set(Map($"{name}", version, colour));
            }
            foreach (var colour in (string[])["red", "blue", "green"])
                Assert.Equal(Names(store.List().Where(map => map.Data!["colour"] == colour)), Names(store.ListByIndex("colour", colour)));
        });

    private static IEnumerable<string> Names(IEnumerable<ConfigMap> maps) => maps.Select(map => map.Metadata.Name).Order();

    private static ConfigMap Map(string name, int version, string colour) => new()
    {
        Metadata = new() { Namespace = "ns", Name = name, Uid = name, ResourceVersion = $"{version}" },
        Data = new Dictionary<string, string> { ["colour"] = colour },
    };
}
