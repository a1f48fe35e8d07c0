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
            await cluster.InstallCrdsAsync();
            return _namespace = await cluster.CreateNamespaceAsync("crd-cases");
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}
