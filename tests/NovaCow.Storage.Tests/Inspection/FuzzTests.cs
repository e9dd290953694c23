using System.Text.Json;
using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests.Inspection;

/// <summary>Thousands of spoiled images, each of which must get a verdict within bounds; and what
/// is accepted must name no other file by qemu's own reading.</summary>
public sealed class FuzzTests(RealImages images) : IClassFixture<RealImages>
{
    private const int SeedsPerImage = 400;
    private const int AcceptedToShowQemu = 12;
    private const long MaxAllocatedBytes = 64L << 20;

    // Nothing but megabytes of empty map.
    private static readonly string[] s_slow = ["vdi blank", "vmdk blank"];

    public static TheoryData<string> Names { get; } =
    [
        .. RealImages.All.Values
            .Where(image => image.Format != DiskFormat.Raw && !s_slow.Contains(image.Name))
            .Select(image => image.Name),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_spoiled_image_gets_a_verdict_within_bounds(string name)
    {
        var image = RealImages.All[name];
        var bytes = File.ReadAllBytes(images.PathOf(image));
        var shown = 0;
        for (var seed = 0; seed < SeedsPerImage; seed++)
        {
            var mutation = new Mutation(bytes, seed);
            var declared = seed % 2 == 0 ? image.Format : (DiskFormat?)null;
            var verdict = Judge(bytes.AsMemory(0, mutation.Length), declared, $"{name}, {seed}");
            if (verdict is InspectionVerdict.Accepted accepted && shown < AcceptedToShowQemu)
            {
                shown++;
                AssertQemuAgrees(
                    bytes.AsMemory(0, mutation.Length), accepted, $"{name}, seed {seed}");
            }

            mutation.Undo();
        }
    }

    private static InspectionVerdict Judge(
        ReadOnlyMemory<byte> bytes, DiskFormat? declared, string what)
    {
        var source = new Counting(bytes);
        var before = GC.GetAllocatedBytesForCurrentThread();
        InspectionVerdict verdict;
        try
        {
            verdict = new ImageInspector().Inspect(source, declared);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{what}: {e.Message}", e);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated < MaxAllocatedBytes, $"{what}: allocated {allocated} bytes");
        Assert.True(
            source.BytesRead < (3L * bytes.Length) + (64 << 10),
            $"{what}: read {source.BytesRead} of {bytes.Length} bytes");
        return verdict;
    }

    private void AssertQemuAgrees(
        ReadOnlyMemory<byte> bytes, InspectionVerdict.Accepted accepted, string what)
    {
        var path = images.NewPath();
        using (var file = File.Create(path))
            file.Write(bytes.Span);

        var format = accepted.Format switch
        {
            DiskFormat.Vhd => "vpc",
            DiskFormat.Iso => "raw",
            _ => accepted.Format.ToString().ToLowerInvariant(),
        };
        var info = QemuImg.Info(format, path);
        File.Delete(path);
        if (info is not { } seen)
            return;

        Assert.False(seen.TryGetProperty("backing-filename", out _), what);
        Assert.DoesNotContain("data-file\":", seen.ToString());
        Assert.True(
            accepted.VirtualSizeBytes == seen.GetProperty("virtual-size").GetInt64(),
            $"{what}: {accepted.VirtualSizeBytes} bytes, but qemu sees {Text(seen)}");
    }

    private static string Text(JsonElement info) => info.GetProperty("virtual-size").ToString();

    private sealed class Counting(ReadOnlyMemory<byte> bytes) : IRandomAccess
    {
        private readonly MemoryRandomAccess _bytes = new(bytes);

        public long BytesRead { get; private set; }

        public long Length => _bytes.Length;

        public int Read(long offset, Span<byte> buffer)
        {
            BytesRead += buffer.Length;
            return _bytes.Read(offset, buffer);
        }
    }
}
