using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace KmsOperator.IntegrationTests.ControlPlane;

/// <summary>Ports for servers that cannot choose one themselves, or whose clients must know it before they start.</summary>
internal static class LoopbackPort
{
    // As in hack/cluster.sh: the kernel picks ports for connections, and for whoever lets it choose, from a higher range. One of these
    // stays free until the server has it, also when that takes long.
    private const int First = 20000;
    private const int Count = 10000;

    private static int _last = RandomNumberGenerator.GetInt32(Count);

    /// <summary>A port of 127.0.0.1 that nobody has at the moment, and that nobody else of this process is given.</summary>
    public static int Free()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (Interlocked.Increment(ref _last) % Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }

        throw new InvalidOperationException($"No port of 127.0.0.1 from {First} to {First + Count - 1} is free.");
    }
}
