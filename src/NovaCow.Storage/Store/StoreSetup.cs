using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Makes a store's directories and refuses those that are not ours to use.</summary>
internal static class StoreSetup
{
    private const int WritableByOthers = 0x12;

    private static readonly TimeSpan KeepsDownloads = TimeSpan.FromHours(1);

    private sealed record StoreFormat(int Format);

    public static void MakeRoot(StoreFiles files, StoreLayout layout)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(layout.Root) ?? "/");
        files.MakeDirectory(layout.Root);
        if (!StoreFiles.TryStat(layout.Root, out var stat) || !stat.IsDirectory)
            throw Refused(layout, "is not a directory", "name one, or a path that is free");
        var us = LibC.geteuid();
        if (stat.Uid != us)
            throw Refused(layout, $"belongs to user {stat.Uid}, not to {us}", $"chown {us} it");
        if ((stat.Mode & WritableByOthers) != 0)
            throw Refused(layout, "others may write to it", "chmod go-w it");
    }

    public static void CheckFormat(StoreFiles files, StoreLayout layout)
    {
        if (!StoreFiles.TryStat(layout.Format, out _))
        {
            Make(files, layout);
            return;
        }

        var found = StoreRecords.TryRead<StoreFormat>(layout.Format, out var problem)
            ?? throw Refused(layout, $"its store.json {problem}", "restore it from a backup");
        if (found.Format is < 1 or > HostStore.FormatVersion)
        {
            throw Refused(
                layout,
                $"has format {found.Format}; this version knows up to {HostStore.FormatVersion}",
                "run the version that wrote it, or a newer one");
        }

        foreach (var folder in Folders(layout))
            files.MakeDirectory(folder);

        // Whoever made it may have died before this.
        files.SyncDirectory(layout.Root);
    }

    /// <summary>Removes downloads that nobody has gone on with for long.</summary>
    public static void RemoveOldDownloads(StoreFiles files, StoreLayout layout, DateTimeOffset now)
    {
        foreach (var path in Directory.EnumerateFiles(layout.Incoming))
        {
            if (now.UtcDateTime - File.GetLastWriteTimeUtc(path) > KeepsDownloads)
                files.Delete(path);
        }
    }

    private static void Make(StoreFiles files, StoreLayout layout)
    {
        string[] known =
            [layout.Lock, layout.Format + StoreLayout.TemporarySuffix, .. Folders(layout)];
        var stranger = Directory.EnumerateFileSystemEntries(layout.Root)
            .Except(known).FirstOrDefault();
        if (stranger is not null)
        {
            throw Refused(
                layout,
                $"is no store, and has other things in it ({Path.GetFileName(stranger)})",
                "give the store an empty directory");
        }

        foreach (var folder in Folders(layout))
            files.MakeDirectory(folder);
        files.SyncDirectory(Path.GetDirectoryName(layout.Root) ?? "/");
        StoreRecords.Publish(files, layout.Format, new StoreFormat(HostStore.FormatVersion));
    }

    private static string[] Folders(StoreLayout layout) =>
        [layout.Bases, layout.Instances, layout.Incoming, layout.Captures];

    private static PortException Refused(StoreLayout layout, string cause, string remedy) =>
        PortException.Final(
            LaunchErrorCode.VolumeDriver, $"store {layout.Root}: {cause}; {remedy}");
}
