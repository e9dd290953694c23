using System.Net.Security;
using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Hypervisor.Consoles;
using NovaCow.Node.Settings;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;
using NovaCow.Storage;
using Actor = NovaCow.Actors.Hosting.HostActor;

namespace NovaCow.Node.Wiring;

/// <summary>The host role of a node: its store, its driver, and the actor over them.</summary>
internal sealed class HostRole : IDisposable
{
    private static readonly TimeSpan FarewellWithin = TimeSpan.FromSeconds(2);

    private readonly IActorRef _host;
    private readonly HostPorts _ports;

    private HostRole(IActorRef host, HostPorts ports) => (_host, _ports) = (host, ports);

    /// <summary>What this host lends to others.</summary>
    public TransferDesk Transfers => _ports.Transfers;

    /// <summary>The images that this host made of disks.</summary>
    public DiskCaptures Captures => _ports.Captures;

    /// <summary>Takes the store and starts the actor, which finds its scheduler by itself. Done
    /// before the control role of the same node starts, so that it hears of the leader.</summary>
    /// <param name="system">The node's actors.</param>
    /// <param name="node">The node's settings.</param>
    /// <param name="incarnation">Unique to this life of the process.</param>
    /// <param name="tls">How other hosts are dialled; null: without TLS.</param>
    /// <param name="onEnded">Told why, when the host's actor ended by itself.</param>
    /// <param name="onNote">Told what a person may want to know of the store.</param>
    /// <exception cref="NodeStartException">The store or the hypervisor cannot be used.</exception>
    public static HostRole Start(
        ActorSystem system,
        NodeSettings node,
        string incarnation,
        SslClientAuthenticationOptions? tls,
        Action<string> onEnded,
        Action<string> onNote)
    {
        var ports = HostPorts.Open(node, tls, system.TimeProvider, onNote);
        try
        {
            var settings = SettingsOf(system, node, incarnation, ports);
            var host = system.ActorOf(Actor.Props(settings), HostProtocol.Name);
            system.ActorOf(Props.Create(() => new HostUplink(host, onEnded)), "uplink");
            if (!node.IsControl)
                system.ActorOf(LeaderDialer.Props(node.Host.Seeds), "dialer");
            return new HostRole(host, ports);
        }
        catch (PortException e)
        {
            ports.Dispose();
            throw new NodeStartException(e.Message, e);
        }
    }

    /// <summary>Tells the scheduler that this host stops, so that nobody waits for it.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            await _host.Ask<Actor.HasLeft>(new Actor.Leave(), FarewellWithin);
        }
        catch (AskTimeoutException)
        {
            // Its silence will tell.
        }
    }

    /// <summary>Lets go of the store; after the actor system has ended.</summary>
    public void Dispose() => _ports.Dispose();

    private static Actors.Hosting.HostSettings SettingsOf(
        ActorSystem system, NodeSettings node, string incarnation, HostPorts ports) => new()
        {
            Id = node.Name,
            Incarnation = incarnation,
            Capacity = CapacityOf(node.Host, ports),
            Labels = node.Host.Labels,
            Overcommit = node.Host.Overcommit,
            Drivers = ports.Drivers,
            Store = ports.Store,
            Sources = [ImageSources.Create(WithBases(node), system.TimeProvider), ports.Peers],
            ForeignFolders = node.Host.Adopt.Count > 0 ? new NovaFolders(node.Host.Adopt) : null,
            Inspector = ports.Inspector,
            Transfers = ports.Transfers,
            Machines = ports.Machines.Machinery,
            Describe = ports.Machines.Describe,
            Consoles = new HostConsoles(),
            Captures = ports.Captures,
            Address = node.Advertise.ToString(),
            SharedStore = node.Host.SharedStore?.Store,
            DeadStores = ports.Shared,
            Fences = new StoreFences(ports.Store),
            Limits = LimitsOf(node),
        };

    private static HostLimits LimitsOf(NodeSettings node) => new()
    {
        MaxBuilds = node.Host.MaxBuilds,
        MaxFetchesPerSource = node.Host.MaxFetchesPerSource,
        CacheBudgetBytes = node.Host.CacheBudgetBytes,
        MaxChanges = node.Host.MaxChanges,
        MaxWaitersPerBase = node.Host.MaxWaiters,
        SpaceMarginBytes = node.Host.ReserveBytes,
        MaxImageBytes = node.Images.MaxDownloadBytes,
        ReportEvery = node.Host.Report,
        ScrubBytesPerSecond = node.Host.ScrubRate,
        ScrubEvery = node.Host.ScrubEvery,
        MeasureEvery = node.Host.MeasureEvery,
    };

    // What may be adopted may be read, but of it only the bases are images.
    private static ImageSettings WithBases(NodeSettings node) => node.Images with
    {
        FileRoots = [.. node.Images.FileRoots, .. node.Host.Adopt.Select(NovaFolders.BasesOf)],
    };

    private static HostCapacity CapacityOf(Settings.HostSettings settings, HostPorts ports) => new(
        settings.VCpus ?? Environment.ProcessorCount,
        settings.MemoryBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        ports.Drivers.MeasureSpaceAsync(ports.Store, CancellationToken.None)
            .GetAwaiter().GetResult().TotalBytes);
}
