using System.Security.Cryptography;
using System.Text;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Formats the file of a blank base, writing as little as its file system allows. Ids come from the
/// base's key, so a blank base is the same on every host.
/// </summary>
/// <remarks>Clones share their base's ids in any case; a guest with two local disks of one size
/// mounts them by device, or gives one a new id.</remarks>
internal sealed class BlankFormatter(Sandbox sandbox)
{
    /// <summary>Formats <paramref name="file"/> in <paramref name="folder"/>: zeros of the right
    /// length.</summary>
    public async Task FormatAsync(
        BlankSpec blank, string folder, string file, CancellationToken token)
    {
        var id = IdOf(BaseKey.Of(blank));
        var label = $"{blank.EffectiveLabel()}";
        (Tool Tool, string[] Arguments)? format = blank.FileSystem switch
        {
            BlankFileSystem.Raw => null,
            BlankFileSystem.Ext4 => (Tool.MakeExt4, [
                "-q", "-F", "-L", label, "-U", $"{id}", "-m", "0", "-E",
                $"hash_seed={id},lazy_itable_init=1,lazy_journal_init=1,"
                    + "nodiscard,packed_meta_blocks=1",
                "--", file]),
            BlankFileSystem.Xfs => (Tool.MakeXfs, [
                "-q", "-f", "-K", "-L", label, "-m", $"uuid={id}", "--", file]),
            BlankFileSystem.Vfat => (Tool.MakeVfat, [
                "--invariant", "-n", label, "-i", $"{id:N}"[..8], "--", file]),
            BlankFileSystem.Swap => (Tool.MakeSwap, [
                "-q", "-L", label, "-U", $"{id}", "--", file]),

            // Its serial number comes from the time, which -T makes the same everywhere; without
            // its place on a disk it would look for one.
            BlankFileSystem.Ntfs => (Tool.MakeNtfs, [
                "-q", "-F", "-Q", "-T", "-I", "-p", "0", "-H", "0", "-S", "0", "-s", "512",
                "-L", label, file]),
            _ => throw new ArgumentOutOfRangeException(nameof(blank)),
        };
        if (format is not { } found)
            return;
        await sandbox.RunAsync(
            found.Tool,
            found.Arguments,
            folder,
            sandbox.LimitsFor(blank.SizeBytes),
            onOutput: null,
            token);
    }

    private static Guid IdOf(BaseKey key)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes($"novacow {key}"));
        return new Guid(hash.AsSpan(0, 16), bigEndian: true);
    }
}
