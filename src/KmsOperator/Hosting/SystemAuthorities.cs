using System.Security.Cryptography.X509Certificates;

namespace KmsOperator.Hosting;

/// <summary>
/// The certificate authorities that the system trusts. .NET reads all of them when it first checks a server's certificate, also where the kubeconfig names
/// another authority. With 150 of them that is the longest part of the start, so it is done beside the rest.
/// </summary>
internal static class SystemAuthorities
{
    /// <summary>Makes .NET read them, on another thread.</summary>
    public static Task LoadAsync() => Task.Run(() =>
    {
        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        foreach (var authority in store.Certificates)
        {
            authority.Dispose();
        }
    });
}
