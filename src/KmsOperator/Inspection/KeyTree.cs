using KmsOperator.Api;
using KmsOperator.Keys.Status;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;
using KmsOperator.Terminal;

namespace KmsOperator.Inspection;

/// <summary>Draws KeyClasses, their keys, replicas and aliases, and what was refused last.</summary>
/// <param name="colours">Colours, or none.</param>
internal sealed class KeyTree(Colours colours)
{
    /// <summary>The drawing, with a line break at its end.</summary>
    public string Draw(ClusterResources resources)
    {
        using var text = new StringWriter { NewLine = "\n" };
        var defaultClass = DefaultClasses.Of(resources.Classes).FirstOrDefault()?.Metadata.Name;
        string ClassOf(string? named, KeyStatus? status) => status?.ClassName ?? named ?? defaultClass ?? "";
        var keys = resources.Keys.ToLookup(key => ClassOf(key.Spec.ClassName, key.Status));
        var ofKeys = resources.Replicas.Where(replica => replica.Spec.PrimaryRef is not null)
            .ToLookup(replica => new NamespacedName(replica.Metadata.Namespace ?? "", replica.Spec.PrimaryRef!.Name));
        var shown = resources.Keys.Select(NamespacedName.Of).ToHashSet();

        // Replicas of primaries elsewhere, and replicas whose ServiceKey is not shown, stand below their class.
        var alone = resources.Replicas
            .Where(replica => replica.Spec.PrimaryRef is not { } primary || !shown.Contains(new NamespacedName(replica.Metadata.Namespace ?? "", primary.Name)))
            .ToLookup(replica => ClassOf(replica.Spec.ClassName, replica.Status));
        foreach (var name in resources.Classes.Select(one => one.Metadata.Name).Union(keys.Select(group => group.Key)).Union(alone.Select(group => group.Key)))
        {
            Node[] children = [.. keys[name].Select(key => NodeOf(key, ofKeys[NamespacedName.Of(key)])), .. alone[name].Select(NodeOf)];
            var keyClass = resources.Classes.FirstOrDefault(one => one.Metadata.Name == name);
            if (children.Length > 0 || keyClass is not null)
            {
                Write(new Node(Heading(name, keyClass), children), text, "", "");
            }
        }

        return text.ToString();
    }

    private string Heading(string name, KeyClass? keyClass) => keyClass is null
        ? $"{colours.Bold($"KeyClass {(name.Length == 0 ? "(none named)" : name)}")}  {colours.Red("does not exist")}"
        : $"{colours.Bold($"KeyClass {name}")}  {keyClass.Status?.AccountId ?? "account unknown"} {keyClass.Spec.Region}  {Ready(keyClass.Status?.Conditions)}";

    private Node NodeOf(ServiceKey key, IEnumerable<KeyReplica> replicas) =>
        new(Line(key), [.. AliasesOf(key.Status), .. replicas.Select(NodeOf), .. RefusalOf(key.Status)]);

    private Node NodeOf(KeyReplica replica) => new(Line(replica), [.. AliasesOf(replica.Status), .. RefusalOf(replica.Status)]);

    private string Line(IKeyResource resource)
    {
        var status = resource.Status;
        return $"{colours.Bold($"{resource.Kind} {NamespacedName.Of(resource)}")}  {status?.Arn ?? "no key"}  {status?.KeyState ?? "-"}  {Ready(status?.Conditions)}";
    }

    private string Ready(IReadOnlyList<Condition>? conditions) => ResourceConditions.Find(conditions, ConditionTypes.Ready) switch
    {
        { Status: "True" } ready => colours.Green(ready.Reason),
        { } ready => colours.Yellow(ready.Reason),
        null => colours.Yellow("not reconciled yet"),
    };

    private static IEnumerable<Node> AliasesOf(KeyStatus? status) => status is null ? [] : AliasHistory.NamesIn(status).Select(name => new Node(
        name == status.AliasName ? name : name == status.PendingAliasName ? $"{name}  (is about to be made)" : $"{name}  (until lately)", []));

    private IEnumerable<Node> RefusalOf(KeyStatus? status) =>
        ResourceConditions.Find(status?.Conditions, ConditionTypes.Ready) is { Status: "False" } ready ? [new Node(colours.Red($"{ready.Reason}: {ready.Message}"), [])] : [];

    private static void Write(Node node, StringWriter text, string first, string rest)
    {
        text.WriteLine(first + node.Text);
        for (var i = 0; i < node.Children.Count; i++)
        {
            var isLast = i == node.Children.Count - 1;
            Write(node.Children[i], text, rest + (isLast ? "└─ " : "├─ "), rest + (isLast ? "   " : "│  "));
        }
    }

    private sealed record Node(string Text, IReadOnlyList<Node> Children);
}
