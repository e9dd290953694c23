using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>A raw file as a disk: what it has no bytes for are zeros.</summary>
/// <param name="file">Outlives this.</param>
internal sealed class RawView(SafeFileHandle file) : IDiskView
{
    private readonly long _length = RandomAccess.GetLength(file);

    public SafeFileHandle File => file;

    public long SizeBytes => RawFile.WholeSectors(_length);

    public long NextData(long offset)
    {
        if (offset >= _length)
            return SizeBytes;
        var next = RawFile.NextData(file, offset, _length);
        return next >= _length ? SizeBytes : next;
    }

    public void Read(long offset, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var count = RandomAccess.Read(file, into, offset);
            if (count == 0)
            {
                into.Clear();
                return;
            }

            into = into[count..];
            offset += count;
        }
    }

    public void Expect(long offset, long bytes) => ReadAhead.Start(file, offset, bytes);
}
