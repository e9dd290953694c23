namespace NovaCow.Storage;

/// <summary>Fills a raw disk: sparse, or over a base whose blocks it shares.</summary>
internal sealed class RawDisk : IDiskSink
{
    private const int ZerosAtOnce = 1 << 20;

    private readonly DiskTarget _target;
    private readonly string _driver;
    private readonly WriteBehind _written;

    /// <param name="target">The empty file.</param>
    /// <param name="driver">Whose disk it becomes.</param>
    public RawDisk(DiskTarget target, string driver)
    {
        (_target, _driver) = (target, driver);
        var files = target.Files;
        _written = new WriteBehind(files, target.File, target.Path);
        if (target.BasePath is { } basis)
        {
            using var source = files.OpenToRead(basis);
            files.Clone(source, target.File, target.Path);
        }

        files.SetLength(target.File, target.Path, target.Facts.VirtualSizeBytes);
    }

    public void Data(long offset, ReadOnlySpan<byte> bytes)
    {
        _target.Files.Write(_target.File, _target.Path, bytes, offset);
        _written.Wrote(offset, bytes.Length);
    }

    public void Zeros(long offset, long length)
    {
        if (_target.Files.PunchHole(_target.File, _target.Path, offset, length))
            return;
        var zeros = new byte[Math.Min(length, ZerosAtOnce)];
        for (var end = offset + length; offset < end; offset += zeros.Length)
            Data(offset, zeros.AsSpan(0, (int)Math.Min(zeros.Length, end - offset)));
    }

    public void Same(long offset, long length)
    {
    }

    public void Finish() =>
        new RawDiskMark(_driver, _target.Facts.Base, _target.Facts.Layout).Write(
            _target.Files, _target.File, _target.Path);
}
