using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Looks at folders laid out as Nova's: <c>&lt;uuid&gt;/{disk,disk.info,disk.eph0,disk.swap,…}</c>
/// beside <c>_base/&lt;sha1&gt;</c>. Formats are those that <c>disk.info</c> or else
/// <c>libvirt.xml</c> names; a file that neither names is never guessed at.
/// </summary>
/// <param name="folders">The only folders that may be looked at; absolute paths.</param>
public sealed class NovaFolders(IReadOnlyList<string> folders) : IForeignFolders
{
    /// <summary>The configuration key of the folders, as errors name it.</summary>
    public const string FoldersKey = "novacow.host.adopt";

    /// <summary>More entries than any compute host has.</summary>
    private const int MaxInstances = 10_000;

    private const string BaseFolder = "_base";

    /// <summary>The folder of the bases of a folder of instances.</summary>
    public static string BasesOf(string folder) => $"{folder.TrimEnd('/')}/{BaseFolder}";

    /// <inheritdoc/>
    public Task<ForeignFolder> ScanAsync(
        string folder, bool withDigests, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => Scan(folder, withDigests, cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);

    private ForeignFolder Scan(string folder, bool withDigests, CancellationToken token)
    {
        var root = Allowed(folder);
        try
        {
            List<ForeignInstance> found = [];
            foreach (var path in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal))
            {
                token.ThrowIfCancellationRequested();
                var name = Path.GetFileName(path);
                if (!Guid.TryParseExact(name, "D", out _)
                    || !InstanceId.TryParse(name, out var id, out _))
                {
                    continue;
                }

                if (found.Count == MaxInstances)
                    throw Refused(folder, $"it has more than {MaxInstances} instances");
                found.Add(new NovaInstance(root, id).Read());
            }

            var bases = found.SelectMany(i => i.Disks)
                .Select(d => d.BackingPath).OfType<string>().Distinct().Order()
                .Select(path => BaseOf(path, withDigests, token));
            return new ForeignFolder(found, [.. bases]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver,
                $"folder {folder}: {e.Message}; let this process's user read it",
                e);
        }
    }

    private string Allowed(string folder)
    {
        var path = folder.Length > 1 ? folder.TrimEnd('/') : folder;
        if (!folders.Any(f => f.TrimEnd('/') == path))
        {
            var known = folders.Count == 0 ? "none is" : string.Join(", ", folders);
            throw Refused(folder, $"it is not one of the folders in {FoldersKey} ({known})");
        }

        using var opened = StoreFiles.TryOpenWithoutLinks(path, isFolder: true, out var problem);
        using var bases = StoreFiles.TryOpenWithoutLinks(
            BasesOf(path), isFolder: true, out _);
        if (opened is null)
            throw Refused(folder, $"it cannot be opened: {problem}");
        return bases is null
            ? throw Refused(folder, $"it has no folder {BaseFolder}, so it is not laid out as Nova's")
            : path;
    }

    private static ForeignBase BaseOf(string path, bool withDigest, CancellationToken token)
    {
        using var file = StoreFiles.TryOpenWithoutLinks(path, isFolder: false, out var problem)
            ?? throw new IOException($"{path}: {problem}");
        var stat = StoreFiles.Stat(file, path);
        return new ForeignBase(
            path, stat.Size, stat.AllocatedBytes, withDigest ? DigestOf(file, token) : null);
    }

    private static Digest DigestOf(SafeFileHandle file, CancellationToken token)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        for (long at = 0; ;)
        {
            token.ThrowIfCancellationRequested();
            var count = RandomAccess.Read(file, buffer, at);
            if (count == 0)
                return Digest.Parse($"sha256:{Convert.ToHexStringLower(hash.GetHashAndReset())}");
            hash.AppendData(buffer, 0, count);
            at += count;
        }
    }

    private static PortException Refused(string folder, string why) => PortException.Final(
        LaunchErrorCode.InvalidRequest,
        $"folder {folder}: {why}; name a folder laid out as Nova's instances folder in the host's "
            + $"{FoldersKey}");
}
