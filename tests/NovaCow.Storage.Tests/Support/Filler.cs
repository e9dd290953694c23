using Microsoft.Win32.SafeHandles;

namespace NovaCow.Storage.Tests;

/// <summary>Takes all the room that a file system has, in a moment: by reservation, then by
/// writing.</summary>
internal static class Filler
{
    public static void Fill(string path)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        var bytes = 0L;
        for (var piece = 64 << 20; piece >= 4096; piece /= 4)
        {
            while (LibC.fallocate(file, 0, bytes, piece) == 0)
                bytes += piece;
        }

        Write(file, bytes);
    }

    private static void Write(SafeFileHandle file, long offset)
    {
        try
        {
            for (; ; offset += 4096)
                RandomAccess.Write(file, new byte[4096], offset);
        }
        catch (IOException)
        {
            // It is full.
        }
    }
}
