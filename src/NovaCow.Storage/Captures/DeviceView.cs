using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>A block device as a disk; it does not tell where it has no bytes.</summary>
/// <param name="device">Outlives this.</param>
internal sealed class DeviceView(SafeFileHandle device) : IDiskView
{
    public long SizeBytes { get; } = BlockDevice.Length(device);

    public long NextData(long offset) => offset;

    public void Read(long offset, Span<byte> into)
    {
        while (into.Length > 0)
        {
            var count = RandomAccess.Read(device, into, offset);
            if (count == 0)
            {
                into.Clear();
                return;
            }

            into = into[count..];
            offset += count;
        }
    }
}
