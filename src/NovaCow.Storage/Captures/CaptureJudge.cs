using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage;

/// <summary>
/// Judges an image that was made of a disk as any image from outside is judged: the file by the
/// host's inspector, and the disk inside by its own bytes, which a guest wrote. Whoever would be
/// refused as a base later is refused now.
/// </summary>
internal sealed class CaptureJudge(HostStore store, IImageInspector inspector)
{
    private static readonly ImageInspector s_contents = new(
        InspectionLimits.Default with { MaxVirtualSizeBytes = Qcow2Overlay.MaxVirtualBytes });

    /// <exception cref="PortException">It is refused, with UnsafeImage.</exception>
    public async Task JudgeAsync(
        string path, long virtualBytes, string what, CancellationToken token)
    {
        var file = await inspector.InspectAsync(path, DiskFormat.Qcow2, token);
        Demand(file, what, accepted => accepted.VirtualSizeBytes == virtualBytes
            ? null
            : $"it is a disk of {accepted.VirtualSizeBytes} bytes, not {virtualBytes}");
        var contents = await store.RunAsync(what, () => Contents(path, token), token);
        Demand(contents, what, accepted => accepted.Format is DiskFormat.Raw or DiskFormat.Iso
            ? null
            : $"the disk inside is itself an image in {accepted.Format} format; a guest wrote it "
                + "so, and it is not opened");
    }

    private static void Demand(
        InspectionVerdict verdict,
        string what,
        Func<InspectionVerdict.Accepted, string?> problemOf)
    {
        var problem = verdict switch
        {
            InspectionVerdict.Refused refused => $"the rule '{refused.Rule}': {refused.Reason}",
            InspectionVerdict.Accepted accepted => problemOf(accepted),
            _ => throw new InvalidOperationException($"unknown verdict {verdict}"),
        };
        if (problem is not null)
            throw PortException.Final(LaunchErrorCode.UnsafeImage, $"{what}: {problem}");
    }

    private InspectionVerdict Contents(string path, CancellationToken token)
    {
        using var file = store.Files.OpenToRead(path);
        var disk = new Qcow2View(file, path, backing: null);
        return s_contents.Inspect(new GuestBytes(disk), declared: null, token);
    }

    /// <summary>What a guest reads, for an inspection.</summary>
    private sealed class GuestBytes(IDiskView disk) : IRandomAccess
    {
        public long Length => disk.SizeBytes;

        public int Read(long offset, Span<byte> buffer)
        {
            var count = (int)Math.Clamp(Length - offset, 0, buffer.Length);
            disk.Read(offset, buffer[..count]);
            return count;
        }
    }
}
