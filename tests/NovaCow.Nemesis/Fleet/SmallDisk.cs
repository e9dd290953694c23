using NovaCow.Storage.Tests;

namespace NovaCow.Nemesis.Fleet;

/// <summary>A file system of its own for one host's store, which can be filled. Needs root.
/// </summary>
internal sealed class SmallDisk(LoopMount mount) : IAsyncDisposable
{
    private const long Bytes = 96L << 20;
    private const int BlockBytes = 1 << 20;

    private string Filler => Path.Combine(mount.Path, "filler");

    /// <summary>The folder of the host's store.</summary>
    public string Store => Path.Combine(mount.Path, "store");

    /// <summary>Why there can be none here; null: there can.</summary>
    public static string? WhyNot => LoopMount.WhyNot(LoopFileSystem.Ext4);

    public static async Task<SmallDisk> MakeAsync() =>
        new(await LoopMount.MakeAsync(LoopFileSystem.Ext4, Bytes));

    /// <summary>Takes every byte that is free.</summary>
    public void Fill()
    {
        using var file = new FileStream(
            Filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var block = new byte[BlockBytes]; block.Length > 0;)
        {
            try
            {
                file.Write(block);
            }
            catch (IOException)
            {
                // What is left is less than that.
                block = new byte[block.Length / 2];
            }
        }
    }

    public void Free() => File.Delete(Filler);

    public ValueTask DisposeAsync() => mount.DisposeAsync();
}
