using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>A disk's file that no store made.</summary>
/// <param name="Path">The file; it is read, and never changed.</param>
/// <param name="Format">Raw or qcow2: told, never probed.</param>
/// <param name="BackingPath">The raw file that a qcow2 disk lies over, whatever its header says;
/// null: it lies over nothing.</param>
public sealed record ForeignDisk(string Path, DiskFormat Format, string? BackingPath = null);

/// <summary>A foreign disk, and the disk of an instance that is to be made of it.</summary>
/// <param name="Instance">An instance without a record.</param>
/// <param name="Disk">The disk's name within it.</param>
/// <param name="Source">The foreign disk.</param>
/// <param name="Base">A base that exists, no larger than the disk; null: the disk owns its bytes.
/// </param>
public sealed record AdoptRequest(
    InstanceId Instance, DiskName Disk, ForeignDisk Source, BaseKey? Base);
