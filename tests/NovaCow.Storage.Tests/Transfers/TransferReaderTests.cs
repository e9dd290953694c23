using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What a hostile or broken host may send in place of a disk.</summary>
public sealed class TransferReaderTests
{
    private const long Grain = DiskScan.GrainBytes;
    private const long Size = 64 * Grain;

    private static byte[] Stream(Action<TransferWriter> write, byte over = TransferFormat.OverBase)
    {
        using var bytes = new MemoryStream();
        using var writer = new TransferWriter(bytes, Size, over, default);
        write(writer);
        writer.Finish();
        return bytes.ToArray();
    }

    private static byte[] Piece(long bytes) => TestImages.Bytes(bytes);

    private static byte[] Good() => Stream(w =>
    {
        w.Data(0, Piece(2 * Grain));
        w.Zeros(4 * Grain, 3 * Grain);
        w.Data(63 * Grain, Piece(Grain));
    });

    private static Taken Read(byte[] bytes, long size = Size)
    {
        using var reader = new TransferReader(new MemoryStream(bytes));
        var taken = new Taken(reader.ReadHeader(size));
        reader.ReadInto(taken, size, taken.Ends.Add);
        return taken;
    }

    private static string Refused(byte[] bytes, long size = Size) =>
        Assert.Throws<TransferException>(() => Read(bytes, size)).Message;

    [Fact]
    public void What_was_written_comes_back_in_order()
    {
        var taken = Read(Good());
        Assert.True(taken.IsOverBase);
        Assert.Equal(
            [("data", 0, 2 * Grain), ("zeros", 4 * Grain, 3 * Grain), ("data", 63 * Grain, Grain)],
            taken.Parts);
        Assert.Equal([2 * Grain, 7 * Grain, 64 * Grain], taken.Ends);
    }

    [Fact]
    public void Whatever_byte_is_changed_or_missing_it_is_refused()
    {
        var good = Good();
        var random = new Random(7);
        for (var i = 0; i < 400; i++)
        {
            var bad = (byte[])good.Clone();
            var at = i < 40 ? i : i < 80 ? bad.Length - (i - 39) : random.Next(bad.Length);
            bad[at] ^= (byte)random.Next(1, 256);
            Assert.True(IsRefused(bad), $"byte {at} was changed");
            Assert.True(IsRefused(good[..at]), $"it ends at byte {at}");
        }

        static bool IsRefused(byte[] bytes)
        {
            try
            {
                Read(bytes);
                return false;
            }
            catch (TransferException)
            {
                return true;
            }
        }
    }

    [Fact]
    public void Pieces_out_of_the_disk_out_of_order_or_out_of_bounds_are_refused()
    {
        string[] reasons =
        [
            Refused(Stream(w => w.Data(Size, Piece(Grain)))),
            Refused(Stream(w => w.Data(-Grain, Piece(Grain)))),
            Refused(Stream(w => w.Data(63 * Grain, Piece(2 * Grain)))),
            Refused(Stream(w => w.Data(512, Piece(Grain)))),
            Refused(Stream(w => w.Data(0, []))),
            Refused(Stream(w => w.Zeros(0, long.MaxValue))),
            Refused(Stream(w => w.Zeros(long.MaxValue / Grain * Grain, Grain))),
            Refused(Stream(w => w.Zeros(0, -1))),
            Refused(Stream(w =>
            {
                w.Data(2 * Grain, Piece(2 * Grain));
                w.Data(3 * Grain, Piece(Grain));
            })),
        ];
        Assert.All(
            reasons, r => Assert.Contains("out of order, or out of the disk", r,
                StringComparison.Ordinal));
    }

    [Fact]
    public void Another_size_or_another_format_is_refused()
    {
        Assert.Contains("are expected", Refused(Good(), Size + 512), StringComparison.Ordinal);
        Assert.Contains("which is not known", Refused(Stream(_ => { }, 9)),
            StringComparison.Ordinal);
        Assert.Contains(
            "no disk", Refused([.. "QFI\xfb"u8, .. new byte[100]]), StringComparison.Ordinal);
        Assert.Contains("broke off", Refused([]), StringComparison.Ordinal);
        Assert.Contains(
            "too many",
            Refused(Stream(w => w.Data(0, Piece(TransferFormat.MaxDataBytes + Grain)))),
            StringComparison.Ordinal);
    }

    private sealed class Taken(bool isOverBase) : IDiskSink
    {
        public bool IsOverBase => isOverBase;

        public List<(string Kind, long Offset, long Length)> Parts { get; } = [];

        public List<long> Ends { get; } = [];

        public void Data(long offset, ReadOnlySpan<byte> bytes) =>
            Parts.Add(("data", offset, bytes.Length));

        public void Zeros(long offset, long length) => Parts.Add(("zeros", offset, length));

        public void Same(long offset, long length)
        {
        }

        public void Finish()
        {
        }
    }
}
