using System.Globalization;
using System.Text.Json;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Runs qemu-img on an inspected image, in the sandbox, its format always named. The files
/// have names of ours in a folder of ours.</summary>
internal sealed class QemuImg(Sandbox sandbox)
{
    /// <summary>Fails unless qemu finds in the image what the catalogue says of it.</summary>
    public async Task CheckAgreesAsync(
        Image image, string folder, string file, CancellationToken token)
    {
        var format = NameOf(image.Format);
        string[] arguments = ["info", "-f", format, "--output=json", "--", file];
        var output = await sandbox.RunAsync(
            Tool.QemuImg, arguments, folder, sandbox.LimitsFor(0), onOutput: null, token);
        using var json = JsonDocument.Parse(output);
        var info = json.RootElement;
        var size = info.GetProperty("virtual-size").GetInt64();
        if (info.GetProperty("format").GetString() != format)
            throw Disagrees(image, "another format", "format");
        if (RawFile.WholeSectors(size) != RawFile.WholeSectors(image.VirtualSizeBytes))
            throw Disagrees(image, $"{size} bytes of disk, not {image.VirtualSizeBytes}", "size");
        if (info.TryGetProperty("backing-filename", out _)
            || info.TryGetProperty("full-backing-filename", out _)
            || output.Contains("\"data-file\"", StringComparison.Ordinal))
        {
            throw Disagrees(image, "a reference to another file", "references");
        }
    }

    /// <summary>Writes the image's disk as a raw file that has holes where the disk has zeros.
    /// </summary>
    public Task ConvertAsync(
        Image image,
        string folder,
        (string From, string To) files,
        IProgress<long>? progress,
        CancellationToken token)
    {
        var size = image.VirtualSizeBytes;
        var format = NameOf(image.Format);
        string[] arguments =
            ["convert", "-p", "-f", format, "-O", "raw", "--", files.From, files.To];
        return sandbox.RunAsync(
            Tool.QemuImg, arguments, folder, sandbox.LimitsFor(size), Report, token);

        void Report(string piece)
        {
            if (ParsePercent(piece) is { } percent)
                progress?.Report((long)(size / 100.0 * percent));
        }
    }

    /// <summary>The last <c>(12.34/100%)</c> in a piece of output.</summary>
    internal static double? ParsePercent(string piece)
    {
        var end = piece.LastIndexOf("/100%", StringComparison.Ordinal);
        var start = end < 0 ? -1 : piece.LastIndexOf('(', end);
        return start >= 0 && double.TryParse(
            piece.AsSpan(start + 1, end - start - 1), CultureInfo.InvariantCulture, out var percent)
            ? percent
            : null;
    }

    private static string NameOf(DiskFormat format) => format switch
    {
        DiskFormat.Vhd => "vpc",
        DiskFormat.Iso => "raw",
        _ => format.ToString().ToLowerInvariant(),
    };

    private static PortException Disagrees(Image image, string found, string rule) =>
        PortException.Final(
            LaunchErrorCode.UnsafeImage,
            $"image {image.Name}: qemu-img finds {found} (rule: qemu-img agrees on the {rule}); "
                + "the image was not used: register it again from a source you trust");
}
