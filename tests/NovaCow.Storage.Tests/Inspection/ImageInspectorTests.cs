using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests.Inspection;

public sealed class ImageInspectorTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task A_missing_file_cannot_be_judged()
    {
        var error = await Assert.ThrowsAsync<ImageInspectionException>(() =>
            new ImageInspector().InspectAsync(_path + ".none", null, CancellationToken.None));
        Assert.Contains(_path + ".none", error.Message);
    }

    [Fact]
    public async Task A_folder_cannot_be_judged() =>
        await Assert.ThrowsAsync<ImageInspectionException>(() =>
            new ImageInspector().InspectAsync(
                Path.GetTempPath(), null, CancellationToken.None));

    [Fact]
    public void A_file_that_shrinks_meanwhile_cannot_be_judged() =>
        Assert.Throws<ImageInspectionException>(() =>
            new ImageInspector().Inspect(new Shrinking(CraftedQcow2.Version3()), null));

    [Fact]
    public void A_cancelled_inspection_stops()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => new ImageInspector().Inspect(
            new MemoryRandomAccess(CraftedQcow2.Version3()), null, cancelled.Token));
    }

    [Fact]
    public void A_sparse_file_of_two_terabytes_is_judged_by_its_first_bytes()
    {
        using (var file = File.OpenWrite(_path))
        {
            file.Write(CraftedQcow2.Version3());
            file.SetLength(2L << 40);
        }

        Assert.IsType<InspectionVerdict.Accepted>(new ImageInspector().Inspect(_path, null));
    }

    [Fact]
    public void An_odd_length_is_rounded_up_to_sectors_with_a_note()
    {
        var verdict = new ImageInspector().Inspect(
            new MemoryRandomAccess(Crafted.Raw(1000)), DiskFormat.Raw);
        var accepted = Assert.IsType<InspectionVerdict.Accepted>(verdict);
        Assert.Equal(1024, accepted.VirtualSizeBytes);
        Assert.Contains("24 zero bytes", Assert.Single(accepted.Notes));
    }

    [Fact]
    public void A_qcow2_header_of_any_length_is_never_raw()
    {
        for (var length = 4; length < 200; length += 4)
        {
            var verdict = new ImageInspector().Inspect(
                new MemoryRandomAccess(CraftedQcow2.Version3()[..length]), DiskFormat.Raw);
            Assert.Equal("qcow2", Assert.IsType<InspectionVerdict.Refused>(verdict).Detected);
        }
    }

    [Fact]
    public void A_download_cut_off_anywhere_gets_a_verdict()
    {
        byte[][] images =
        [
            CraftedQcow2.Version3(), CraftedVmdk.Sparse(), CraftedVmdk.Stream(),
            CraftedVhd.Dynamic(), CraftedVhd.Fixed(), CraftedVdi.Image(), CraftedRaw.Gpt(),
        ];
        foreach (var image in images)
        {
            for (var length = 0; length < image.Length; length += 61)
            {
                var verdict = new ImageInspector().Inspect(
                    new MemoryRandomAccess(image.AsMemory(0, length)), null);
                Assert.NotNull(verdict);
            }
        }
    }

    private sealed class Shrinking(byte[] image) : IRandomAccess
    {
        private readonly MemoryRandomAccess _bytes = new(image);

        public long Length => _bytes.Length;

        public int Read(long offset, Span<byte> buffer) =>
            offset < CraftedQcow2.Data ? _bytes.Read(offset, buffer) / (offset == 0 ? 1 : 2) : 0;
    }
}
