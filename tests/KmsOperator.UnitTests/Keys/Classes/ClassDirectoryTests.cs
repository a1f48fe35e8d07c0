using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.UnitTests.Kinds;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Classes;

public sealed class ClassDirectoryTests
{
    private static readonly DateTimeOffset Early = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly (string Name, string? SpecClass, string? RecordedClass, KeyClass[] Classes, string? Reason, string Message, string Why)[] Cases =
    [
        ("named and ready", "a", null, [Ready("a")], null, "a", "the class that the spec names"),
        ("named and recorded", "a", "a", [Ready("a")], null, "a", "the class has not changed"),
        ("default", null, null, [Ready("a"), Default(Ready("b"))], null, "b", "a spec without a class has the default one"),
        ("recorded", null, "a", [Ready("a"), Default(Ready("b"))], null, "a", "a key stays with its class, also when another one becomes the default"),
        ("changed", "b", "a", [Ready("a"), Ready("b")], Reasons.InvalidSpec, "created with a", "a key cannot move to another class"),
        ("named and missing", "c", null, [Ready("a")], Reasons.ClassNotFound, "there is no KeyClass c", "a typing error, or a class that is still to come"),
        ("no default", null, null, [Ready("a")], Reasons.ClassNotFound, "is-default-class", "nobody says which class is meant"),
        ("recorded and missing", null, "c", [Default(Ready("a"))], Reasons.ClassNotFound, "there is no KeyClass c", "the default class is not the key's"),
        ("not admitted", "a", null, [Admitting(Ready("a"), "None")], Reasons.NamespaceNotAllowed, "does not admit namespace team", "the class decides who uses it"),
        ("not admitted by label", "a", null, [Admitting(Ready("a"), "Selector", "no")], Reasons.NamespaceNotAllowed, "spec.allowedNamespaces", "the label has another value"),
        ("admitted by label", "a", null, [Admitting(Ready("a"), "Selector", "yes")], null, "a", "the label has the value that is asked for"),
        ("not admitted and not ready", "a", null, [Admitting(new KeyClass { Metadata = new() { Name = "a" } }, "None")], Reasons.NamespaceNotAllowed, "",
            "a namespace learns nothing of a class that it may not use"),
        ("never looked at", "a", null, [new KeyClass { Metadata = new() { Name = "a" } }], Reasons.ClassNotReady, "is being checked", "there is no account to make keys in yet"),
        ("changed since", "a", null, [With(Ready("a"), 2)], Reasons.ClassNotReady, "is being checked", "what was found holds for the spec of before"),
        ("not ready", "a", null, [NotReady("a")], Reasons.ClassNotReady, "AccessDenied: no way in", "the resource says what is wrong with its class"),
        ("ready without an account", "a", null, [Ready("a") with { Status = Ready("a").Status! with { AccountId = null } }], Reasons.ClassNotReady, "is not ready",
            "a status that was cut in half is not believed"),
    ];

    private readonly Caches _caches = new();

    public static TheoryData<string> Lookups => [.. Cases.Select(one => one.Name)];

    [Theory]
    [MemberData(nameof(Lookups))]
    public void A_class_is_given_only_to_those_whom_it_serves(string name)
    {
        var (_, specClass, recorded, classes, reason, message, why) = Cases.Single(one => one.Name == name);
        Array.ForEach(classes, _caches.Set);
        _caches.Set(new Namespace { Metadata = new() { Name = "team", Labels = new Dictionary<string, string> { ["keys"] = "yes" } } });
        var lookup = _caches.Directory.Find(specClass, recorded, "team");
        Assert.True(reason == lookup.Error?.Reason, $"{why}: {lookup}");
        Assert.Equal(reason is null, lookup.KeyClass is not null);
        Assert.Contains(message, lookup.Error?.Message ?? lookup.KeyClass!.Metadata.Name, StringComparison.Ordinal);
        Assert.Equal(message == "is being checked", lookup.IsBeingVerified);
        Assert.Equal(
            reason switch { null => null, Reasons.ClassNotReady => false, _ => (bool?)true }, lookup.Error?.IsTerminal);
    }

    [Fact]
    public void A_namespace_that_is_not_known_yet_has_no_labels()
    {
        _caches.Set(Admitting(Ready("a"), "Selector", "yes"));
        Assert.Equal(Reasons.NamespaceNotAllowed, _caches.Directory.Find("a", null, "team").Error?.Reason);
    }

    [Fact]
    public void Of_several_default_classes_the_oldest_wins_and_of_those_of_one_age_the_first_by_name()
    {
        Assert.Null(_caches.Directory.Default);
        _caches.Set(Ready("unmarked"));
        _caches.Set(new KeyClass { Metadata = new() { Name = "denied", Annotations = new Dictionary<string, string> { [AnnotationNames.IsDefaultClass] = "false" } } });
        Assert.Null(_caches.Directory.Default);
        _caches.Set(Default(Ready("a"), Early.AddDays(2)));
        _caches.Set(Default(Ready("c"), Early.AddDays(1)));
        _caches.Set(Default(Ready("b"), Early.AddDays(1)));
        Assert.Equal(["b", "c", "a"], _caches.Directory.Defaults.Select(one => one.Metadata.Name));
        Assert.Equal("b", _caches.Directory.Default?.Metadata.Name);
        Assert.Equal("b", _caches.Directory.Find(null)?.Metadata.Name);
        Assert.Equal("c", _caches.Directory.Find("c")?.Metadata.Name);
        Assert.Null(_caches.Directory.Find("d"));
    }

    [Fact]
    public void Only_a_namespace_that_is_known_to_be_on_its_way_out_is_terminating()
    {
        _caches.Set(new Namespace { Metadata = new() { Name = "here" } });
        _caches.Set(new Namespace { Metadata = new() { Name = "leaving", DeletionTimestamp = Early } });
        Assert.False(_caches.Directory.IsTerminating("here"));
        Assert.True(_caches.Directory.IsTerminating("leaving"));
        Assert.False(_caches.Directory.IsTerminating("unknown"));
    }

    private static KeyClass Ready(string name) => Checked(name, new() { Type = ConditionTypes.Ready, Status = "True", ObservedGeneration = 1 });

    private static KeyClass NotReady(string name) => Checked(
        name, new() { Type = ConditionTypes.Ready, Status = "False", ObservedGeneration = 1, Reason = Reasons.AccessDenied, Message = "no way in" });

    private static KeyClass Checked(string name, Condition ready) => new()
    {
        Metadata = new() { Name = name, Generation = 1 },
        Status = new() { ObservedGeneration = 1, AccountId = "111111111111", Conditions = [ready] },
    };

    private static KeyClass With(KeyClass keyClass, long generation) => keyClass with { Metadata = keyClass.Metadata with { Generation = generation } };

    private static KeyClass Default(KeyClass keyClass, DateTimeOffset? created = null) => keyClass with
    {
        Metadata = keyClass.Metadata with { CreationTimestamp = created, Annotations = new Dictionary<string, string> { [AnnotationNames.IsDefaultClass] = "true" } },
    };

    private static KeyClass Admitting(KeyClass keyClass, string from, string? label = null) => keyClass with
    {
        Spec = keyClass.Spec with
        {
            AllowedNamespaces = new()
            {
                From = from,
                Selector = label is null ? null : new() { MatchLabels = new Dictionary<string, string> { ["keys"] = label } },
            },
        },
    };
}
