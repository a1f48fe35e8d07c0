using KmsOperator.Api;
using KmsOperator.Kubernetes;
using KmsOperator.Testing.ApiServer;

namespace KmsOperator.IntegrationTests.Faults;

/// <summary>The real API server, as if it had one namespace: it has one for each run, and every operator would list and follow them all.</summary>
internal sealed class OwnNamespaceApi(IKubernetesApi inner, string name) : ForwardingApi(inner)
{
    public override async Task<ResourceList<T>> ListPageAsync<T>(
        ResourceType<T> type, string? @namespace, int limit, string? continueToken, CancellationToken cancellationToken)
    {
        if (type.Kind != BuiltInTypes.Namespaces.Kind)
        {
            return await base.ListPageAsync(type, @namespace, limit, continueToken, cancellationToken);
        }

        var own = await GetAsync(type, new NamespacedName("", name), cancellationToken);
        return new ResourceList<T> { Items = [own!], Metadata = new ListMeta { ResourceVersion = own!.Metadata.ResourceVersion } };
    }
}
