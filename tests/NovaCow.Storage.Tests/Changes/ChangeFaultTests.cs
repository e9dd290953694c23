using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>Each change of a disk, stopped before each of its steps, or failed at each of them, and
/// then looked at by a new process.</summary>
public abstract class ChangeFaultTests
{
    private const long MiB = TestImages.MiB;
    private const string Id = "vm-1";

    private protected abstract string? Root { get; }

    private protected abstract ChangeCase[] Cases { get; }

    [Fact]
    public Task A_crash_before_any_step_leaves_the_disk_as_it_was_or_as_asked() => ForEachAsync(
        async (lab, faults, asked, step) =>
        {
            faults.CrashAt(step);
            await Assert.ThrowsAsync<CrashException>(() => lab.ChangeAsync(asked));
        });

    [Fact]
    public Task An_error_at_any_step_is_told_and_the_change_can_be_tried_again() => ForEachAsync(
        async (lab, faults, asked, step) =>
        {
            var noSpace = step % 2 == 0;
            faults.FailAt(step, noSpace ? LibC.ENOSPC : LibC.EIO);

            // What cannot be removed after the change is removed by the next start.
            var error = await Record.ExceptionAsync(() => lab.ChangeAsync(asked));
            var failed = faults.Steps[step];
            Assert.Equal(
                noSpace ? LaunchErrorCode.InsufficientStorage : LaunchErrorCode.VolumeDriver,
                Assert.IsType<PortException>(error).Error.Code);
            if (failed.StartsWith("fsync", StringComparison.Ordinal))
                Assert.DoesNotContain(failed, faults.Steps.Skip(step + 1));
            faults.Count();
            await lab.ChangeAsync(asked);
        });

    private async Task ForEachAsync(Func<FaultLab, FaultInjector, ChangeCase, int, Task> act)
    {
        TestTool.Need("qemu-img", "qemu-io");
        foreach (var asked in Cases)
        {
            var steps = 1;
            for (var step = -1; step < steps; step++)
            {
                var faults = new FaultInjector();
                using var lab = await FaultLab.OpenAsync(Root, faults, asked.From);
                faults.Count();
                if (step < 0)
                {
                    await lab.ChangeAsync(asked);
                    steps = faults.Steps.Count;
                    Assert.InRange(steps, 1, 60);
                }
                else
                {
                    await act(lab, faults, asked, step);
                }

                faults.Count();
                await lab.CheckAfterStartAsync(asked, $"{asked}, step {step}");
            }
        }
    }

    /// <summary>A store with one disk that a guest has written to.</summary>
    private sealed class FaultLab(ChangeLab lab, DiskOf disk, BaseVolume volume, string expected)
        : IDisposable
    {
        public static async Task<FaultLab> OpenAsync(
            string? root, FaultInjector faults, string driver)
        {
            var lab = new ChangeLab(root, faults);
            var volume = await lab.BaseAsync(2 * MiB, seed: 1);
            var disk = await lab.DiskAsync(driver, volume, Id, 3 * MiB);
            await ChangeLab.WriteAsync(disk.Disk, seed: 1, writes: 4);
            return new FaultLab(lab, disk, volume, await lab.ReadAsync(disk.Disk));
        }

        public async Task<InstanceDisk> ChangeAsync(ChangeCase asked)
        {
            var made = await lab.ChangeAsync(asked.To, disk, asked.Change ?? Rebase());
            await ChangeLab.AssertReadsAsync(expected, made);
            return made;
        }

        /// <summary>Its record is as it was, as nobody has published another.</summary>
        public async Task CheckAfterStartAsync(ChangeCase asked, string why)
        {
            List<InstanceDisk> found = [];
            string[] drivers = [DriverName.Qcow2, DriverName.Reflink, DriverName.Copy];
            foreach (var driver in drivers)
            {
                var listed = await lab.Driver(driver).ListAsync(default);
                found.AddRange(listed.Disks.Values.SelectMany(d => d));
            }

            var only = Assert.Single(found);
            Assert.Equal(disk.Disk.Path, only.Path);
            Assert.True(only.Driver == asked.From || only.Driver == asked.To, why);
            Assert.Equal(Path.GetFileName(only.Path), Assert.Single(ChangeLab.FilesBeside(only)));
            await ChangeLab.AssertReadsAsync(expected, only);
        }

        public void Dispose() => lab.Dispose();

        private DiskChange.Rebase Rebase() => new(volume.Key);
    }
}

/// <summary>A change to try; no change at all is a rebase.</summary>
internal sealed record ChangeCase(string From, string To, DiskChange? Change);

public sealed class ChangeFaultsOnAnyFileSystemTests : ChangeFaultTests
{
    private protected override string? Root => null;

    private protected override ChangeCase[] Cases { get; } =
    [
        new(DriverName.Qcow2, DriverName.Qcow2, new DiskChange.Grow(1L << 30)),
        new(DriverName.Qcow2, DriverName.Qcow2, new DiskChange.Grow(5L << 40)),
        new(DriverName.Copy, DriverName.Copy, new DiskChange.Grow(1L << 30)),
        new(DriverName.Qcow2, DriverName.Qcow2, new DiskChange.Flatten()),
        new(DriverName.Copy, DriverName.Qcow2, Change: null),
    ];
}

public sealed class ChangeFaultsOnXfsTests(XfsFixture mount)
    : ChangeFaultTests, IClassFixture<XfsFixture>
{
    private protected override string Root => mount.Path;

    private protected override ChangeCase[] Cases { get; } =
    [
        new(DriverName.Reflink, DriverName.Reflink, new DiskChange.Grow(1L << 30)),
        new(DriverName.Reflink, DriverName.Reflink, new DiskChange.Flatten()),
        new(DriverName.Copy, DriverName.Reflink, Change: null),
        new(DriverName.Qcow2, DriverName.Reflink, Change: null),
        new(DriverName.Reflink, DriverName.Qcow2, Change: null),
    ];
}
