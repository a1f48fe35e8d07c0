using KmsOperator.IntegrationTests.ControlPlane;

namespace KmsOperator.IntegrationTests.CrdCases;

/// <summary>The cluster with the CRDs installed, and a namespace for the samples.</summary>
public sealed class CrdServer : IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private string? _namespace;

    /// <summary>Installs the CRDs on first use, and gives the namespace.</summary>
    public async Task<string> NamespaceAsync(Cluster cluster)
    {
        await _gate.WaitAsync();
        try
        {
            if (_namespace is not null) return _namespace;
            // Client-side and unchecked: servers before 1.25 refuse CEL rules in a server-side apply, and drop them silently here.
            (await cluster.KubectlAsync("apply", "--validate=false", "-f", Path.Combine(Repository.Root, "config", "crds"))).EnsureSuccess();
            (await cluster.KubectlAsync(
                "wait", "--for=condition=Established", "--timeout=60s", "crd",
                "keyclasses.kms.servicekey.dev", "servicekeys.kms.servicekey.dev", "keyreplicas.kms.servicekey.dev")).EnsureSuccess();
            var created = await cluster.CreateNamespaceAsync("crd-cases");
            // A storage that was just made answers 429 for about a second.
            await Eventually.TrueAsync(
                async () => (await cluster.KubectlAsync("get", "keyclasses,servicekeys,keyreplicas", "--namespace", created)).ExitCode == 0,
                () => "The new kinds are not served.");
            return _namespace = created;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
