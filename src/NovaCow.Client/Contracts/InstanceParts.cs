namespace NovaCow.Client;

/// <summary>A partition of a disk that holds more than one thing.</summary>
/// <param name="Device">Its device in the guest, for example <c>/dev/vda1</c>.</param>
/// <param name="Name">What it is in a disk's stead: root or ephemeral0.</param>
/// <param name="SizeBytes">Its size, in bytes.</param>
public sealed record PartitionResource(string Device, string Name, long SizeBytes);

/// <summary>What an instance boots with, where its root disk does not bring it.</summary>
/// <param name="Kernel">The kernel.</param>
/// <param name="Ramdisk">Its ramdisk; null: none.</param>
/// <param name="Arguments">Its command line; null: none.</param>
public sealed record BootResource(
    BootFileResource Kernel, BootFileResource? Ramdisk, string? Arguments);

/// <summary>A read-only file that an instance boots with.</summary>
/// <param name="Image">The image it came from.</param>
/// <param name="Base">The base on its host that it is a link to.</param>
/// <param name="Path">The file on its host; null until it is there.</param>
public sealed record BootFileResource(string Image, string Base, string? Path);

/// <summary>Something that takes long, and how far it is.</summary>
/// <param name="What">What, for a person.</param>
/// <param name="DoneBytes">Bytes that are done.</param>
/// <param name="TotalBytes">Bytes in all; null where that is not known.</param>
public sealed record ProgressResource(string What, long DoneBytes, long? TotalBytes);
