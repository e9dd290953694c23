using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// What a raw disk cannot say in its bytes, which are the guest's: who made it, of which base and
/// how it is laid out. Kept in an extended attribute, written last, so that a file without one is
/// not whole.
/// </summary>
internal sealed record RawDiskMark(string Driver, BaseKey? Base, DiskLayout Layout)
{
    private const string Attribute = "user.novacow.disk";
    private const int MaxBytes = 512;

    /// <summary>The disk's size when it was marked. A disk may have grown since, so a change of its
    /// length stays one atomic step; a shorter one has lost bytes.</summary>
    public long LeastBytes { get; init; }

    /// <summary>Marks a disk that has its length.</summary>
    public void Write(StoreFiles files, SafeFileHandle file, string path)
    {
        var mark = this with { LeastBytes = StoreFiles.Length(file) };
        files.SetAttribute(file, path, Attribute, JsonSerializer.SerializeToUtf8Bytes(mark));
    }

    public static RawDiskMark? Read(SafeFileHandle file)
    {
        var bytes = StoreFiles.GetAttribute(file, Attribute, MaxBytes);
        try
        {
            return bytes is null ? null : JsonSerializer.Deserialize<RawDiskMark>(bytes);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The facts of a raw disk of one driver; null and why when it is none.</summary>
    public static DiskFacts? ReadFacts(SafeFileHandle file, string driver, out string problem)
    {
        var mark = Read(file);
        var bytes = StoreFiles.Length(file);
        problem = mark switch
        {
            null => "is no whole raw disk of this store",
            _ when mark.Driver != driver => $"is a disk of the driver {mark.Driver}",
            _ when bytes < mark.LeastBytes =>
                $"is {bytes} bytes long, and was made of {mark.LeastBytes}",
            _ when bytes % RawFile.SectorBytes != 0 => $"is {bytes} bytes long, no whole sectors",
            _ => "",
        };
        return mark is null || problem.Length > 0
            ? null
            : new DiskFacts(mark.Base, bytes, mark.Layout);
    }
}
