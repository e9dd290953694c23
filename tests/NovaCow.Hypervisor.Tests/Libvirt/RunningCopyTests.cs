using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using Xunit;

namespace NovaCow.Hypervisor.Tests.Libvirt;

[Collection(LibvirtCollection.Name)]
public sealed class RunningCopyTests(EmbeddedLibvirt libvirt)
{
    private const int SectorBytes = 512;

    [Fact]
    public async Task A_copy_of_a_running_disk_holds_what_the_guest_wrote_and_what_its_base_holds()
    {
        var (machine, content) = await RunOverlayAsync(mebibytes: 16);
        Array.Copy(content, 0, content, SectorBytes, SectorBytes);
        var before = Xml(machine);
        var target = Path.Combine(libvirt.Folder, $"{machine.Id}.copy");
        var progress = new Reported();

        await libvirt.Hypervisor.CopyDiskAsync(
            machine.Id, DiskName.Root, target, progress, default);

        var copied = await File.ReadAllBytesAsync(target);
        Assert.True(content.SequenceEqual(copied));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(target));
        Assert.Equal(content.Length, progress.Last);
        Assert.True(await KibibytesOf(target) < 4096);
        Assert.Equal(before, Xml(machine));
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_copy_that_is_given_up_ends_before_the_call_does_and_the_next_one_works()
    {
        var (machine, _) = await RunOverlayAsync(mebibytes: 256, isFull: true);
        var target = Path.Combine(libvirt.Folder, $"{machine.Id}.copy");

        await Until.GivenUpAsync(
            token => libvirt.Hypervisor.CopyDiskAsync(
                machine.Id, DiskName.Root, target, null, token),
            () => File.Exists(target),
            () =>
            {
                File.Delete(target);
                return Task.CompletedTask;
            });

        File.Delete(target);
        await libvirt.Hypervisor.CopyDiskAsync(machine.Id, DiskName.Root, target, null, default);
        Assert.Equal(256 << 20, new FileInfo(target).Length);
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_copy_that_was_begun_before_a_crash_gives_way_to_the_next_one_of_its_file()
    {
        var (machine, _) = await RunOverlayAsync(mebibytes: 512, isFull: true);
        var target = Path.Combine(libvirt.Folder, $"{machine.Id}.copy");
        using (var domain = libvirt.Other.Find(DomainIdentity.NameOf(machine.Id))!)
        {
            SparseFile.Create(target, 512 << 20, null);
            domain.BeginBackup(RunningCopy.Xml(["vda"], "vda", target));
            Assert.NotNull(domain.BackupXml());
        }

        File.Delete(target);

        await libvirt.Hypervisor.CopyDiskAsync(machine.Id, DiskName.Root, target, null, default);

        Assert.Equal(512 << 20, new FileInfo(target).Length);
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_copy_of_a_machine_that_ends_meanwhile_fails()
    {
        var (machine, _) = await RunOverlayAsync(mebibytes: 512, isFull: true);
        var target = Path.Combine(libvirt.Folder, $"{machine.Id}.copy");

        // Looked up before, so that the copy has no time to end.
        using var emulator = Process.GetProcessById(libvirt.ProcessOf(machine.Id));

        var copy = libvirt.Hypervisor.CopyDiskAsync(
            machine.Id, DiskName.Root, target, null, default);
        emulator.Kill();

        var failure = await Assert.ThrowsAsync<PortException>(() => copy);
        TestContext.Current.TestOutputHelper?.WriteLine(failure.Message);
        Assert.Contains($"machine {machine.Id}: ", failure.Message);
        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
    }

    [Fact]
    public async Task A_copy_that_has_no_room_or_no_machine_says_so()
    {
        var (machine, _) = await RunOverlayAsync(mebibytes: 16);

        var failure = await Assert.ThrowsAsync<PortException>(() => CopyAsync("/nowhere/copy"));
        Assert.Contains("disk root could not be copied to /nowhere/copy", failure.Message);
        failure = await Assert.ThrowsAsync<PortException>(() => libvirt.Hypervisor.CopyDiskAsync(
            machine.Id, DiskName.Swap, Path.Combine(libvirt.Folder, "x"), null, default));
        Assert.Contains("it has no disk swap", failure.Message);

        await libvirt.Hypervisor.RemoveAsync(machine.Id, default);
        failure = await Assert.ThrowsAsync<PortException>(() => CopyAsync("/nowhere/copy"));
        Assert.Equal(LaunchErrorCode.InvalidRequest, failure.Error.Code);

        Task CopyAsync(string target) => libvirt.Hypervisor.CopyDiskAsync(
            machine.Id, DiskName.Root, target, null, default);
    }

    /// <summary>A machine on an overlay, whose base has data at its middle.</summary>
    /// <param name="mebibytes">Its size.</param>
    /// <param name="isFull">Whether the base's zeroes are written out, which takes long to copy.
    /// </param>
    private async Task<(MachineSpec Machine, byte[] Content)> RunOverlayAsync(
        int mebibytes, bool isFull = false)
    {
        var content = new byte[mebibytes << 20];
        BootSectors.WritesItselfAgain.CopyTo(content, 0);
        new Random(mebibytes).NextBytes(content.AsSpan(content.Length / 2, 1 << 20));
        var machine = libvirt.NewMachine(BootSectors.Idles);
        var root = machine.Disks[0];
        if (isFull)
        {
            await File.WriteAllBytesAsync(root.Path, content);
        }
        else
        {
            using var file = File.OpenHandle(root.Path, FileMode.Create, FileAccess.Write);
            RandomAccess.SetLength(file, content.Length);
            RandomAccess.Write(file, content.AsSpan(0, SectorBytes), 0);
            RandomAccess.Write(
                file, content.AsSpan(content.Length / 2, 1 << 20), content.Length / 2);
        }

        var overlay = Path.ChangeExtension(root.Path, "qcow2");
        await RunAsync(
            "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", root.Path, overlay);
        machine = machine with
        {
            Disks = [root with { Path = overlay, Format = "qcow2", BackingPath = root.Path }],
        };
        await libvirt.Hypervisor.EnsureRunningAsync(machine, default);
        await EmbeddedLibvirt.RunsAsync(machine);
        return (machine, content);
    }

    private string Xml(MachineSpec machine)
    {
        using var domain = libvirt.Other.Find(DomainIdentity.NameOf(machine.Id))!;
        return domain.Xml(inactive: false);
    }

    private static async Task<long> KibibytesOf(string path) =>
        long.Parse((await RunAsync("du", "-k", path)).Split('\t')[0]);

    private static async Task<string> RunAsync(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments)
        {
            RedirectStandardOutput = true, UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    private sealed class Reported : IProgress<long>
    {
        public long Last { get; private set; }

        public void Report(long value) => Last = value;
    }
}
