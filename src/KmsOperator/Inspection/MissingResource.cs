using KmsOperator.Api;
using KmsOperator.Kinds;
using KmsOperator.Kubernetes;
using KmsOperator.Policies;

namespace KmsOperator.Inspection;

/// <summary>Says of a ServiceKey or KeyReplica that is not there which one may be meant.</summary>
internal static class MissingResource
{
    /// <summary>The sentences. Where the cluster does not show what it has, only that there is none.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="name">What was looked for.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    public static async Task<string> DescribeAsync(IKubernetesApi api, NamedResource name, CancellationToken cancellationToken)
    {
        try
        {
            var (keys, _) = await ResourceListing.ReadAsync(api, ResourceTypes.ServiceKeys, cancellationToken);
            var (replicas, _) = await ResourceListing.ReadAsync(api, ResourceTypes.KeyReplicas, cancellationToken);
            return Describe(name, [.. keys, .. replicas]);
        }
        catch (KubernetesApiException)
        {
            return Describe(name, []);
        }
    }

    /// <summary>The sentences.</summary>
    /// <param name="name">What was looked for.</param>
    /// <param name="all">What the cluster has.</param>
    public static string Describe(NamedResource name, IReadOnlyCollection<IKeyResource> all)
    {
        var @namespace = name.Key.Namespace;
        var elsewhere = all.Where(one => one.Kind == name.Kind && one.Metadata.Name == name.Key.Name).Select(one => one.Metadata.Namespace ?? "").Order(StringComparer.Ordinal).ToArray();
        var here = all.Where(one => one.Metadata.Namespace == @namespace).ToArray();
        var advice = elsewhere.Length > 0 ? $"; there is one in namespace {string.Join(", ", elsewhere.Take(5))}: give it with -n"
            : here.Any(one => one.Metadata.Name == name.Key.Name) ? $"; {(name.Kind == ServiceKey.KindName ? $"a KeyReplica has that name: kr/{name.Key.Name}" : $"a ServiceKey has that name: sk/{name.Key.Name}")}"
            : Suggestion.For(name.Key.Name, here.Where(one => one.Kind == name.Kind).Select(one => one.Metadata.Name)) is { Length: > 0 } suggestion ? suggestion
            : all.Count > 0 && here.Length == 0 ? $"; namespace {@namespace} has no ServiceKeys or KeyReplicas: give another one with -n"
            : ". Give the namespace with -n, and kr/NAME for a KeyReplica";
        return $"There is no {name}{advice}{(advice.EndsWith('?') ? "" : ".")}";
    }
}
