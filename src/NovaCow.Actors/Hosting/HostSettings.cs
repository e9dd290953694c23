using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Hosting;

/// <summary>What a host is: its name and the ports to its disk and its sources of images.</summary>
public sealed record HostSettings
{
    /// <summary>The host's name in the cluster.</summary>
    public required HostId Id { get; init; }

    /// <summary>Unique to this life of the process.</summary>
    public required string Incarnation { get; init; }

    /// <summary>What it offers to instances.</summary>
    public required HostCapacity Capacity { get; init; }

    /// <summary>What its operator says of it, by name.</summary>
    public IReadOnlyList<HostLabel> Labels { get; init; } = [];

    /// <summary>Its own overcommit ratios; null: the cluster's.</summary>
    public HostOvercommit? Overcommit { get; init; }

    /// <summary>Make bases and clones.</summary>
    public required VolumeDriverSet Drivers { get; init; }

    /// <summary>Keeps the instances' records and the downloads.</summary>
    public required IHostStore Store { get; init; }

    /// <summary>Fetch images; the first that handles a URI gets it.</summary>
    public required IReadOnlyList<IImageSource> Sources { get; init; }

    /// <summary>Judges what was fetched.</summary>
    public required IImageInspector Inspector { get; init; }

    /// <summary>Looks at other systems' instances; null: this host adopts none.</summary>
    public IForeignFolders? ForeignFolders { get; init; }

    /// <summary>Lends disks of instances that leave; null: none leaves.</summary>
    public TransferDesk? Transfers { get; init; }

    /// <summary>Runs the instances' machines; null: disks are the result.</summary>
    public HostMachines? Machines { get; init; }

    /// <summary>Describes machines for whoever starts them otherwise; null: nobody does.</summary>
    public Func<MachineSpec, MachineDescription>? Describe { get; init; }

    /// <summary>Reads and bounds guests' consoles; null: there are none.</summary>
    public IConsoles? Consoles { get; init; }

    /// <summary>Makes images of disks; null: none are made.</summary>
    public ICapturesDisks? Captures { get; init; }

    /// <summary>Where other hosts reach this one; null: no instance leaves or comes.</summary>
    public string? Address { get; init; }

    /// <summary>Where its store lies on a file system that it shares; null: on none.</summary>
    public SharedStore? SharedStore { get; init; }

    /// <summary>Reads the stores of dead hosts on that file system; null: none is taken over.
    /// </summary>
    public IDeadStores? DeadStores { get; init; }

    /// <summary>What other hosts left in this one's store; null: nothing.</summary>
    public IStoreFences? Fences { get; init; }

    /// <summary>The host's bounds.</summary>
    public HostLimits Limits { get; init; } = new();

    /// <summary>0 to 1, to spread retries; a constant in tests.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;
}

/// <summary>A host's bounds and rhythms, each of them named.</summary>
public sealed record HostLimits
{
    /// <summary>The most bases that are fetched or built at a time; others queue.</summary>
    public int MaxBuilds { get; init; } = 4;

    /// <summary>The most bases that are fetched from one source at a time; others queue.</summary>
    public int MaxFetchesPerSource { get; init; } = 4;

    /// <summary>The bytes that bases may take before some are evicted; null: as many as there is
    /// room for. What may not be evicted may take more.</summary>
    public long? CacheBudgetBytes { get; init; }

    /// <summary>How often it is saved how bases were used.</summary>
    public TimeSpan SaveUsesEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The most instances whose disks are changed at a time; others queue.</summary>
    public int MaxChanges { get; init; } = 2;

    /// <summary>The most disks that wait for one base; more are refused as Busy.</summary>
    public int MaxWaitersPerBase { get; init; } = 10_000;

    /// <summary>Bytes of the store that nothing may use up.</summary>
    public long SpaceMarginBytes { get; init; } = 256L << 20;

    /// <summary>The largest image that this host fetches, in bytes.</summary>
    public long MaxImageBytes { get; init; } = 1L << 40;

    /// <summary>The pauses between tries to make a base that failed.</summary>
    public Backoff BaseRetry { get; init; } =
        new(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5));

    /// <summary>How long a download that broke off is kept for the next try.</summary>
    public TimeSpan KeepDownload { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The pauses between tries to remove what would not go.</summary>
    public Backoff RemovalRetry { get; init; } =
        new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));

    /// <summary>How often the host says how it is.</summary>
    public TimeSpan ReportEvery { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How fast bases are read to be verified, in bytes per second.</summary>
    public long ScrubBytesPerSecond { get; init; } = 64L << 20;

    /// <summary>How often every base is verified; null: on order only.</summary>
    public TimeSpan? ScrubEvery { get; init; }

    /// <summary>How long after its making a base whose bytes nothing vouches for is sealed.
    /// </summary>
    public TimeSpan SealAfter { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often all disks are measured.</summary>
    public TimeSpan MeasureEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>By what bases are chosen that make room for others.</summary>
    public EvictionRules Eviction { get; init; } = new();

    /// <summary>How often at most a base or a change that comes further says so.</summary>
    public TimeSpan ProgressEvery { get; init; } = TimeSpan.FromMilliseconds(500);
}
