namespace NovaCow.Storage.Tests;

/// <summary>A volume group of fake-lvm.sh's in a folder of its own, removed with it.</summary>
internal sealed class FakePool : IDisposable
{
    public const string Group = "vg0", Pool = "pool";

    private static readonly string[] s_tools = ["lvm", "dmsetup", "thin_ls"];

    /// <summary>In memory where that is possible: disks of terabytes fit in no file of ext4's.
    /// </summary>
    public FakePool()
    {
        string[] folders = ["state/lv", "state/open", "data", $"dev/{Group}", "dev/mapper"];
        foreach (var folder in folders)
            Directory.CreateDirectory(InFolder(folder));
        File.WriteAllText(InFolder("dev/mapper/control"), "");
        File.WriteAllText(
            InFolder("state/group"), $"group={Group} extent=65536 pool_name={Pool}\n");
        File.WriteAllText(InFolder("state/pool"), """
            last_id=0
            pool_size=838860800
            pool_active=1
            pool_data=
            pool_metadata=1.00
            pool_layout=thin,pool
            pool_zero=zero
            pool_discards=passdown
            pool_health=

            """);
        var script = Path.Combine(AppContext.BaseDirectory, "LvmThin/fake-lvm.sh");
        foreach (var tool in s_tools)
            File.CreateSymbolicLink(InFolder(tool), script);
    }

    private FakePool(FakePool other) =>
        TestTool.RunAsync("cp", "-a", other.Folder, Folder).GetAwaiter().GetResult();

    public string Folder { get; } = Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
        $"novacow-lvm-{Guid.NewGuid():N}");

    /// <summary>Another pool with the same volumes.</summary>
    public FakePool Copy() => new(this);

    public LvmThinOptions Options => new()
    {
        VolumeGroup = Group,
        ThinPool = Pool,
        LvmPath = InFolder("lvm"),
        DeviceFolder = InFolder("dev"),
        ToolFolder = Folder,
    };

    /// <summary>The names of its volumes.</summary>
    public string[] Volumes =>
        [.. Directory.GetFiles(InFolder("state/lv")).Select(f => Path.GetFileName(f)).Order()];

    /// <summary>Each call since the last <see cref="Forget"/>, the tool first.</summary>
    public string[][] Calls => File.Exists(InFolder("state/log"))
        ? [.. File.ReadAllLines(InFolder("state/log"))
            .Select(l => l.TrimEnd('\x1f').Split('\x1f'))]
        : [];

    /// <summary>The calls that are no reports, as lines.</summary>
    public string[] Changes =>
    [
        .. Calls.Where(c => c is not ["lvm", "lvs" or "vgs", ..]).Select(c => string.Join(' ', c)),
    ];

    public void Forget() => File.Delete(InFolder("state/log"));

    /// <summary>Lets the call with this number, from 0, fail or die; see fake-lvm.sh.</summary>
    public void Fault(int call, string mode) =>
        File.WriteAllText(InFolder("state/fault"), $"{call} {mode}\n");

    /// <summary>After a death: the host is there again.</summary>
    public void Reboot()
    {
        File.Delete(InFolder("state/dead"));
        File.Delete(InFolder("state/fault"));
    }

    /// <summary>Changes a setting of the group or the pool.</summary>
    public void Set(string setting, string value, string of = "pool") =>
        File.AppendAllText(InFolder($"state/{of}"), $"{setting}='{value}'\n");

    public void SetOpen(string volume, bool isOpen)
    {
        var path = InFolder($"state/open/{volume}");
        if (isOpen)
            File.WriteAllText(path, "");
        else
            File.Delete(path);
    }

    private string InFolder(string path) => Path.Combine(Folder, path);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
