using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>A disk that is taken in, stopped before each of the steps, or failed at each of them,
/// and then looked at by a new process.</summary>
public sealed class TransferFaultTests
{
    private const long MiB = TestImages.MiB;
    private const string Vm = "vm-1";

    [Fact]
    public Task A_crash_before_any_step_leaves_nothing_once_the_host_starts_again() => ForEachAsync(
        async (take, faults, step) =>
        {
            faults.CrashAt(step);
            await Assert.ThrowsAsync<CrashException>(take);
        });

    [Fact]
    public Task An_error_at_any_step_is_told_and_leaves_nothing_once_the_host_starts_again() =>
        ForEachAsync(async (take, faults, step) =>
        {
            var noSpace = step % 2 == 0;
            faults.FailAt(step, noSpace ? LibC.ENOSPC : LibC.EIO);
            var error = await Assert.ThrowsAsync<PortException>(take);
            Assert.Equal(
                noSpace ? LaunchErrorCode.InsufficientStorage : LaunchErrorCode.VolumeDriver,
                error.Error.Code);
        });

    private static async Task ForEachAsync(Func<Func<Task>, FaultInjector, int, Task> act)
    {
        TestTool.Need("qemu-img", "qemu-io");
        foreach (var driver in (string[])[DriverName.Qcow2, DriverName.Copy])
        {
            using var from = new ChangeLab();
            var volume = await from.BaseAsync(2 * MiB, seed: 1);
            var disk = await from.DiskAsync(driver, volume, Vm, 3 * MiB);
            await ChangeLab.WriteAsync(disk.Disk, seed: 1, writes: 4);
            var expected = await from.ReadAsync(disk.Disk);
            using var sent = new MemoryStream();
            await from.Driver(driver).ExportAsync(disk.Instance, disk.Disk, sent, default);
            var steps = 1;
            for (var step = -1; step < steps; step++)
            {
                var faults = new FaultInjector();
                using var to = new ChangeLab(faults: faults, transfers: new Sent(sent.ToArray()));
                await to.BaseAsync(2 * MiB, seed: 1);
                var request = new CloneRequest(
                    disk.Instance, DiskName.Root, volume.Key, disk.Disk.VirtualSizeBytes)
                {
                    Transfer = new TransferredDisk(
                        new TransferSource("there", "t"), disk.Disk.BackingFile is not null),
                };
                faults.Count();
                if (step < 0)
                {
                    await TakeAsync();
                    steps = faults.Steps.Count;
                    Assert.InRange(steps, 1, 60);
                }
                else
                {
                    await act(TakeAsync, faults, step);
                }

                // No record names it: a start removes it, whole or not.
                faults.Count();
                var listed = await to.Driver(driver).ListAsync(default);
                Assert.Empty(listed.Disks);
                Assert.Empty(Directory.GetFileSystemEntries(to.Store.Layout.Instances));
                await TakeAsync();

                async Task TakeAsync() => await ChangeLab.AssertReadsAsync(
                    expected,
                    (await to.Driver(driver).EnsureDiskAsync(request, null, default)).Value);
            }
        }
    }

    private sealed class Sent(byte[] bytes) : ITransferClient
    {
        public Task<Stream> OpenAsync(
            TransferSource source, DiskName disk, CancellationToken cancellationToken) =>
            Task.FromResult<Stream>(new MemoryStream(bytes));
    }
}
