using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage;

/// <summary>
/// Reads and publishes the store's small JSON files. A published one is whole or as it was before.
/// </summary>
internal static class StoreRecords
{
    /// <summary>More than any record of ours needs; a longer file is not one.</summary>
    private const long MaxBytes = 4 << 20;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
    };

    /// <summary>Publishes a record in its directory, which the caller has made. A failure leaves
    /// the name free when it was free.</summary>
    public static void Publish<T>(StoreFiles files, string path, T record)
    {
        var temporary = path + StoreLayout.TemporarySuffix;
        var isNew = !StoreFiles.TryStat(path, out _);
        files.Delete(temporary);
        try
        {
            Write(files, temporary, record);
            files.Rename(temporary, path);
        }
        catch
        {
            TryDelete(files, temporary);
            throw;
        }

        try
        {
            files.SyncDirectory(Path.GetDirectoryName(path)!);
        }
        catch when (isNew)
        {
            TryDelete(files, path);
            throw;
        }
    }

    /// <summary>Writes and syncs a record under a name that nobody reads yet.</summary>
    public static void Write<T>(
        StoreFiles files, string path, T record, uint mode = StoreFiles.PrivateFile)
    {
        using var file = files.Create(path);
        files.Write(file, path, JsonSerializer.SerializeToUtf8Bytes(record, Json), 0);
        if (mode != StoreFiles.PrivateFile)
            files.SetMode(path, mode);
        files.Sync(file, path);
    }

    /// <summary>The record in a file; null and why when there is none that is whole.</summary>
    public static T? TryRead<T>(string path, out string problem)
        where T : class
    {
        if (StoreFiles.TryStat(path, out var stat) && stat.IsFile)
            return TryParse<T>(stat.Size, () => File.ReadAllBytes(path), out problem);
        problem = "has no such file";
        return null;
    }

    /// <summary>The record in an open file; null and why when it is none.</summary>
    public static T? TryRead<T>(SafeFileHandle file, out string problem)
        where T : class => TryParse<T>(
            StoreFiles.Length(file),
            () =>
            {
                var bytes = new byte[StoreFiles.Length(file)];
                return bytes[..RandomAccess.Read(file, bytes, 0)];
            },
            out problem);

    private static T? TryParse<T>(long length, Func<byte[]> read, out string problem)
        where T : class
    {
        problem = "";
        try
        {
            if (length > MaxBytes)
                problem = $"is {length} bytes long, which no record is";
            else if (JsonSerializer.Deserialize<T>(read(), Json) is { } record)
                return record;
            else
                problem = "is empty";
        }
        catch (JsonException e)
        {
            problem = $"is no such record ({e.Message})";
        }

        return null;
    }

    public static void TryDelete(StoreFiles files, string path)
    {
        try
        {
            files.Delete(path);
        }
        catch (StoreIoException)
        {
            // The first failure is the one to tell; the start removes what is left.
        }
    }
}
