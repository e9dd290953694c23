using System.Globalization;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>A command of lvm's failed. Becomes a PortException at the port.</summary>
internal sealed class LvmFailedException(string message) : IOException(message);

/// <summary>
/// Runs lvm on one volume group: argument lists only, reports as JSON, a bounded number of commands
/// at a time. It knows nothing of bases or disks.
/// </summary>
/// <remarks>lvm makes each change of a group in one step, so a command that is cut off has happened
/// or has not. None is cut off by a cancellation: it is looked at between commands.</remarks>
internal sealed class Lvm(LvmThinOptions options, StoreFiles files, string storeId)
{
    /// <summary>Commands at a time. lvm takes the group's lock in each, so that only their starts
    /// overlap.</summary>
    public const int MaxCommands = 4;

    /// <summary>A report of tens of thousands of volumes; a longer one is cut, and so refused.
    /// </summary>
    private const int MaxReportChars = 16 << 20;

    /// <summary>Volumes named in one command.</summary>
    private const int MaxNames = 64;

    private readonly SemaphoreSlim _turns = new(MaxCommands);
    private readonly SharedRead<LvmReport> _reports = new();
    private LvmReport? _last;

    public LvmThinOptions Options => options;

    /// <summary>The newest report, however old; null before the first.</summary>
    public LvmReport? LastReport => Volatile.Read(ref _last);

    /// <summary>The group as it is after this call; those who ask at one time share a command.
    /// </summary>
    public Task<LvmReport> ReportAsync() => _reports.ReadAsync(async () =>
    {
        var output = await RunAsync(
            "lvs", "--reportformat", "json", "--units", "b", "--nosuffix",
            "-o", LvmReport.Columns, options.VolumeGroup);
        var report = LvmReport.Parse(output, options.ThinPool);
        Volatile.Write(ref _last, report);
        return report;
    });

    /// <summary>Makes an active, empty thin volume.</summary>
    public Task CreateAsync(string name, long bytes, VolumeMark mark) => RunAsync([
        "lvcreate", "-y", "-ay", "-Wn", "-V", Bytes(bytes), "--thinpool", options.ThinPool,
        "-n", name, .. AddTags(mark), options.VolumeGroup]);

    /// <summary>Makes an active, writable thin snapshot, one that is activated when the host
    /// starts.</summary>
    public Task SnapshotAsync(string origin, string name, VolumeMark mark) => RunAsync([
        "lvcreate", "-y", "-s", "-ay", "-kn", "-prw", "-n", name, .. AddTags(mark), Full(origin)]);

    public Task ExtendAsync(string name, long bytes) =>
        RunAsync("lvextend", "-y", "-L", Bytes(bytes), Full(name));

    /// <summary>Makes a volume what it is to be for good: whole, read-only, not active, and not
    /// activated when the host starts.</summary>
    public Task SealAsync(string name) => RunAsync([
        "lvchange", "-y", "-an", "-pr", "-ky",
        .. ChangeState(VolumeState.Building, VolumeState.Ready), Full(name)]);

    public Task SetStateAsync(string name, VolumeState from, VolumeState to) =>
        RunAsync(["lvchange", "-y", .. ChangeState(from, to), Full(name)]);

    public Task ActivateAsync(params IReadOnlyList<string> names) =>
        ForAllAsync(names, "lvchange", "-y", "-ay", "-K");

    public Task DeactivateAsync(string name) => RunAsync("lvchange", "-y", "-an", Full(name));

    public Task RenameAsync(string from, string to) =>
        RunAsync("lvrename", "-y", options.VolumeGroup, from, to);

    /// <summary>Deactivates and removes volumes; whatever has not this store's tag stays, even if
    /// it came to one of these names just now.</summary>
    public Task RemoveAsync(params IReadOnlyList<string> names)
    {
        var guard = $"lv_tags={{{VolumeMark.OfStore(storeId)}}}";
        return ForAllAsync(names, "lvremove", "-y", "-f", "-S", guard);
    }

    /// <summary>The names of the host's volume groups.</summary>
    public Task<string> GroupsAsync() =>
        RunAsync("vgs", "--reportformat", "json", "-o", "vg_name");

    public Task ActivatePoolAsync() => RunAsync("lvchange", "-y", "-ay", options.PoolName);

    public string DevicePath(string name) =>
        $"{options.DeviceFolder}/{options.VolumeGroup}/{name}";

    /// <summary>Runs another tool of the pool's in the same way.</summary>
    public Task<string> RunToolAsync(Tool tool, params string[] arguments)
    {
        var path = options.ToolFolder is { } folder
            ? Path.Combine(folder, tool.Name)
            : tool.Locate();
        return RunProcessAsync(tool.Name, [path, .. arguments]);
    }

    private async Task ForAllAsync(IReadOnlyList<string> names, params string[] command)
    {
        foreach (var some in names.Chunk(MaxNames))
            await RunAsync([.. command, .. some.Select(Full)]);
    }

    private Task<string> RunAsync(params IReadOnlyList<string> arguments) => RunProcessAsync(
        arguments[0], [options.LvmPath ?? LvmTools.Lvm.Locate(), .. arguments]);

    private async Task<string> RunProcessAsync(string name, IReadOnlyList<string> command)
    {
        await _turns.WaitAsync();
        try
        {
            files.Step(name, command[^1]);
            var result = await SandboxedProcess.RunAsync(
                command,
                "/",
                options.CommandTimeout,
                onOutput: null,
                CancellationToken.None,
                MaxReportChars);
            if (result.ExitCode == 0 && !result.TimedOut)
                return result.Output;
            throw new LvmFailedException(result.TimedOut
                ? $"{name} did not end within {options.CommandTimeout}"
                : $"{name} failed with {result.ExitCode}: {Complaint(result.Error)}");
        }
        finally
        {
            _turns.Release();
        }
    }

    private IEnumerable<string> AddTags(VolumeMark mark) =>
        mark.Tags(storeId).SelectMany(tag => (string[])["--addtag", tag]);

    private static string[] ChangeState(VolumeState from, VolumeState to) =>
        ["--deltag", VolumeMark.Of(from), "--addtag", VolumeMark.Of(to)];

    private string Full(string name) => $"{options.VolumeGroup}/{name}";

    private static string Bytes(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{bytes}b");

    /// <summary>The first thing that is no warning, short and without controls.</summary>
    private static string Complaint(string error)
    {
        var lines = error.Split(
            '\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var line = lines.FirstOrDefault(l => !l.StartsWith("WARNING", StringComparison.Ordinal))
            ?? "no reason given";
        return string.Concat(line.Take(300).Select(c => char.IsControl(c) ? '?' : c));
    }
}

/// <summary>The programs of a thin pool.</summary>
internal static class LvmTools
{
    public static Tool Lvm { get; } = new("lvm", "lvm2");

    public static Tool DmSetup { get; } = new("dmsetup", "dmsetup");

    public static Tool ThinLs { get; } = new("thin_ls", "thin-provisioning-tools");
}
