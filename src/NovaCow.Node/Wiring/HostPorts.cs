using System.Net.Security;
using NovaCow.Actors.Hosting;
using NovaCow.Core;
using NovaCow.Images;
using NovaCow.Node.Settings;
using NovaCow.Storage;

namespace NovaCow.Node.Wiring;

/// <summary>What a host's actor works with: its store, its drivers, its hypervisor, and what
/// reaches other hosts.</summary>
internal sealed class HostPorts : IDisposable
{
    private readonly Stack<IDisposable> _opened = new();

    private HostPorts()
    {
    }

    public required IImageInspector Inspector { get; init; }

    public required HostStore Store { get; init; }

    public required Machines Machines { get; init; }

    public required PeerImageSource Peers { get; init; }

    /// <summary>Reads the stores of hosts that are dead; null: this one shares no file system.
    /// </summary>
    public required SharedStores? Shared { get; init; }

    public required VolumeDriverSet Drivers { get; init; }

    public required TransferDesk Transfers { get; init; }

    public required DiskCaptures Captures { get; init; }

    /// <exception cref="NodeStartException">The store or the hypervisor cannot be used.</exception>
    public static HostPorts Open(
        NodeSettings node, SslClientAuthenticationOptions? tls, TimeProvider time,
        Action<string> onNote)
    {
        Stack<IDisposable> opened = new();
        try
        {
            return Open(node, tls, time, onNote, opened);
        }
        catch (PortException e)
        {
            Close(opened);
            throw new NodeStartException(e.Message, e);
        }
    }

    /// <summary>Lets go of everything; machines go on.</summary>
    public void Dispose() => Close(_opened);

    private static HostPorts Open(
        NodeSettings node, SslClientAuthenticationOptions? tls, TimeProvider time,
        Action<string> onNote, Stack<IDisposable> opened)
    {
        T Opened<T>(T port)
            where T : IDisposable
        {
            opened.Push(port);
            return port;
        }

        var inspector = ImageSources.CreateInspector(node.Images);
        var machines = Opened(Machines.Open(node.Name, node.Host, time));
        var store = Opened(OpenStore(node.Host, machines.DiskOwner, onNote));
        var http = Opened(new HttpClient(TransferClient.CreateHandler(tls))
        {
            Timeout = Timeout.InfiniteTimeSpan,
        });
        var peers = Opened(ImageSources.CreatePeers(node.Images, tls, time));
        var shared = node.Host.SharedStore is { } s
            ? new SharedStores(store, s.Store.Name, s.Root)
            : null;
        var drivers = VolumeDrivers.Create(
            store, inspector, node.Host, (new TransferClient(http), shared));
        var ports = new HostPorts
        {
            Inspector = inspector,
            Store = store,
            Machines = machines,
            Peers = peers,
            Shared = shared,
            Drivers = drivers,
            Transfers = new TransferDesk(drivers, time),
            Captures = new DiskCaptures(store, inspector, node.Advertise)
            {
                Limits = VolumeDrivers.LimitsOf(node.Host),
            },
        };
        foreach (var port in opened.Reverse())
            ports._opened.Push(port);
        return ports;
    }

    private static void Close(Stack<IDisposable> opened)
    {
        while (opened.TryPop(out var port))
            port.Dispose();
    }

    private static HostStore OpenStore(
        Settings.HostSettings host, DiskOwner? owner, Action<string> onNote)
    {
        try
        {
            return HostStore.Open(
                host.StorePath,
                new HostStoreOptions { OnNote = onNote, DiskOwner = owner });
        }
        catch (PortException e)
        {
            throw new NodeStartException($"novacow.host.store: {e.Message}", e);
        }
    }
}
