using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage.Tests;

/// <summary>
/// The unkindest disk that POSIX allows, as a model over a plain folder: a file has the bytes and
/// the mode of its last sync, a folder the names of its last sync. Real file systems keep more,
/// because one sync writes a log that all share; this tells what relies on that.
/// </summary>
/// <param name="keeps">Asked for each change that was not synced: whether it reached the disk by
/// luck. Always false: the most is lost; at random: things arrive out of order.</param>
internal sealed class LostWrites(Func<bool> keeps) : CutDisk
{
    private const string Prefix = "novacow-lost-";
    private const string Attribute = "user.novacow.disk";
    private readonly Lock _gate = new();
    private readonly string _home = MakeHome(Prefix);
    private readonly Dictionary<ulong, Inode> _inodes = [];
    private int _generation;

    public override string Folder => Path.Combine(_home, $"{_generation}");

    private string Next => Path.Combine(_home, $"{_generation + 1}");

    public static LostWrites Make(Func<bool> keeps)
    {
        foreach (var home in Leftovers(Prefix))
            Directory.Delete(home, recursive: true);
        var disk = new LostWrites(keeps);
        Directory.CreateDirectory(disk.Folder);
        disk.Settle(disk.Folder);
        return disk;
    }

    public override StoreFiles Files(FaultInjector faults, Func<string, bool> forget) =>
        new WatchedFiles(faults.Before, forget, Synced);

    public override void Cut()
    {
        lock (_gate)
        {
            if (IsCut)
                return;
            IsCut = true;
            Directory.CreateDirectory(Next);
            Rebuild(Know(Folder), Next);
        }
    }

    public override void Refuse(string step) =>
        throw new StoreIoException("no power", step, LibC.EIO);

    public override Task RestoreAsync()
    {
        Forget();
        Directory.Delete(Folder, recursive: true);
        _generation++;
        Settle(Folder);
        IsCut = false;
        return Task.CompletedTask;
    }

    public override ValueTask DisposeAsync()
    {
        Forget();
        Directory.Delete(_home, recursive: true);
        return ValueTask.CompletedTask;
    }

    private void Forget()
    {
        foreach (var inode in _inodes.Values)
            inode.Handle.Dispose();
        _inodes.Clear();
    }

    /// <summary>All that is there now is on the disk.</summary>
    private void Settle(string path)
    {
        Synced(path);
        if (!Directory.Exists(path))
            return;
        foreach (var entry in Directory.EnumerateFileSystemEntries(path))
            Settle(entry);
    }

    private void Synced(string path)
    {
        lock (_gate)
        {
            var inode = Know(path);
            inode.Durable = Look(inode);
        }
    }

    /// <summary>The open handle keeps the inode's number from being given to another file.
    /// </summary>
    private Inode Know(string path)
    {
        Assert.True(StoreFiles.TryStat(path, out var stat), path);
        if (_inodes.TryGetValue(stat.Inode, out var known))
            return known;
        var fd = LibC.open(path, LibC.O_RDONLY | LibC.O_CLOEXEC, 0);
        var handle = new SafeFileHandle(fd, ownsHandle: true);
        return _inodes[stat.Inode] = new Inode(handle, stat.IsDirectory);
    }

    private State Look(Inode inode)
    {
        var path = $"/proc/self/fd/{inode.Handle.DangerousGetHandle()}";
        var mode = File.GetUnixFileMode(path);
        if (!inode.IsDirectory)
        {
            var attribute = StoreFiles.GetAttribute(inode.Handle, Attribute, 512);
            var bytes = new byte[RandomAccess.GetLength(inode.Handle)];
            RandomAccess.Read(inode.Handle, bytes, 0);
            return new State(mode, bytes, attribute, []);
        }

        var names = Directory.EnumerateFileSystemEntries(path)
            .ToDictionary(e => Path.GetFileName(e), Know);
        return new State(mode, [], null, names);
    }

    private void Rebuild(Inode inode, string target)
    {
        var now = Look(inode);
        var then = inode.Durable ?? State.Unwritten(inode.IsDirectory);
        if (inode.IsDirectory)
        {
            foreach (var name in then.Names.Keys.Union(now.Names.Keys))
            {
                var old = then.Names.GetValueOrDefault(name);
                var current = now.Names.GetValueOrDefault(name);
                if ((old == current || !keeps() ? old : current) is { } entry)
                    RebuildEntry(entry, Path.Combine(target, name));
            }
        }
        else
        {
            WriteFile(target, now, then);
        }

        File.SetUnixFileMode(target, keeps() ? now.Mode : then.Mode);
    }

    private void RebuildEntry(Inode entry, string target)
    {
        if (entry.IsDirectory)
            Directory.CreateDirectory(target);
        Rebuild(entry, target);
    }

    /// <summary>The length may be there without the bytes, and the attribute without either.
    /// </summary>
    private void WriteFile(string target, State now, State then)
    {
        const int piece = 64 << 10;
        var bytes = keeps() ? now.Bytes : then.Bytes;
        var length = keeps() ? now.Bytes.Length : bytes.Length;
        using (var file = File.Create(target))
        {
            for (var at = 0; at < bytes.Length; at += piece)
            {
                var part = bytes.AsSpan(at, Math.Min(piece, bytes.Length - at));
                file.Position = at;
                if (part.ContainsAnyExcept((byte)0))
                    file.Write(part);
            }

            file.SetLength(length);
        }

        if ((keeps() ? now.Attribute : then.Attribute) is { } attribute)
        {
            var files = new StoreFiles();
            using var file = files.OpenToWrite(target);
            files.SetAttribute(file, target, Attribute, attribute);
        }
    }

    private sealed class Inode(SafeFileHandle handle, bool isDirectory)
    {
        public SafeFileHandle Handle => handle;

        public bool IsDirectory => isDirectory;

        public State? Durable { get; set; }
    }

    private sealed record State(
        UnixFileMode Mode, byte[] Bytes, byte[]? Attribute, Dictionary<string, Inode> Names)
    {
        /// <summary>Something whose name arrived, and nothing else of it.</summary>
        public static State Unwritten(bool isDirectory) => new(
            UnixFileMode.UserRead | UnixFileMode.UserWrite
                | (isDirectory ? UnixFileMode.UserExecute : UnixFileMode.None),
            [],
            null,
            []);
    }
}
