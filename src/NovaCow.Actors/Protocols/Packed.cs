using System.Buffers;
using System.Text;

namespace NovaCow.Actors.Protocols;

/// <summary>Writes numbers in as few bytes as they need: seven bits in each, the lowest first;
/// small negative ones are small also.</summary>
internal sealed class PackedWriter(IBufferWriter<byte> output)
{
    private const int LongestNumber = 10;

    /// <summary>What was written, where the output is a buffer in memory.</summary>
    public ReadOnlySpan<byte> Written => ((ArrayBufferWriter<byte>)output).WrittenSpan;

    public void Number(long value)
    {
        var left = (ulong)((value << 1) ^ (value >> 63));
        var span = output.GetSpan(LongestNumber);
        var length = 0;
        for (; left >= 0x80; left >>= 7)
            span[length++] = (byte)(left | 0x80);
        span[length++] = (byte)left;
        output.Advance(length);
    }

    /// <summary>A moment after another; null is different from every moment.</summary>
    public void Moment(DateTimeOffset since, DateTimeOffset? at)
    {
        var ticks = at?.UtcTicks - since.UtcTicks;
        Number(ticks is null ? 0 : ticks >= 0 ? ticks.Value + 1 : ticks.Value);
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        Number(bytes.Length);
        output.Write(bytes);
    }

    public void Raw(ReadOnlySpan<byte> bytes) => output.Write(bytes);

    public void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Number(length);
        output.Advance(Encoding.UTF8.GetBytes(text, output.GetSpan(length)));
    }
}

/// <summary>Reads what a <see cref="PackedWriter"/> wrote; bytes that end too early make it throw.
/// </summary>
internal ref struct PackedReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _left = input;

    public long Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return (long)(value >> 1) ^ -(long)(value & 1);
        }

        throw new FormatException("a number of more than 64 bits");
    }

    /// <summary>A number that is the place or the count of things in the same bytes.</summary>
    public int Count() => checked((int)Number()) is >= 0 and var count
        ? count
        : throw new FormatException("a negative count");

    public DateTimeOffset? Moment(DateTimeOffset since) => Number() switch
    {
        0 => null,
        > 0 and var ticks => since.AddTicks(ticks - 1),
        var ticks => since.AddTicks(ticks),
    };

    public ReadOnlySpan<byte> Bytes() => Take(Count());

    public string Text() => Encoding.UTF8.GetString(Bytes());

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _left.Length)
            throw new FormatException("the bytes end too early");
        var taken = _left[..length];
        _left = _left[length..];
        return taken;
    }
}
