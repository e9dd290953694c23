namespace NovaCow.Storage;

/// <summary>
/// Lets a disk that comes as bytes over zeros lie over this host's base. The base need not have the
/// bytes that it had where the disk comes from, as those that a tool formats may differ: what it
/// has and the disk has not becomes zeros, and what both have is not stored.
/// </summary>
/// <param name="inner">Takes what differs.</param>
/// <param name="basis">The base.</param>
/// <param name="sizeBytes">The disk's size.</param>
internal sealed class OverOwnBase(IDiskSink inner, IDiskView basis, long sizeBytes) : IDiskSink
{
    private const int Grain = DiskScan.GrainBytes;

    private readonly byte[] _base = new byte[Grain];
    private long _position;

    public void Data(long offset, ReadOnlySpan<byte> bytes)
    {
        Blank(offset);
        for (var from = 0; from < bytes.Length; from += Grain)
        {
            var grain = bytes[from..Math.Min(from + Grain, bytes.Length)];
            var theirs = _base.AsSpan(0, grain.Length);
            basis.Read(offset + from, theirs);
            if (!grain.SequenceEqual(theirs))
                inner.Data(offset + from, grain);
        }

        _position = offset + bytes.Length;
    }

    public void Zeros(long offset, long length) => Blank(offset + length);

    public void Same(long offset, long length)
    {
    }

    public void Finish()
    {
        Blank(sizeBytes);
        inner.Finish();
    }

    /// <summary>The disk has zeros up to here.</summary>
    private void Blank(long end)
    {
        while (_position < end && _position < basis.SizeBytes)
        {
            var next = basis.NextData(_position) / Grain * Grain;
            _position = Math.Max(_position, next);
            if (_position >= end || _position >= basis.SizeBytes)
                break;
            var length = Math.Min(Grain, end - _position);
            inner.Zeros(_position, length);
            _position += length;
        }

        _position = Math.Max(_position, end);
    }
}
