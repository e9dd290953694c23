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

    public void Write(StoreFiles files, SafeFileHandle file, string path) =>
        files.SetAttribute(file, path, Attribute, JsonSerializer.SerializeToUtf8Bytes(this));

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
        problem = mark is null
            ? "is no whole raw disk of this store"
            : $"is a disk of the driver {mark.Driver}";
        return mark?.Driver == driver
            ? new DiskFacts(mark.Base, RandomAccess.GetLength(file), mark.Layout)
            : null;
    }
}
