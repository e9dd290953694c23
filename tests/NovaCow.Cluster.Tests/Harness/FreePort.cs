using System.Net;
using System.Net.Sockets;

namespace NovaCow.Cluster.Tests.Harness;

/// <summary>
/// Ports on loopback for servers that are started later, and again after they were killed. They lie
/// below those that the kernel gives to connections: among these somebody else's connection may
/// have one by the time that its server starts, and whoever dials a server that is away may get its
/// very port as his own end, connect to himself, and hold it.
/// </summary>
internal static class FreePort
{
    private const int First = 20_000;
    private const int Count = 12_000;
    private static readonly List<Socket> s_held = [];
    private static int s_next = (int)(Environment.ProcessId * 61L % Count);

    /// <summary>A port that nobody else is given while this process lives.</summary>
    public static int Take()
    {
        lock (s_held)
        {
            for (var tries = 0; tries < Count; tries++)
            {
                var endpoint = new IPEndPoint(IPAddress.Loopback, First + s_next);
                s_next = (s_next + 1) % Count;
                if (TryHold(endpoint))
                    return endpoint.Port;
            }
        }

        throw new InvalidOperationException($"no port from {First} on is free");
    }

    /// <summary>The same port for datagrams is the mark, which goes with the process: servers are
    /// of streams, and do not see it.</summary>
    private static bool TryHold(IPEndPoint endpoint)
    {
        var mark = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            mark.Bind(endpoint);
            using var listener = new TcpListener(endpoint);
            listener.Start();
            s_held.Add(mark);
            return true;
        }
        catch (SocketException)
        {
            mark.Dispose();
            return false;
        }
    }
}
