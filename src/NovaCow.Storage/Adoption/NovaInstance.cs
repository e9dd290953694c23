using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>Reads one instance's folder as Nova lays it out. Blocks, and changes nothing.</summary>
/// <param name="root">The folder of all instances; absolute, without links.</param>
/// <param name="id">The instance.</param>
internal sealed class NovaInstance(string root, InstanceId id)
{
    private readonly string _folder = $"{root}/{id}";
    private readonly List<ForeignDisk> _disks = [];
    private readonly List<string> _leftAlone = [];
    private string? _problem;

    public ForeignInstance Read()
    {
        var description = NovaDescription.Read(_folder);
        foreach (var path in Directory.EnumerateFiles(_folder).Order(StringComparer.Ordinal))
        {
            var file = Path.GetFileName(path);
            if (NameOf(file) is { } name)
                Add(name, path, description.FormatOf(file));
            else if (!NovaDescription.IsDescription(file))
                _leftAlone.Add(file);
        }

        _disks.Sort((a, b) => Order(a.Name).CompareTo(Order(b.Name)));
        if (_disks is not [{ Name.Value: "root" }, ..])
            _problem ??= $"{_folder} has no root disk (a file named disk)";
        var local = _disks.Count(d => d.Name != DiskName.Root && d.Name != DiskName.Swap);
        if (Enumerable.Range(0, local).Any(i => _disks.All(d => d.Name != DiskName.Ephemeral(i))))
            _problem ??= $"{_folder}: its local disks are not numbered from 0 on without a gap";
        return new ForeignInstance
        {
            Id = id,
            Disks = _disks,
            VCpus = description.VCpus,
            MemoryBytes = description.MemoryBytes,
            LeftAlone = _leftAlone,
            Problem = _problem,
        };
    }

    private static int Order(DiskName name) =>
        name == DiskName.Root ? 0 : name == DiskName.Swap ? int.MaxValue
        : int.Parse(name.Value["ephemeral".Length..]) + 1;

    /// <summary>disk, disk.local or disk.eph0 and on, disk.swap.</summary>
    private static DiskName? NameOf(string file) => file switch
    {
        "disk" => DiskName.Root,
        "disk.local" => DiskName.Ephemeral(0),
        "disk.swap" => DiskName.Swap,
        _ when file.StartsWith("disk.eph", StringComparison.Ordinal)
            && DiskName.TryParse($"ephemeral{file["disk.eph".Length..]}", out var name, out _) =>
            name,
        _ => null,
    };

    private void Add(DiskName name, string path, string? format)
    {
        using var file = StoreFiles.TryOpenWithoutLinks(path, isFolder: false, out var problem);
        if (file is null)
        {
            _problem ??= $"{path}: {problem}";
            return;
        }

        var stat = StoreFiles.Stat(file, path);
        switch (format)
        {
            case "raw":
                _disks.Add(new ForeignDisk(
                    name, path, "raw", null, RawFile.WholeSectors(stat.Size), stat.AllocatedBytes));
                break;
            case "qcow2":
                AddOverlay(name, path, file, stat.AllocatedBytes);
                break;
            case null:
                _problem ??= $"{path}: neither disk.info nor libvirt.xml says its format";
                break;
            default:
                _problem ??= $"{path}: its format {format} cannot be adopted, only raw and qcow2";
                break;
        }
    }

    /// <summary>Judged as it is when its bytes are read, so that no dry run promises what is
    /// refused then.</summary>
    private void AddOverlay(DiskName name, string path, SafeFileHandle file, long allocated)
    {
        try
        {
            var size = Qcow2Metadata.Read(file, path).SizeBytes;
            var named = Qcow2Metadata.ReadBackingFile(file, path);
            var backing = named is null ? null : BaseOf(named);
            if (named is not null && backing is null)
                _problem ??= $"{path}: lies over {named}, which is no file in {root}/_base";
            else
                _disks.Add(new ForeignDisk(name, path, "qcow2", backing, size, allocated));
        }
        catch (PortException e)
        {
            _problem ??= e.Message;
        }
    }

    /// <summary>The base that an overlay names, in this folder's own <c>_base</c> wherever the
    /// folder is mounted now; null when that is no file there.</summary>
    private string? BaseOf(string named)
    {
        var file = Path.GetFileName(named);
        if (Path.GetFileName(Path.GetDirectoryName(named)) != "_base"
            || file.Length == 0 || !file.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            return null;
        }

        var path = $"{root}/_base/{file}";
        using var opened = StoreFiles.TryOpenWithoutLinks(path, isFolder: false, out _);
        return opened is null ? null : path;
    }
}
