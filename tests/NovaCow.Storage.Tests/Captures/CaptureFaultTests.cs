using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>A capture and its removal, stopped before each of their steps, or failed at each, and
/// then looked at by a new process.</summary>
public sealed class CaptureFaultTests
{
    [Fact]
    public Task A_crash_before_any_step_leaves_a_whole_image_or_nothing() => ForEachAsync(
        async (lab, faults, step) =>
        {
            faults.CrashAt(step);
            await Assert.ThrowsAsync<CrashException>(lab.WorkAsync);
        });

    [Fact]
    public Task An_error_at_any_step_is_told_and_it_can_be_tried_again() => ForEachAsync(
        async (lab, faults, step) =>
        {
            faults.FailAt(step, step % 2 == 0 ? LibC.ENOSPC : LibC.EIO);

            // What cannot be removed after the image is there is removed by the next start.
            var error = await Record.ExceptionAsync(lab.WorkAsync);
            Assert.True(error is null or PortException, $"{error}");
            faults.Count();
            await lab.WorkAsync();
        });

    private static async Task ForEachAsync(Func<Lab, FaultInjector, int, Task> act)
    {
        TestTool.Need("qemu-io", "qemu-img");
        var steps = 1;
        for (var step = -1; step < steps; step++)
        {
            var faults = new FaultInjector();
            using var lab = await Lab.OpenAsync(faults);
            faults.Count();
            if (step < 0)
            {
                await lab.WorkAsync();
                steps = faults.Steps.Count;
                Assert.InRange(steps, 10, 60);
            }
            else
            {
                await act(lab, faults, step);
            }

            faults.Count();
            await lab.CheckAfterStartAsync();
        }
    }

    private sealed class Lab(CaptureLab lab, DiskOf disk) : IDisposable
    {
        public static async Task<Lab> OpenAsync(FaultInjector faults)
        {
            var lab = new CaptureLab(faults: faults);
            var disk = await lab.DiskAsync(DriverName.Qcow2);
            File.Copy(
                await lab.Changes.ReadAsync(disk.Disk), lab.Captures.IncomingCopy(disk.Instance));
            return new Lab(lab, disk);
        }

        /// <summary>Makes an image of the copy if it is there, of the disk if it is not, removes
        /// the image and makes it again.</summary>
        public async Task WorkAsync()
        {
            var copy = lab.Captures.IncomingCopy(disk.Instance);
            var image = await lab.CaptureAsync(disk, File.Exists(copy) ? copy : null);
            await lab.Captures.RemoveAsync([image.Digest], default);
            await lab.CaptureAsync(disk);
        }

        public async Task CheckAfterStartAsync()
        {
            lab.Changes.Store.Dispose();
            using var store = HostStore.Open(lab.Changes.Store.Root);
            var captures = new DiskCaptures(store, new ImageInspector(), CaptureLab.Address);
            var files = lab.Files();
            Assert.True(files.Length is 0 or 2, string.Join(", ", files));
            if (files.Length == 2)
            {
                var name = Path.GetFileNameWithoutExtension(files[0]);
                var digest = Digest.Parse(name.Replace('-', ':'));
                Assert.Equal(
                    digest, TestImages.DigestOf(Path.Combine(lab.Folder, $"{name}.qcow2")));
                await using var stream = await captures.OpenAsync(digest, default);
                Assert.NotNull(stream);
            }
        }

        public void Dispose() => lab.Dispose();
    }
}
