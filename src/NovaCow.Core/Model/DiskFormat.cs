using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>The accepted image formats, named as Glance names them (lower case on the wire).
/// </summary>
[JsonConverter(typeof(LowerCaseEnumConverter<DiskFormat>))]
public enum DiskFormat
{
    /// <summary>The disk's bytes themselves.</summary>
    Raw,

    /// <summary>QEMU copy-on-write, version 2 or 3.</summary>
    Qcow2,

    /// <summary>VMware, monolithicSparse or streamOptimized.</summary>
    Vmdk,

    /// <summary>Virtual PC, fixed or dynamic; qemu-img calls it vpc.</summary>
    Vhd,

    /// <summary>Hyper-V.</summary>
    Vhdx,

    /// <summary>VirtualBox.</summary>
    Vdi,

    /// <summary>An optical disc, kept as it is.</summary>
    Iso,

    /// <summary>A kernel: a file, not a disk.</summary>
    Aki,

    /// <summary>A ramdisk for a kernel: a file, not a disk.</summary>
    Ari,
}

/// <summary>What the formats have in common.</summary>
public static class DiskFormatExtensions
{
    /// <summary>Whether images of this format are files to boot with (<see cref="DiskFormat.Aki"/>,
    /// <see cref="DiskFormat.Ari"/>), of any length and read-only, and no disks.</summary>
    public static bool IsBootFile(this DiskFormat format) =>
        format is DiskFormat.Aki or DiskFormat.Ari;
}

/// <summary>What a blank base is formatted with.</summary>
[JsonConverter(typeof(LowerCaseEnumConverter<BlankFileSystem>))]
public enum BlankFileSystem
{
    /// <summary>Zeros: not formatted.</summary>
    Raw,

    /// <summary>ext4.</summary>
    Ext4,

    /// <summary>XFS.</summary>
    Xfs,

    /// <summary>FAT with long names.</summary>
    Vfat,

    /// <summary>Swap space.</summary>
    Swap,

    /// <summary>NTFS.</summary>
    Ntfs,
}
