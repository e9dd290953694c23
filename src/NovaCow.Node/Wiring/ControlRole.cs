using System.Data.Common;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Scheduling;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Node.Settings;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Node.Wiring;

/// <summary>The control role of a node: its store, and its candidacy for the scheduler.</summary>
internal sealed class ControlRole : IAsyncDisposable
{
    /// <summary>The lease that decides who runs the scheduler.</summary>
    public const string Lease = "scheduler";

    /// <summary>Where the scheduler is on the node that leads.</summary>
    public const string SchedulerPath = $"/user/{ManagerName}/{SchedulerProtocol.Name}";

    private const string ManagerName = "control";
    private static readonly TimeSpan HandOverWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StoreBackWithin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StoreAgainAfter = TimeSpan.FromMilliseconds(200);

    private readonly IActorRef _manager;
    private readonly IStore _store;

    private ControlRole(IActorRef manager, IStore store) =>
        (_manager, _store) = (manager, store);

    /// <summary>Opens the store and stands for the lease.</summary>
    /// <remarks>A database that is away for a moment, as when it restarts, is waited for.</remarks>
    /// <exception cref="NodeStartException">The store cannot be used.</exception>
    public static async Task<ControlRole> StartAsync(
        ActorSystem system,
        MessageSerializer serializer,
        NodeSettings settings,
        Uri advertise,
        CancellationToken ct)
    {
        var store = await OpenAsync(system, settings.Control.Store, ct);
        PersistenceExtension.Register(system, store, serializer);
        var manager = system.ActorOf(
            ClusterSingletonManager.Props(
                epoch => SchedulerActor.Props(Scheduler(settings, epoch)),
                new ClusterSingletonManagerSettings
                {
                    Store = store,
                    Lease = Lease,
                    SingletonName = SchedulerProtocol.Name,
                    NodeName = settings.Name.Value,
                    Address = advertise.ToString(),
                    Timings = new LeaseTimings { TimeToLive = settings.Control.Lease },
                }),
            ManagerName);
        return new ControlRole(manager, store);
    }

    /// <summary>Gives leadership up, so that another node can take it at once.</summary>
    public async Task LeaveAsync()
    {
        try
        {
            await _manager.GracefulStop(HandOverWithin, LeaveCluster.Instance);
        }
        catch (TaskCanceledException)
        {
            // The lease expires by itself.
        }
    }

    /// <summary>Closes the store; after the actor system has ended.</summary>
    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private static SchedulerSettings Scheduler(NodeSettings settings, long epoch)
    {
        var control = settings.Control;
        return new SchedulerSettings
        {
            Leadership = new Fence(Lease, epoch),
            Flavors = Merge(Flavors.Defaults, settings.Flavors),
            FileSystems = control.EphemeralFileSystems,
            Limits = new SchedulerLimits
            {
                MaxWaiting = control.MaxWaiting,
                MaxWaitingPerProject = control.MaxWaitingPerProject,
                MaxFailedHosts = control.MaxAttempts,
                LaunchDeadline = control.LaunchDeadline,
                HostGrace = control.HostGrace,
                Cache = new CacheRules
                {
                    MaxPerHost = control.Precache.PerHost,
                    MaxPerSource = control.Precache.PerSource,
                },
                Placement = new PlacementRules
                {
                    Preference = control.Prefer,
                    CrowdingSeconds = control.Crowding.TotalSeconds,
                    VCpuRatio = control.Overcommit.VCpus,
                    MemoryRatio = control.Overcommit.Memory,
                    DiskRatio = control.Overcommit.Disk,
                },
            },
        };
    }

    private static IReadOnlyList<Flavor> Merge(
        IReadOnlyList<Flavor> builtIn, IReadOnlyList<Flavor> own) =>
        [.. builtIn.ExceptBy(own.Select(f => f.Name), f => f.Name), .. own];

    private static async Task<IStore> OpenAsync(
        ActorSystem system, StoreSettings settings, CancellationToken ct)
    {
        var time = system.TimeProvider;
        for (var begun = time.GetTimestamp(); ;)
        {
            try
            {
                return await Stores.OpenAsync(settings, ct);
            }
            catch (StoreException e) when (
                e.InnerException is DbException { IsTransient: true }
                && time.GetElapsedTime(begun) < StoreBackWithin)
            {
                Leadership.Of(system).SetTrouble(Lease, e.Message);
                await Task.Delay(StoreAgainAfter, time, ct);
            }
            catch (StoreException e)
            {
                throw new NodeStartException($"novacow.control.store: {e.Message}", e);
            }
        }
    }
}
