namespace NovaCow.Security;

/// <summary>Files that hold certificates and keys: written whole, readable by their owner only.
/// </summary>
public static class SecretFiles
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Makes a folder that only its owner can enter, if there is none.</summary>
    public static void CreateFolder(string path) =>
        Directory.CreateDirectory(path, Owner | UnixFileMode.UserExecute);

    /// <summary>Puts a file in place in one step, with mode 0600.</summary>
    /// <exception cref="SecurityException">It cannot be written.</exception>
    public static void Write(string path, string text)
    {
        var temporary = $"{path}.{Guid.NewGuid():n}.tmp";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Owner,
            };
            using (var file = new FileStream(temporary, options))
            {
                file.Write(System.Text.Encoding.UTF8.GetBytes(text));
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new SecurityException($"{path} cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Refuses to go on where a file would be overwritten.</summary>
    /// <exception cref="SecurityException">One exists.</exception>
    public static void MustBeNew(params IEnumerable<string> paths)
    {
        if (paths.FirstOrDefault(File.Exists) is { } path)
        {
            throw new SecurityException(
                $"{path} exists, and is not overwritten: choose another folder, or move it away "
                + "if it is not needed");
        }
    }

    /// <summary>Puts files in place, none of which may exist.</summary>
    /// <exception cref="SecurityException">One exists, or cannot be written.</exception>
    public static void WriteNew(params (string Path, string Text)[] files)
    {
        MustBeNew(files.Select(f => f.Path));
        foreach (var (path, text) in files)
            Write(path, text);
    }

    /// <summary>A file's text.</summary>
    /// <exception cref="SecurityException">It cannot be read.</exception>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SecurityException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The text of a private key's file.</summary>
    /// <exception cref="SecurityException">It cannot be read, or others can read it.</exception>
    public static string ReadKey(string path)
    {
        var text = Read(path);
        return (File.GetUnixFileMode(path) & Others) == UnixFileMode.None
            ? text
            : throw new SecurityException(
                $"{path} can be read by others than its owner: chmod 600 {path}");
    }
}
