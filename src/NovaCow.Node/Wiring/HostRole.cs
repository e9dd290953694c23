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
    private readonly HostStore _store;
    private readonly HttpClient _http;
    private readonly Machines _machines;

    private HostRole(
        IActorRef host, HostStore store, HttpClient http, TransferDesk transfers,
        Machines machines) =>
        (_host, _store, _http, Transfers, _machines) = (host, store, http, transfers, machines);

    /// <summary>What this host lends to others.</summary>
    public TransferDesk Transfers { get; }

    /// <summary>Takes the store and starts the actor, which finds its scheduler by itself. Done
    /// before the control role of the same node starts, so that it hears of the leader.</summary>
    /// <param name="system">The node's actors.</param>
    /// <param name="node">The node's settings.</param>
    /// <param name="incarnation">Unique to this life of the process.</param>
    /// <param name="tls">How other hosts are dialled; null: without TLS.</param>
    /// <param name="onEnded">Told why, when the host's actor ended by itself.</param>
    /// <param name="onNote">Told what a person may want to know of the store.</param>
    /// <exception cref="NodeStartException">The store cannot be used.</exception>
    public static HostRole Start(
        ActorSystem system,
        NodeSettings node,
        string incarnation,
        SslClientAuthenticationOptions? tls,
        Action<string> onEnded,
        Action<string> onNote)
    {
        var inspector = ImageSources.CreateInspector(node.Images);
        var store = Open(node.Host, onNote);
        var http = new HttpClient(TransferClient.CreateHandler(tls))
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        Machines? machines = null;
        try
        {
            machines = Machines.Open(node.Name, node.Host.Hypervisor, system.TimeProvider);
            var shared = node.Host.SharedStore is { } s
                ? new SharedStores(store, s.Store.Name, s.Root)
                : null;
            var drivers = VolumeDrivers.Create(
                store, inspector, node.Host, (new TransferClient(http), shared));
            var transfers = new TransferDesk(drivers, system.TimeProvider);
            var settings = new Actors.Hosting.HostSettings
            {
                Id = node.Name,
                Incarnation = incarnation,
                Capacity = CapacityOf(node.Host, store, drivers),
                Labels = node.Host.Labels,
                Overcommit = node.Host.Overcommit,
                Drivers = drivers,
                Store = store,
                Sources = [ImageSources.Create(WithBases(node), system.TimeProvider)],
                ForeignFolders = node.Host.Adopt.Count > 0 ? new NovaFolders(node.Host.Adopt) : null,
                Inspector = inspector,
                Transfers = transfers,
                Machines = machines.Machinery,
                Describe = machines.Describe,
                Consoles = new HostConsoles(),
                Captures = new DiskCaptures(store, inspector, node.Advertise),
                Address = node.Advertise.ToString(),
                SharedStore = node.Host.SharedStore?.Store,
                DeadStores = shared,
                Fences = new StoreFences(store),
                Limits = new HostLimits
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
                },
            };
            var host = system.ActorOf(Actor.Props(settings), HostProtocol.Name);
            system.ActorOf(Props.Create(() => new HostUplink(host, onEnded)), "uplink");
            if (!node.IsControl)
                system.ActorOf(LeaderDialer.Props(node.Host.Seeds), "dialer");
            return new HostRole(host, store, http, transfers, machines);
        }
        catch (PortException e)
        {
            machines?.Dispose();
            store.Dispose();
            http.Dispose();
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
    public void Dispose()
    {
        _machines.Dispose();
        _store.Dispose();
        _http.Dispose();
    }

    // What may be adopted may be read, but of it only the bases are images.
    private static ImageSettings WithBases(NodeSettings node) => node.Images with
    {
        FileRoots = [.. node.Images.FileRoots, .. node.Host.Adopt.Select(NovaFolders.BasesOf)],
    };

    private static HostStore Open(Settings.HostSettings host, Action<string> onNote)
    {
        try
        {
            return HostStore.Open(
                host.StorePath,
                new HostStoreOptions { OnNote = onNote, DiskOwner = host.DiskOwner });
        }
        catch (PortException e)
        {
            throw new NodeStartException($"novacow.host.store: {e.Message}", e);
        }
    }

    private static HostCapacity CapacityOf(
        Settings.HostSettings settings, HostStore store, VolumeDriverSet drivers) => new(
            settings.VCpus ?? Environment.ProcessorCount,
            settings.MemoryBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            drivers.MeasureSpaceAsync(store, CancellationToken.None)
                .GetAwaiter().GetResult().TotalBytes);
}
