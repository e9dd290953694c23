using NovaCow.Core;
using NovaCow.Storage.Inspection.Formats;

namespace NovaCow.Storage.Inspection;

/// <summary>
/// Judges disk images by their bytes alone. It starts no process, writes nothing, and holds no
/// more of an image than a few tables; any number of inspections may run at once.
/// </summary>
public sealed class ImageInspector(InspectionLimits? limits = null) : IImageInspector
{
    private static readonly RawFormat s_raw = new();
    private static readonly PartitionTableFormat s_partitionTable = new();
    private static readonly IsoFormat s_iso = new();

    // Every one of them is asked, whatever was declared; raw is what none of them detects.
    private static readonly ImageFormat[] s_formats =
    [
        new Qcow2Format(),
        new VmdkFormat(),
        new VmdkTextFormat(),
        new VhdFormat(),
        new VhdxFormat(),
        new VdiFormat(),
        new LuksFormat(),
        s_iso,
        s_partitionTable,
        .. Signatures.Formats,
    ];

    private readonly InspectionLimits _limits = limits ?? InspectionLimits.Default;

    /// <inheritdoc/>
    public Task<InspectionVerdict> InspectAsync(
        string path, DiskFormat? declared, CancellationToken cancellationToken) =>
        Task.Run(() => Inspect(path, declared, cancellationToken), cancellationToken);

    /// <summary>Judges a file, on the calling thread.</summary>
    /// <exception cref="ImageInspectionException">The file could not be read.</exception>
    public InspectionVerdict Inspect(
        string path, DiskFormat? declared, CancellationToken cancellationToken = default)
    {
        using var file = Open(path);
        try
        {
            return Inspect(file, declared, cancellationToken);
        }
        catch (IOException e)
        {
            throw Unreadable(path, e);
        }
    }

    /// <summary>Judges bytes from anywhere, on the calling thread.</summary>
    public InspectionVerdict Inspect(
        IRandomAccess source, DiskFormat? declared, CancellationToken cancellationToken = default)
    {
        if (source.Length == 0)
        {
            return Refused(
                "nothing", InspectionRules.Empty, "the file has 0 bytes; download it again");
        }

        var image = new ImageBytes(source);
        if (declared is { } boot && boot.IsBootFile())
            return InspectBootFile(image, boot);
        var found = s_formats.Where(format => format.Detects(image)).ToList();
        var detected = found.Count == 0 ? "raw" : string.Join(" and ", found.Select(f => f.Name));

        // Installation media are both, so that they start from a disc and from a stick.
        if (declared == DiskFormat.Iso && found.Contains(s_iso))
            found.Remove(s_partitionTable);

        if (found.Count > 1)
        {
            return Refused(detected, InspectionRules.Ambiguous, found.Contains(s_iso)
                ? "programs would disagree on what it is; declare it iso if it is a disc image"
                : "programs would disagree on what it is; convert it with qemu-img convert");
        }

        var format = found.SingleOrDefault(s_raw);
        if (format.Format is { } actual && declared is { } expected && actual != expected)
        {
            return Refused(
                detected,
                InspectionRules.DeclaredFormat,
                $"it was declared {Wire(expected)} but is {Wire(actual)}; declare it so, or "
                + "convert it");
        }

        return Verdict(
            format.Judge(image, _limits, cancellationToken), detected, format.Format);
    }

    /// <summary>A kernel may begin as raw disks do, but never as the containers of disks.</summary>
    private InspectionVerdict InspectBootFile(ImageBytes image, DiskFormat declared)
    {
        var disk = s_formats.FirstOrDefault(
            format => format.Format is not (null or DiskFormat.Raw) && format.Detects(image));
        return disk is null
            ? Verdict(BootFile.Judge(image, _limits), Wire(declared), declared)
            : Refused(
                disk.Name,
                InspectionRules.DeclaredFormat,
                $"it was declared {Wire(declared)}, a file to boot with, but is a disk image; "
                + $"declare it {disk.Name}");
    }

    private static InspectionVerdict Verdict(
        Judgement judgement, string detected, DiskFormat? format) => judgement switch
        {
            Judgement.Sound sound when format is { } known => new InspectionVerdict.Accepted(
                known, sound.VirtualSizeBytes, sound.Notes),
            Judgement.Refusal refusal => Refused(detected, refusal.Rule, refusal.Reason),
            _ => throw new InvalidOperationException($"{detected} gave no judgement"),
        };

    private static FileRandomAccess Open(string path)
    {
        try
        {
            return new FileRandomAccess(path);
        }
        catch (Exception e) when (e is IOException
            or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw Unreadable(path, e);
        }
    }

    private static ImageInspectionException Unreadable(string path, Exception cause) => new(
        $"image {path}: cannot be read: {cause.Message}; check that it is a file and that this "
        + "user may read it",
        cause);

    private static InspectionVerdict.Refused Refused(
        string detected, InspectionRule rule, string reason) =>
        new(rule.Name, detected, reason);

    private static string Wire(DiskFormat format) => format.ToString().ToLowerInvariant();
}
