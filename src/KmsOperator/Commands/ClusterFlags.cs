using System.CommandLine;
using System.CommandLine.Parsing;
using KmsOperator.Configuration;
using KmsOperator.Hosting;
using KmsOperator.Kubernetes;
using KmsOperator.Planning;

namespace KmsOperator.Commands;

/// <summary>The flags that say which cluster a verb is about: <c>--context</c>, <c>--namespace</c>, <c>--offline</c>.</summary>
internal sealed class ClusterFlags
{
    private readonly Func<string, string?> _environment;

    /// <param name="environment">Value of an environment variable, null if unset.</param>
    public ClusterFlags(Func<string, string?> environment)
    {
        _environment = environment;
        Namespace.Validators.Add(CheckNamespace);
    }

    /// <summary><c>--context</c>: a context of the kubeconfig.</summary>
    public Option<string?> Context { get; } = new("--context") { Description = "Context of the kubeconfig (KUBECONFIG, else ~/.kube/config). Default: its current one." };

    /// <summary><c>--namespace</c>: where names and manifests without a namespace are.</summary>
    public Option<string> Namespace { get; } = new("--namespace", "-n") { Description = "Namespace of what names none.", DefaultValueFactory = _ => "default" };

    /// <summary><c>--offline</c>: no cluster.</summary>
    public Option<bool> Offline { get; } = new("--offline") { Description = "Do not ask any cluster, though there is a kubeconfig." };

    /// <summary>Refuses what can be no namespace.</summary>
    public static void CheckNamespace(OptionResult result)
    {
        if (result.GetValueOrDefault<string?>() is { } name && ResourceName.CheckNamespace(name) is { } problem)
        {
            result.AddError($"--namespace: '{name}': {problem}.");
        }
    }

    /// <summary>Connects to the cluster that the flags name.</summary>
    /// <returns>Null with <c>--offline</c>, and where neither a kubeconfig nor a pod's own configuration is there.</returns>
    /// <exception cref="StartFailedException">The configuration cannot be used.</exception>
    public KubernetesApi? Connect(ParseResult result, TimeProvider time)
    {
        var context = result.GetValue(Context);
        if (result.GetValue(Offline) || (context is null && !HasConfiguration()))
        {
            return null;
        }

        return OperatorHost.Connect(time, null, Kubeconfig(), context);
    }

    private bool HasConfiguration() =>
        !string.IsNullOrEmpty(_environment("KUBECONFIG"))
        || !string.IsNullOrEmpty(_environment("KUBERNETES_SERVICE_HOST"))
        || (_environment("HOME") is { Length: > 0 } home && File.Exists(Path.Combine(home, ".kube", "config")));

    /// <summary>The files that <c>KUBECONFIG</c> names, as it names them.</summary>
    private string? Kubeconfig() => _environment("KUBECONFIG") is { Length: > 0 } path ? path : null;
}
