using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Storage.Tests;

/// <summary>Images of disks that are removed while others are made, or read.</summary>
public sealed class CaptureRemovalTests : IDisposable
{
    private const int Rounds = 20;
    private readonly CaptureLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact]
    public async Task What_is_here_is_listed_with_its_bytes_and_whose_it_is()
    {
        TestTool.Need("qemu-io");
        Assert.Empty(await _lab.Captures.ListCapturesAsync(default));
        var (one, two) = (
            await _lab.DiskAsync(DriverName.Qcow2),
            await _lab.DiskAsync(DriverName.Qcow2, "vm-2", seed: 2));
        var first = await _lab.Captures.CaptureAsync(
            new CaptureRequest(one.Instance, one.Disk, null) { Cluster = "ours" }, null, default);
        var second = await _lab.CaptureAsync(two);
        Assert.Equivalent(
            new[]
            {
                new HeldCapture(first.Digest, first.SizeBytes) { Cluster = "ours" },
                new HeldCapture(second.Digest, second.SizeBytes),
            },
            await _lab.Captures.ListCapturesAsync(default),
            strict: true);

        // One without its file is none.
        File.Delete(_lab.FileOf(first));
        Assert.Equal(
            [second.Digest],
            (await _lab.Captures.ListCapturesAsync(default)).Select(c => c.Digest));
        await _lab.Captures.RemoveAsync([first.Digest, second.Digest], default);
        Assert.Empty(_lab.Files());
    }

    [Fact]
    public async Task What_is_captured_after_a_removal_was_asked_for_is_there_when_both_have_ended()
    {
        TestTool.Need("qemu-io");
        var disk = await _lab.DiskAsync(DriverName.Qcow2);
        var image = await _lab.CaptureAsync(disk);
        for (var round = 0; round < Rounds; round++)
        {
            var removal = _lab.Captures.RemoveAsync([image.Digest], default);
            var again = _lab.CaptureAsync(disk);
            await Task.WhenAll(removal, again);
            Assert.Equal(image, await again);
            await using var stream = await _lab.Captures.OpenAsync(image.Digest, default);
            Assert.NotNull(stream);
        }
    }

    [Fact]
    public async Task Nothing_is_removed_while_an_image_is_being_made_that_may_have_the_same_bytes()
    {
        TestTool.Need("qemu-io");
        var disk = await _lab.DiskAsync(DriverName.Qcow2);
        var image = await _lab.CaptureAsync(disk);
        List<PortException> refused = [];
        await _lab.CaptureAsync(disk, progress: new During(() => refused.Add(
            Assert.Throws<PortException>(() =>
                _lab.Captures.RemoveAsync([image.Digest], default).GetAwaiter().GetResult()))));
        Assert.NotEmpty(refused);
        Assert.All(refused, r => Assert.True(r.Error.IsRetryable));
        Assert.Equal(2, _lab.Files().Length);
        await _lab.Captures.RemoveAsync([image.Digest], default);
        Assert.Empty(_lab.Files());
    }

    [Fact]
    public async Task A_capture_that_failed_or_was_given_up_holds_up_no_removal()
    {
        TestTool.Need("qemu-io");
        var disk = await _lab.DiskAsync(DriverName.Qcow2);
        var image = await _lab.CaptureAsync(disk);
        using (File.OpenRead(disk.Disk.Path))
            await Assert.ThrowsAsync<PortException>(() => _lab.CaptureAsync(disk));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _lab.CaptureAsync(disk, token: new CancellationToken(canceled: true)));
        await _lab.Captures.RemoveAsync([image.Digest], default);
        Assert.Empty(_lab.Files());
    }

    [Fact]
    public async Task Who_fetches_an_image_that_is_removed_gets_all_of_it()
    {
        TestTool.Need("qemu-io");
        var image = await _lab.CaptureAsync(await _lab.DiskAsync(DriverName.Qcow2));
        var whole = await File.ReadAllBytesAsync(_lab.FileOf(image));
        await using var stream = (await _lab.Captures.OpenAsync(image.Digest, default))!;
        var first = new byte[1000];
        await stream.ReadExactlyAsync(first);
        await _lab.Captures.RemoveAsync([image.Digest], default);
        Assert.Empty(_lab.Files());
        using var rest = new MemoryStream();
        await stream.CopyToAsync(rest);
        Assert.Equal(whole, (byte[])[.. first, .. rest.ToArray()]);
    }

    private sealed class During(Action act) : IProgress<long>
    {
        public void Report(long value) => act();
    }
}
