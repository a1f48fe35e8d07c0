using System.Net;
using System.Net.Sockets;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>Ports for servers that cannot choose one themselves.</summary>
internal static class LoopbackPort
{
    /// <summary>A port of 127.0.0.1 that nobody has at the moment.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
