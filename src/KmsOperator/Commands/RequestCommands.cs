using System.CommandLine;
using KmsOperator.Configuration;
using KmsOperator.Inspection;
using KmsOperator.Kubernetes;

namespace KmsOperator.Commands;

/// <summary>The verbs that ask the operator for something: <c>rotate</c>, <c>reconcile</c>, <c>suspend</c>, <c>resume</c>. They change the resource alone.</summary>
internal static class RequestCommands
{
    /// <summary>All of them.</summary>
    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public static IEnumerable<Command> Create(Func<string, string?> environment) =>
    [
        Create(environment, "rotate", "Rotate the key material of a ServiceKey once, now (annotation rotate-at). KMS permits 25 in a key's life.",
            (requests, name, stop) => requests.RotateAsync(name, stop), "is rotated once"),
        Create(environment, "reconcile", "Compare a key with AWS now, and put right what differs (annotation reconcile-at).",
            (requests, name, stop) => requests.ReconcileAsync(name, stop), "is compared with AWS"),
        Create(environment, "suspend", "Have the operator leave a resource alone (spec.suspend: true). A GitOps tool that has the field sets it back.",
            (requests, name, stop) => requests.SuspendAsync(name, true, stop), "is suspended"),
        Create(environment, "resume", "End a suspension (spec.suspend is removed).",
            (requests, name, stop) => requests.SuspendAsync(name, false, stop), "is reconciled again"),
    ];

    /// <summary>Asks, and says so.</summary>
    /// <returns>0; 1 when there is no such resource.</returns>
    internal static async Task<int> RunAsync(
        IKubernetesApi api, NamedResource name, Func<NamedResource, Task<bool>> ask, string done, TextWriter output, TextWriter errors, CancellationToken cancellationToken)
    {
        if (await ask(name))
        {
            await output.WriteLineAsync($"{name} {done}. See: kms-operator status -n {name.Key.Namespace} {name.Key.Name}");
            return ExitCodes.Success;
        }

        await errors.WriteLineAsync(await MissingResource.DescribeAsync(api, name, cancellationToken));
        return ExitCodes.Failure;
    }

    private static Command Create(
        Func<string, string?> environment, string verb, string description, Func<ResourceRequests, NamedResource, CancellationToken, Task<bool>> ask, string done)
    {
        var resource = new Argument<string>("name") { Description = "A ServiceKey, or kr/NAME for a KeyReplica." };
        ResourceArgument.Check(resource, verb);
        var target = new ClusterFlags(environment);
        var command = new Command(verb, description) { resource, target.Namespace, target.Context };
        command.SetAction((result, cancellationToken) =>
        {
            var (output, errors) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            var name = NamedResource.Parse(result.GetValue(resource)!, result.GetValue(target.Namespace)!)!;
            return ClusterAccess.UseAsync(
                () => target.Connect(result, TimeProvider.System), errors,
                api => RunAsync(api, name, one => ask(new ResourceRequests(api, TimeProvider.System), one, cancellationToken), done, output, errors, cancellationToken));
        });
        return command;
    }
}
