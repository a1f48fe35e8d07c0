using KmsOperator.Api;
using KmsOperator.Planning;
using Xunit;

namespace KmsOperator.UnitTests.Planning;

public sealed class NamespaceAdmissionTests
{
    private static readonly Dictionary<string, string> Labels = new() { ["team"] = "a", ["stage"] = "live" };

    // The rule of the class, whether it admits a namespace with the labels team=a and stage=live, and why.
    private static readonly (string Name, AllowedNamespacesSpec? Allowed, bool IsAdmitted, string Why)[] Rules =
    [
        ("none", null, true, "a class without a rule is for all"),
        ("from missing", new(), true, "All is the default"),
        ("All", new() { From = "All" }, true, "it says so"),
        ("None", new() { From = "None" }, false, "it says so"),
        ("unknown", new() { From = "Some" }, false, "what the operator does not know admits nobody"),
        ("Selector without a selector", new() { From = "Selector" }, false, "nothing says whom it admits"),
        ("empty selector", By(), true, "as in Kubernetes, a selector without requirements selects everything"),
        ("a label", By(new() { ["team"] = "a" }), true, "it has the label"),
        ("two labels", By(new() { ["team"] = "a", ["stage"] = "live" }), true, "it has both"),
        ("one of two labels", By(new() { ["team"] = "a", ["stage"] = "test" }), false, "all must hold"),
        ("another value", By(new() { ["team"] = "b" }), false, "another value"),
        ("a missing label", By(new() { ["cost"] = "a" }), false, "it has no such label"),
        ("In", By(null, Need("team", "In", "a", "b")), true, "its value is in the list"),
        ("In, another", By(null, Need("team", "In", "b")), false, "its value is not in the list"),
        ("In, missing", By(null, Need("cost", "In", "a")), false, "it has no such label"),
        ("In, no values", By(null, Need("team", "In")), false, "nothing is in an empty list"),
        ("NotIn", By(null, Need("team", "NotIn", "b")), true, "its value is not in the list"),
        ("NotIn, listed", By(null, Need("team", "NotIn", "a", "b")), false, "its value is in the list"),
        ("NotIn, missing", By(null, Need("cost", "NotIn", "a")), true, "as in Kubernetes, a missing label is in no list"),
        ("Exists", By(null, Need("team", "Exists")), true, "it has the label"),
        ("Exists, missing", By(null, Need("cost", "Exists")), false, "it has no such label"),
        ("DoesNotExist", By(null, Need("cost", "DoesNotExist")), true, "it has no such label"),
        ("DoesNotExist, there", By(null, Need("team", "DoesNotExist")), false, "it has the label"),
        ("unknown operator", By(null, Need("team", "Like", "a")), false, "what the operator does not know admits nobody"),
        ("label and expression", By(new() { ["team"] = "a" }, Need("stage", "NotIn", "test")), true, "both hold"),
        ("label, not expression", By(new() { ["team"] = "a" }, Need("stage", "In", "test")), false, "all must hold"),
        ("expression, not label", By(new() { ["team"] = "b" }, Need("stage", "In", "live")), false, "all must hold"),
        ("one of two expressions", By(null, Need("team", "Exists"), Need("stage", "In", "test")), false, "all must hold"),
    ];

    public static TheoryData<string> Names => [.. Rules.Select(rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_class_admits_the_namespaces_that_its_rule_selects(string name)
    {
        var (_, allowed, isAdmitted, why) = Rules.Single(rule => rule.Name == name);

        Assert.True(NamespaceAdmission.Admits(allowed, Labels) == isAdmitted, why);
    }

    private static AllowedNamespacesSpec By(Dictionary<string, string>? labels = null, params LabelSelectorRequirement[] expressions) =>
        new() { From = "Selector", Selector = new() { MatchLabels = labels, MatchExpressions = expressions } };

    private static LabelSelectorRequirement Need(string key, string @operator, params string[] values) => new() { Key = key, Operator = @operator, Values = values };
}
