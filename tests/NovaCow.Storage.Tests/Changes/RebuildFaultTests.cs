using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>A rebuild with the publication of its record and the removal of the old disk, stopped
/// before each of its steps, or failed at each, and then looked at by a new process.</summary>
public abstract class RebuildFaultTests
{
    private const long MiB = TestImages.MiB;
    private static readonly InstanceId s_id = InstanceId.Parse("vm-1");

    private protected abstract string? Root { get; }

    private protected abstract (string From, string To)[] Cases { get; }

    [Fact]
    public Task A_crash_before_any_step_leaves_the_whole_old_or_the_whole_new_disk() =>
        ForEachAsync(async (lab, faults, step) =>
        {
            faults.CrashAt(step);
            await Assert.ThrowsAsync<CrashException>(lab.RebuildAsync);
        });

    [Fact]
    public Task An_error_at_any_step_is_told_and_the_rebuild_can_be_tried_again() => ForEachAsync(
        async (lab, faults, step) =>
        {
            faults.FailAt(step, LibC.EIO);
            var error = await Assert.ThrowsAsync<PortException>(lab.RebuildAsync);
            Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
            faults.Count();
            await lab.RebuildAsync();
            await lab.AssertRebuiltAsync();
        });

    private async Task ForEachAsync(Func<FaultLab, FaultInjector, int, Task> act)
    {
        TestTool.Need("qemu-img", "qemu-io");
        foreach (var (from, to) in Cases)
        {
            var steps = 1;
            for (var step = -1; step < steps; step++)
            {
                var faults = new FaultInjector();
                using var lab = await FaultLab.OpenAsync(Root, faults, from, to);
                faults.Count();
                if (step < 0)
                {
                    await lab.RebuildAsync();
                    steps = faults.Steps.Count;
                    Assert.InRange(steps, 1, 60);
                }
                else
                {
                    await act(lab, faults, step);
                }

                faults.Count();
                await lab.CheckAfterStartAsync($"{from} to {to}, step {step}");
            }
        }
    }

    private sealed class FaultLab(ChangeLab lab, string to, BaseVolume next, string before)
        : IDisposable
    {
        public static async Task<FaultLab> OpenAsync(
            string? root, FaultInjector faults, string from, string to)
        {
            var lab = new ChangeLab(root, faults);
            var volume = await lab.BaseAsync(2 * MiB, seed: 1);
            var next = await lab.BaseAsync(2 * MiB, seed: 2);
            var disk = await lab.DiskAsync(from, volume, s_id.Value, 3 * MiB);
            await ChangeLab.WriteAsync(disk.Disk, seed: 1, writes: 4);
            return new FaultLab(lab, to, next, await lab.ReadAsync(disk.Disk));
        }

        public async Task RebuildAsync()
        {
            var record = Assert.Single(await lab.Store.ListInstancesAsync(default));
            var old = Assert.Single(record.Disks);
            var anew = await lab.ChangeAsync(
                to, new DiskOf(s_id, old), new DiskChange.Rebuild(next.Key));
            await lab.Store.SaveInstanceAsync(record with { Disks = [anew] }, default);
            await lab.Driver(old.Driver).DeleteDiskAsync(s_id, old.Name, default);
        }

        public async Task AssertRebuiltAsync()
        {
            var record = Assert.Single(await lab.Store.ListInstancesAsync(default));
            await ChangeLab.AssertReadsAsync(NextFile(), Assert.Single(record.Disks));
        }

        public async Task CheckAfterStartAsync(string why)
        {
            List<InstanceDisk> found = [];
            string[] drivers = [DriverName.Qcow2, DriverName.Reflink, DriverName.Copy];
            foreach (var driver in drivers)
            {
                var listed = await lab.Driver(driver).ListAsync(default);
                found.AddRange(listed.Disks.Values.SelectMany(d => d));
            }

            var record = Assert.Single(await lab.Store.ListInstancesAsync(default));
            var only = Assert.Single(found);
            Assert.True(Assert.Single(record.Disks).Path == only.Path, why);
            Assert.Equal(Path.GetFileName(only.Path), Assert.Single(ChangeLab.FilesBeside(only)));
            var isOld = await TestTool.TryRunAsync(
                "qemu-img", "compare", "-f", "raw", "-F", only.Format, before, only.Path);
            await ChangeLab.AssertReadsAsync(isOld.Code == 0 ? before : NextFile(), only);
        }

        public void Dispose() => lab.Dispose();

        private string NextFile() => lab.Store.Layout.BaseData(next.Key);
    }
}

public sealed class RebuildFaultsOnAnyFileSystemTests : RebuildFaultTests
{
    private protected override string? Root => null;

    private protected override (string From, string To)[] Cases { get; } =
    [
        (DriverName.Qcow2, DriverName.Qcow2),
        (DriverName.Copy, DriverName.Copy),
        (DriverName.Copy, DriverName.Qcow2),
    ];
}

public sealed class RebuildFaultsOnXfsTests(XfsFixture mount)
    : RebuildFaultTests, IClassFixture<XfsFixture>
{
    private protected override string Root => mount.Path;

    private protected override (string From, string To)[] Cases { get; } =
    [
        (DriverName.Reflink, DriverName.Reflink),
        (DriverName.Reflink, DriverName.Copy),
        (DriverName.Qcow2, DriverName.Reflink),
    ];
}
