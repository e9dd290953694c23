using System.Reflection;
using NovaCow.Core;
using NovaCow.Core.Scheduling;
using NovaCow.Node.Wiring;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Configuration;
using NovaCow.Storage;

namespace NovaCow.Node.Settings;

/// <summary>
/// Reads a node's settings from HOCON over <c>hocon/reference.conf</c>. Every mistake is a
/// <see cref="ConfigurationException"/> with file, line and key.
/// </summary>
public static partial class SettingsReader
{
    private const string Root = "novacow";

    /// <summary>The settings of a file, with single keys set over it.</summary>
    /// <param name="path">A HOCON file; null for the defaults alone.</param>
    /// <param name="overrides">HOCON, such as <c>novacow.name = host-1</c>.</param>
    public static NodeSettings Load(string? path, string? overrides = null)
    {
        var reference = Reference();
        var own = path is null ? Config.Empty : ConfigurationFactory.ParseFile(path);
        if (overrides is not null)
            own = ConfigurationFactory.ParseString(overrides, "command line").WithFallback(own);
        var merged = own.WithFallback(reference).Resolve();
        merged.RefuseUnknownKeys(
        [
            .. reference.LeafPaths().Select(leaf => leaf.Path),
            $"{Root}.flavors.*", $"{Root}.control.ephemeral-fs.*", $"{Root}.host.labels.*",
        ]);
        return Read(merged.GetConfig(Root));
    }

    /// <summary>The defaults, as the program carries them.</summary>
    public static Config Reference()
    {
        using var stream = Assembly.GetExecutingAssembly()
            .GetManifestResourceStream("reference.conf")!;
        using var reader = new StreamReader(stream);
        return ConfigurationFactory.ParseString(reader.ReadToEnd(), "reference.conf");
    }

    private static NodeSettings Read(Config c)
    {
        var roles = Roles(c);
        var listen = Url(c, "api.listen");
        return new NodeSettings
        {
            IsControl = roles.Contains("control"),
            IsHost = roles.Contains("host"),
            Name = Name(c),
            LogLevel = Level(c),
            Listen = listen,
            Advertise = c.HasPath("api.advertise") ? Url(c, "api.advertise") : listen,
            Tls = TlsSettings.Read(c),
            Control = ReadControl(c.GetConfig("control")),
            Host = ReadHost(c.GetConfig("host"), Seeds(c)),
            Images = ReadImages(c.GetConfig("images")),
            Flavors = FlavorReader.ReadFlavors(c.GetConfig("flavors")),
        };
    }

    private static ControlSettings ReadControl(Config c) => new()
    {
        Store = ReadStore(c),
        Lease = Positive(c, "lease"),
        HostGrace = Positive(c, "host-grace"),
        LaunchDeadline = Positive(c, "launch-deadline"),
        MaxWaiting = AtLeast(c, "max-waiting", 1),
        MaxWaitingPerProject = c.HasPath("max-waiting-per-project")
            ? AtLeast(c, "max-waiting-per-project", 1) : null,
        MaxAttempts = AtLeast(c, "max-attempts", 1),
        StagingPath = FilePath(c, "staging"),
        EphemeralFileSystems = FlavorReader.ReadFileSystems(c.GetConfig("ephemeral-fs")),
        Prefer = Preference(c),
        Crowding = c.GetTimeSpan("placement.crowding", allowInfinite: false),
        Precache = (AtLeast(c, "precache.per-host", 1), AtLeast(c, "precache.per-source", 1)),
        Overcommit = (Ratio(c, "overcommit.vcpus"), Ratio(c, "overcommit.memory"),
            Ratio(c, "overcommit.disk")),
    };

    private static StoreSettings ReadStore(Config c)
    {
        var access = new StoreAccess(
            Optional(c, "postgres.password-file"),
            c.GetBoolean("postgres.migrate"),
            Optional(c, "postgres.role"));
        return StoreSettings.TryParse(c.GetString("store"), access, out var store, out var problem)
            ? store! : throw Wrong(c, "store", problem);
    }

    private static string? Optional(Config c, string key) =>
        c.HasPath(key) ? c.GetString(key) : null;

    private static HostSettings ReadHost(Config c, IReadOnlyList<Uri> seeds) => new()
    {
        Seeds = seeds,
        StorePath = FilePath(c, "store"),
        SharedStore = ReadSharedStore(c),
        Driver = Driver(c),
        Lvm = Driver(c) == DriverName.LvmThin ? ReadLvm(c.GetConfig("lvm")) : null,
        DiskOwner = c.HasPath("disk-owner.uid") || c.HasPath("disk-owner.gid")
            ? new DiskOwner(UserId(c, "disk-owner.uid"), UserId(c, "disk-owner.gid"))
            : null,
        Hypervisor = HypervisorSettings.Read(c.GetConfig("hypervisor")),
        Adopt = Adopt(c),
        VCpus = c.HasPath("vcpus") ? AtLeast(c, "vcpus", 1) : null,
        MemoryBytes = c.HasPath("memory") ? c.GetByteSize("memory") : null,
        Labels = ReadLabels(c),
        Overcommit = ReadOvercommit(c.GetConfig("overcommit")),
        MaxBuilds = AtLeast(c, "max-builds", 1),
        MaxFetchesPerSource = AtLeast(c, "max-fetches-per-source", 1),
        CacheBudgetBytes = c.HasPath("cache-budget") ? c.GetByteSize("cache-budget") : null,
        MaxChanges = AtLeast(c, "max-changes", 1),
        ChangeBytesPerSecond = ChangeRate(c),
        ReserveBytes = c.GetByteSize("reserve"),
        MaxWaiters = AtLeast(c, "max-waiters", 1),
        Report = Positive(c, "report"),
        ScrubRate = Rate(c, "scrub-rate"),
        ScrubEvery = c.HasPath("scrub-every") ? Positive(c, "scrub-every") : null,
        MeasureEvery = Positive(c, "measure-every"),
        SandboxUid = UserId(c, "sandbox.uid"),
        SandboxGid = UserId(c, "sandbox.gid"),
    };

    private static ImageSettings ReadImages(Config c) => new()
    {
        FileRoots = c.GetStringList("file.roots"),
        AllowedHosts = c.GetStringList("http.allowed-hosts"),
        MaxDownloadBytes = c.GetByteSize("max-download"),
        MaxVirtualSizeBytes = c.GetByteSize("max-virtual-size"),
        StallTimeout = Positive(c, "http.stall-timeout"),
        Tries = AtLeast(c, "http.tries", 1),
    };

    private static HashSet<string> Roles(Config c)
    {
        var roles = c.GetStringList("roles").ToHashSet();
        return roles.Count > 0 && roles.IsSubsetOf(["control", "host"])
            ? roles
            : throw Wrong(c, "roles", "expected a list of control, host, or both");
    }

    private static LvmThinOptions ReadLvm(Config c)
    {
        foreach (var key in (string[])["group", "pool"])
        {
            if (!c.HasPath(key))
                throw Wrong(c, key, "the driver lvm-thin needs a volume group and a thin pool");
        }

        return new LvmThinOptions
        {
            VolumeGroup = c.GetString("group"),
            ThinPool = c.GetString("pool"),
            DataHighWaterPercent = AtLeast(c, "data-high-water", 1),
            MetadataHighWaterPercent = AtLeast(c, "metadata-high-water", 1),
        };
    }

    private static IReadOnlyList<string> Adopt(Config c)
    {
        var folders = c.GetStringList("adopt");
        var bad = folders.FirstOrDefault(f => Path.GetFullPath(f) != f.TrimEnd('/'));
        return bad is null
            ? folders
            : throw Wrong(c, "adopt", $"'{bad}': expected an absolute path without '..'");
    }

    private static string Driver(Config c)
    {
        if (!c.GetBoolean("use-cow"))
            return DriverName.Copy;
        var name = c.GetString("driver");
        return VolumeDrivers.Names.Contains(name)
            ? name
            : throw Wrong(c, "driver",
                $"'{name}': expected one of {string.Join(", ", VolumeDrivers.Names)}");
    }

    // A rate that would take days for a disk is a mistake in its unit.
    private static long? ChangeRate(Config c)
    {
        if (!c.HasPath("change-rate"))
            return null;
        var rate = c.GetByteSize("change-rate");
        return rate >= 1 << 20
            ? rate
            : throw Wrong(
                c, "change-rate", $"{rate}: expected 1MiB a second or more, or null");
    }

    private static PlacementPreference Preference(Config c)
    {
        var name = c.GetString("placement.policy");
        return name switch
        {
            "ready-time" => PlacementPreference.ReadyTime,
            "spread" => PlacementPreference.Spread,
            "pack" => PlacementPreference.Pack,
            _ => throw Wrong(
                c, "placement.policy", $"'{name}': expected ready-time, spread or pack"),
        };
    }

    private static uint UserId(Config c, string key)
    {
        var id = c.GetLong(key);
        return id is > 0 and < uint.MaxValue
            ? (uint)id : throw Wrong(c, key, $"{id}: expected the number of an unprivileged user");
    }

    private static IReadOnlyList<Uri> Seeds(Config c)
    {
        const string key = "host.seeds";
        Uri[] seeds = [.. c.GetStringList(key).Select(text => ParseUrl(c, key, text))];
        return seeds.Length > 0
            ? seeds : throw Wrong(c, key, "expected at least one control node's URL");
    }

    private static Uri Url(Config c, string key) => ParseUrl(c, key, c.GetString(key));

    private static Uri ParseUrl(Config c, string key, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? TlsSettings.Fitting(c, key, url)
            : throw Wrong(c, key, $"'{text}': expected a URL such as http://127.0.0.1:7600");

    private static LogLevel Level(Config c)
    {
        var text = c.GetString("log-level");
        return text switch
        {
            "debug" => LogLevel.DebugLevel,
            "info" => LogLevel.InfoLevel,
            "warning" => LogLevel.WarningLevel,
            "error" => LogLevel.ErrorLevel,
            _ => throw Wrong(c, "log-level", $"'{text}': expected debug, info, warning or error"),
        };
    }

    private static HostId Name(Config c) =>
        HostId.TryParse(c.GetString("name").ToLowerInvariant(), out var id, out var problem)
            ? id : throw Wrong(c, "name", problem);

    internal static string FilePath(Config c, string key)
    {
        var path = c.GetString(key);
        return path.Length > 0 ? Path.GetFullPath(path) : throw Wrong(c, key, "expected a path");
    }

    internal static TimeSpan Positive(Config c, string key)
    {
        var time = c.GetTimeSpan(key, allowInfinite: false);
        return time > TimeSpan.Zero ? time : throw Wrong(c, key, "expected more than no time");
    }

    private static long Rate(Config c, string key)
    {
        var rate = c.GetByteSize(key);
        return rate >= 1 << 20
            ? rate : throw Wrong(c, key, $"{rate}: expected 1MiB (a second) or more");
    }

    internal static int AtLeast(Config c, string key, int least)
    {
        var value = c.GetInt(key);
        return value >= least
            ? value : throw Wrong(c, key, $"{value}: expected {least} or more");
    }

    private static double Ratio(Config c, string key)
    {
        var value = c.GetDouble(key);
        return value is >= 0.1 and <= 1000
            ? value : throw Wrong(c, key, $"{value}: expected a ratio of 0.1 to 1000");
    }

    internal static ConfigurationException Wrong(Config c, string key, string problem) =>
        new(problem, c.GetOrigin(key), c.Qualify(key));
}
