using System.Buffers.Binary;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>qcow2 files of qemu's, of every cluster size and version, read in-process; and ones
/// that lie.</summary>
public sealed class Qcow2ViewTests : IDisposable
{
    private const long MiB = TestImages.MiB;
    private const int Mutations = 400;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("compat=1.1", "cluster_size=64k")]
    [InlineData("compat=0.10", "cluster_size=64k")]
    [InlineData("compat=1.1", "cluster_size=512")]
    [InlineData("compat=1.1", "cluster_size=2M")]
    [InlineData("compat=1.1", "lazy_refcounts=on")]
    public async Task What_qemu_writes_reads_as_qemu_reads_it(string version, string option)
    {
        var (overlay, basis) = await OverlayAsync($"{version},{option}");
        var expected = _folder.File("expected");
        await TestTool.RunAsync(
            "qemu-img", "convert", "-f", "qcow2", "-O", "raw", overlay, expected);
        using var file = File.OpenHandle(overlay);
        using var backing = File.OpenHandle(basis);
        var view = new Qcow2View(file, overlay, new RawView(backing));
        var bytes = await File.ReadAllBytesAsync(expected);
        Assert.Equal(bytes.Length, view.SizeBytes);

        var read = new byte[bytes.Length + 4096];
        read.AsSpan().Fill(0xEE);
        view.Read(0, read);
        Assert.True(read.AsSpan(0, bytes.Length).SequenceEqual(bytes));
        Assert.False(read.AsSpan(bytes.Length).ContainsAnyExcept((byte)0));

        // Nothing that is not zero lies before what is said to be the next data.
        for (long at = 0; at < bytes.Length; at += 12345)
        {
            var next = Math.Min(view.NextData(at), bytes.Length);
            Assert.InRange(next, at, bytes.Length);
            Assert.False(
                bytes.AsSpan((int)at, (int)(next - at)).ContainsAnyExcept((byte)0));
        }
    }

    [Theory]
    [InlineData("encryption", "encrypted")]
    [InlineData("snapshot", "snapshots")]
    [InlineData("bitmap", "bitmaps")]
    [InlineData("extended", "features 10")]
    [InlineData("compressed", "compressed")]
    public async Task What_would_be_lost_is_refused_with_its_remedy(string what, string said)
    {
        var (overlay, basis) = await OverlayAsync(
            what == "extended" ? "extended_l2=on" : "compat=1.1");
        if (what == "encryption")
            Patch(overlay, 32, 1u);
        else if (what == "snapshot")
            await TestTool.RunAsync("qemu-img", "snapshot", "-c", "one", overlay);
        else if (what == "bitmap")
            await TestTool.RunAsync("qemu-img", "bitmap", "--add", "-f", "qcow2", overlay, "one");
        else if (what == "compressed")
        {
            await TestTool.RunAsync(
                "qemu-io", "-f", "qcow2", "-c", "write -c -P 7 2M 64k", overlay);
        }

        var error = Assert.Throws<PortException>(() => ReadAll(overlay, basis));
        Assert.Equal(LaunchErrorCode.InvalidRequest, error.Error.Code);
        Assert.Contains(overlay, error.Message);
        Assert.Contains(said, error.Message);
    }

    [Theory]
    [InlineData(0, 0u)]
    [InlineData(4, 9u)]
    [InlineData(20, 8u)]
    [InlineData(20, 63u)]
    [InlineData(24, 0x7fff_ffffu)]
    [InlineData(36, 0u)]
    [InlineData(36, uint.MaxValue)]
    [InlineData(40, 0x7fff_ffffu)]
    [InlineData(44, 12345u)]
    public async Task A_header_that_lies_is_refused_with_the_offset(int at, uint value)
    {
        var (overlay, basis) = await OverlayAsync("compat=1.1");
        Patch(overlay, at, value);
        var error = Assert.Throws<PortException>(() => ReadAll(overlay, basis));
        Assert.Equal(LaunchErrorCode.VolumeDriver, error.Error.Code);
        Assert.Contains("offset", error.Message);
    }

    [Theory]
    [InlineData(0x7fff_ffff_0000_0000u)]
    [InlineData(0x0000_0000_0000_0200u)]
    [InlineData(0x0000_0fff_0000_0000u)]
    public async Task A_table_that_points_outside_of_the_file_is_refused(ulong entry)
    {
        var (overlay, basis) = await OverlayAsync("compat=1.1");
        var bytes = await File.ReadAllBytesAsync(overlay);
        var l1 = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(40));
        var l2 = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan((int)l1)) & 0x00ff_ffff_ffff_fe00;
        foreach (var at in (long[])[l1, l2])
        {
            var copy = (byte[])bytes.Clone();
            BinaryPrimitives.WriteUInt64BigEndian(copy.AsSpan((int)at), entry);
            await File.WriteAllBytesAsync(overlay, copy);
            var error = Assert.Throws<PortException>(() => ReadAll(overlay, basis));
            Assert.True(
                error.Message.Contains($"offset {at}", StringComparison.Ordinal)
                    || error.Message.Contains("compressed", StringComparison.Ordinal),
                error.Message);
        }
    }

    [Fact]
    public async Task Whatever_stands_in_the_tables_it_is_read_or_refused()
    {
        var (overlay, basis) = await OverlayAsync("compat=1.1");
        var bytes = await File.ReadAllBytesAsync(overlay);
        var l1 = (int)BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(40));
        var l2 = (int)BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(l1)) & 0x7fff_0000;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < Mutations; i++)
        {
            var copy = (byte[])bytes.Clone();
            for (var n = random.Next(1, 4); n > 0; n--)
            {
                int[] places = [random.Next(112), l1 + random.Next(16), l2 + random.Next(512)];
                copy[places[random.Next(3)]] = (byte)random.Next(256);
            }

            await File.WriteAllBytesAsync(overlay, copy);
            var thrown = Record.Exception(() => ReadAll(overlay, basis));
            Assert.True(thrown is null or PortException, $"mutation {i} of seed {seed}: {thrown}");
        }
    }

    private static void ReadAll(string path, string basis)
    {
        using var file = File.OpenHandle(path);
        using var backing = File.OpenHandle(basis);
        var view = new Qcow2View(file, path, new RawView(backing));
        var piece = new byte[MiB];
        for (long at = 0; at < Math.Min(view.SizeBytes, 64 * MiB); at += piece.Length)
        {
            view.NextData(at);
            view.Read(at, piece);
        }
    }

    private static void Patch(string path, int at, uint value)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite);
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        RandomAccess.Write(file, bytes, at);
    }

    /// <summary>An overlay of 6 MiB and some sectors over a base of 4 MiB, with data, zeros and
    /// trimmed clusters.</summary>
    private async Task<(string Overlay, string Base)> OverlayAsync(string options)
    {
        TestTool.Need("qemu-img", "qemu-io");
        var (overlay, basis) = (_folder.File("overlay"), TestImages.Raw(_folder.File("base")));
        await TestTool.RunAsync(
            "qemu-img", "create", "-q", "-f", "qcow2", "-o", options, "-b", basis, "-F", "raw",
            overlay, $"{(6 * MiB) + 1536}");
        await TestTool.RunAsync(
            "qemu-io", "-d", "unmap", "-f", "qcow2", "-c", "write -P 1 0 70k",
            "-c", "write -P 2 1M 200k", "-c", "write -z 3M 256k", "-c", "discard 1M 64k",
            "-c", "write -P 3 6M 1536", overlay);
        return (overlay, basis);
    }
}
