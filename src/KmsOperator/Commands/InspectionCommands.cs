using System.CommandLine;
using KmsOperator.Api;
using KmsOperator.Configuration;
using KmsOperator.Inspection;
using KmsOperator.Kubernetes;
using KmsOperator.Policies;
using KmsOperator.Terminal;

namespace KmsOperator.Commands;

/// <summary><c>kms-operator tree</c> and <c>kms-operator status</c>: what a cluster says of its keys. They only read the cluster, and not AWS.</summary>
internal static class InspectionCommands
{
    /// <summary><c>tree</c>.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public static Command CreateTree(Func<string, string?> environment) => Create(
        environment, "tree", "Draw KeyClasses, their keys, replicas and aliases, and what was refused last.",
        (resources, colours) => (new KeyTree(colours).Draw(resources), ExitCodes.Success));

    /// <summary><c>status</c>.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public static Command CreateStatus(Func<string, string?> environment) => Create(
        environment, "status", "Show of each ServiceKey and KeyReplica what kubectl get has no room for. Exit code 2 if one is not ready.",
        (resources, colours) =>
        {
            IKeyResource[] all = [.. resources.Keys, .. resources.Replicas];
            return (new StatusText(colours).Write(all), all.All(StatusText.IsReady) ? ExitCodes.Success : ExitCodes.Found);
        });

    /// <summary>Reads and prints.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="namespace">A namespace; null for all.</param>
    /// <param name="name">A name, or <c>sk/</c> or <c>kr/</c> and a name; null for all.</param>
    /// <param name="print">Makes the text.</param>
    /// <param name="output">Where the text goes.</param>
    /// <param name="errors">Where errors go.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The exit code; 1 when a resource that is named does not exist, or one could not be read.</returns>
    internal static async Task<int> RunAsync(
        IKubernetesApi api, string? @namespace, string? name, Func<ClusterResources, (string Text, int Code)> print, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        var resources = name is null ? await ClusterResources.ReadAsync(api, @namespace, null, cancellationToken) : await ReadAsync(api, @namespace, name, cancellationToken);
        foreach (var sentence in resources.Unreadable)
        {
            await errors.WriteLineAsync(sentence);
        }

        if (resources.Keys.Count + resources.Replicas.Count == 0 && await DescribeNothingAsync(api, @namespace, name, cancellationToken) is { } nothing)
        {
            await errors.WriteLineAsync(nothing);
            return ExitCodes.Failure;
        }

        // With a name, only the classes of what is named.
        var shown = name is null ? resources : resources with
        {
            Classes = [.. resources.Classes.Where(one => resources.Keys.Concat<IKeyResource>(resources.Replicas).Any(key => key.Status?.ClassName == one.Metadata.Name))],
        };
        var (text, code) = print(shown);
        await output.WriteAsync(text);
        return resources.Unreadable.Count > 0 ? ExitCodes.Failure : code;
    }

    /// <summary>What a name means: of both kinds, or of the one that stands before it.</summary>
    private static async Task<ClusterResources> ReadAsync(IKubernetesApi api, string? @namespace, string name, CancellationToken cancellationToken)
    {
        var named = NamedResource.Parse(name, "")!;
        var resources = await ClusterResources.ReadAsync(api, @namespace, named.Key.Name, cancellationToken);
        return !name.Contains('/', StringComparison.Ordinal) ? resources
            : named.Kind == KeyReplica.KindName ? resources with { Keys = [], Replicas = [.. resources.Replicas.Where(replica => replica.Metadata.Name == named.Key.Name)] }
            : resources with { Replicas = [.. resources.Replicas.Where(replica => replica.Spec.PrimaryRef?.Name == named.Key.Name)] };
    }

    /// <summary>Why there is nothing to show; null where there just is nothing.</summary>
    private static async Task<string?> DescribeNothingAsync(IKubernetesApi api, string? @namespace, string? name, CancellationToken cancellationToken)
    {
        try
        {
            if (@namespace is not null && await api.GetAsync(BuiltInTypes.Namespaces, new NamespacedName("", @namespace), cancellationToken) is null)
            {
                return $"There is no namespace {@namespace}. Give another one with -n, or none for all.";
            }
        }
        catch (KubernetesApiException)
        {
            // Who may not read namespaces may still read what is in one.
        }

        if (name is null)
        {
            return null;
        }

        var all = await ClusterResources.ReadAsync(api, null, null, cancellationToken);
        IKeyResource[] others = [.. all.Keys, .. all.Replicas];
        return $"There is no ServiceKey or KeyReplica {name}{(@namespace is null ? "" : $" in namespace {@namespace}")}"
            + (Suggestion.For(name, others.Where(one => @namespace is null || one.Metadata.Namespace == @namespace).Select(one => one.Metadata.Name)) is { Length: > 0 } suggestion ? suggestion
                : others.FirstOrDefault(one => one.Metadata.Name == name) is { } elsewhere ? $"; there is one in namespace {elsewhere.Metadata.Namespace}." : ".");
    }

    private static Command Create(
        Func<string, string?> environment, string verb, string description, Func<ClusterResources, Colours, (string Text, int Code)> print)
    {
        var name = new Argument<string?>("name") { Description = "A ServiceKey or KeyReplica, or sk/NAME or kr/NAME for one of the two. Default: all.", Arity = ArgumentArity.ZeroOrOne };
        ResourceArgument.Check(name, verb);
        var @namespace = new Option<string?>("--namespace", "-n") { Description = "Their namespace. Default: all." };
        @namespace.Validators.Add(ClusterFlags.CheckNamespace);
        var target = new ClusterFlags(environment);
        var command = new Command(verb, description) { name, @namespace, target.Context };
        command.SetAction((result, cancellationToken) =>
        {
            var (output, errors) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            return ClusterAccess.UseAsync(() => target.Connect(result, TimeProvider.System), errors, api => RunAsync(
                api, result.GetValue(@namespace), result.GetValue(name), resources => print(resources, Colours.For(output, environment)), output, errors, cancellationToken));
        });
        return command;
    }
}
