using System.Diagnostics;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>A disk that somebody has open is left alone, whoever it is and however.</summary>
public abstract class DiskLeaseTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private ChangeLab? _lab;

    public static TheoryData<string> Changes => [.. s_changes.Keys];

    private static readonly Dictionary<string, Func<BaseVolume, DiskChange>> s_changes = new()
    {
        ["grow"] = _ => new DiskChange.Grow(64 * MiB),
        ["flatten"] = _ => new DiskChange.Flatten(),
        ["rebase"] = volume => new DiskChange.Rebase(volume.Key),
    };

    private protected abstract string? Root { get; }

    private ChangeLab Lab => _lab ??= new ChangeLab(Root);

    public void Dispose()
    {
        _lab?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_disk_that_a_guest_has_open_is_refused(string change)
    {
        TestTool.Need("qemu-io");
        var (disk, asked) = await DiskAsync(DriverName.Qcow2, change);
        using var guest = Start("qemu-io", "-f", "qcow2", disk.Disk.Path);
        await guest.StandardInput.WriteLineAsync("length");
        await guest.StandardInput.FlushAsync();
        while (!(await ReadAsync(guest)).Contains("MiB", StringComparison.Ordinal))
        {
        }

        await AssertRefusedAsync(disk, asked);
        await guest.StandardInput.WriteLineAsync("quit");
        await guest.WaitForExitAsync();
        await Lab.ChangeAsync(DriverName.Qcow2, disk, asked);
    }

    [Fact]
    public async Task A_disk_that_a_server_of_blocks_only_reads_is_refused()
    {
        TestTool.Need("qemu-nbd");
        var (disk, asked) = await DiskAsync(DriverName.Qcow2, "flatten");
        using var folder = new TempFolder();
        var socket = folder.File("socket");
        using var server = Start(
            "qemu-nbd", "-r", "-t", "-f", "qcow2", "-k", socket, disk.Disk.Path);
        try
        {
            var clock = Stopwatch.StartNew();
            while (!HasOpen(server, disk.Disk.Path) && clock.Elapsed < s_patience)
                await Task.Yield();
            await AssertRefusedAsync(disk, asked);
        }
        finally
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        await Lab.ChangeAsync(DriverName.Qcow2, disk, asked);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_disk_under_a_loop_device_is_refused(bool isReadOnly)
    {
        TestTool.Need("losetup");
        var (disk, asked) = await DiskAsync(DriverName.Copy, "grow");
        string[] options = isReadOnly ? ["-r", "-f", "--show"] : ["-f", "--show"];
        var (code, device, error) = await TestTool.TryRunAsync(
            "losetup", [.. options, disk.Disk.Path]);
        if (code != 0)
            Assert.Skip($"no loop device can be had here: {error.Trim()}");
        try
        {
            await AssertRefusedAsync(disk, asked);
        }
        finally
        {
            await TestTool.RunAsync("losetup", "-d", device.Trim());
        }

        await Lab.ChangeAsync(DriverName.Copy, disk, asked);
    }

    [Fact]
    public async Task Who_opens_a_disk_during_a_change_gets_it_as_it_was()
    {
        TestTool.Need("qemu-img", "qemu-io");
        var (disk, asked) = await DiskAsync(DriverName.Qcow2, "flatten");
        var before = await Lab.ReadAsync(disk.Disk);
        var inode = (await TestTool.RunAsync("stat", "-c", "%i", disk.Disk.Path)).Trim();
        Task<FileStream>? opener = null;
        var progress = new Immediately(_ =>
        {
            if (opener is not null)
                return;

            // It waits in the kernel, until the change has noticed it and given up.
            opener = Task.Factory.StartNew(
                () => new FileStream(disk.Disk.Path, FileMode.Open, FileAccess.ReadWrite),
                default,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            SpinWait.SpinUntil(() => IsBreaking(inode), s_patience);
        });
        var error = await Assert.ThrowsAsync<PortException>(
            () => Lab.ChangeAsync(DriverName.Qcow2, disk, asked, progress));

        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        await (await opener!.WaitAsync(s_patience)).DisposeAsync();
        Assert.Single(ChangeLab.FilesBeside(disk.Disk));
        await ChangeLab.AssertReadsAsync(before, disk.Disk);
        Assert.Null((await Lab.ChangeAsync(DriverName.Qcow2, disk, asked)).BackingFile);
    }

    [Fact]
    public async Task Who_only_reads_a_disk_does_not_stop_its_rewriting()
    {
        var (disk, asked) = await DiskAsync(DriverName.Qcow2, "flatten");
        var progress = new Immediately(_ => File.ReadAllBytes(disk.Disk.Path));
        var flat = await Lab.ChangeAsync(DriverName.Qcow2, disk, asked, progress);
        Assert.Null(flat.BackingFile);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Where_there_are_no_leases_the_locks_of_qemu_refuse(bool isReader)
    {
        TestTool.Need("qemu-io");
        var (disk, _) = await DiskAsync(DriverName.Qcow2, "grow");
        string[] options = isReader ? ["-r", "-f", "qcow2"] : ["-f", "qcow2"];
        using (Take())
        {
            var (code, _, said) = await TestTool.TryRunAsync(
                "qemu-io", [.. options, "-c", "length", disk.Disk.Path]);
            Assert.Equal(isReader, code == 0);
            Assert.Equal(!isReader, said.Contains("lock", StringComparison.Ordinal));
        }

        using var guest = Start("qemu-io", [.. options, disk.Disk.Path]);
        await guest.StandardInput.WriteLineAsync("length");
        await guest.StandardInput.FlushAsync();
        while (!(await ReadAsync(guest)).Contains("MiB", StringComparison.Ordinal))
        {
        }

        Assert.Throws<PortException>(Take);
        await guest.StandardInput.WriteLineAsync("quit");
        await guest.WaitForExitAsync();
        Take().Dispose();

        DiskLease Take() => DiskLease.Take(
            Lab.Store.Files.OpenToRead(disk.Disk.Path), disk.Disk.Path, false, hasLeases: false);
    }

    /// <summary>The server's socket may be there before it has its disk.</summary>
    private static bool HasOpen(Process process, string path) =>
        Directory.EnumerateFiles($"/proc/{process.Id}/fd")
            .Any(fd => new FileInfo(fd).LinkTarget == path);

    private async Task<(DiskOf Disk, DiskChange Change)> DiskAsync(string driver, string change)
    {
        var volume = await Lab.BaseAsync(4 * MiB, seed: 1);
        var other = await Lab.BaseAsync(4 * MiB, seed: 2);
        var disk = await Lab.DiskAsync(driver, volume, "vm-1", 8 * MiB);
        return (disk, s_changes[change](other));
    }

    private async Task AssertRefusedAsync(DiskOf disk, DiskChange change)
    {
        var error = await Assert.ThrowsAsync<PortException>(
            () => Lab.ChangeAsync(disk.Disk.Driver, disk, change));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.Contains(disk.Disk.Path, error.Message);
        Assert.Contains("in use", error.Message);
        Assert.Single(ChangeLab.FilesBeside(disk.Disk));
    }

    /// <summary>The kernel's list of locks says so of a lease that somebody waits for.</summary>
    private static bool IsBreaking(string inode) => File.ReadLines("/proc/locks").Any(line =>
        line.Contains("BREAKING", StringComparison.Ordinal)
        && line.Contains($":{inode} ", StringComparison.Ordinal));

    private static async Task<string> ReadAsync(Process process) =>
        await process.StandardOutput.ReadLineAsync().WaitAsync(s_patience)
            ?? throw new InvalidOperationException("it ended");

    private static Process Start(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        return Process.Start(start)!;
    }
}

/// <summary>Progress that is told where it happens, and not later.</summary>
internal sealed class Immediately(Action<long> act) : IProgress<long>
{
    public void Report(long value) => act(value);
}

public sealed class DiskLeaseOnAnyFileSystemTests : DiskLeaseTests
{
    private protected override string? Root => null;
}

public sealed class DiskLeaseOnTmpfsTests : DiskLeaseTests
{
    private protected override string Root => "/dev/shm";
}

public sealed class DiskLeaseOnXfsTests(XfsFixture mount)
    : DiskLeaseTests, IClassFixture<XfsFixture>
{
    private protected override string Root => mount.Path;
}

public sealed class DiskLeaseOnBtrfsTests(BtrfsFixture mount)
    : DiskLeaseTests, IClassFixture<BtrfsFixture>
{
    private protected override string Root => mount.Path;
}
