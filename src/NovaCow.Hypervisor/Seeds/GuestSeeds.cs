using NovaCow.Core;
using NovaCow.Hypervisor.Posix;

namespace NovaCow.Hypervisor.Seeds;

/// <summary>
/// Writes seeds as ISO 9660, which guests of every kind read, with <c>genisoimage</c>. What is on
/// them goes to it as files that nobody else may read, never as arguments. A crash leaves at most a
/// folder of ours beside the seed, which the next write removes.
/// </summary>
public sealed class GuestSeeds : IGuestSeeds
{
    /// <summary>What is added to a seed's path for the folder in which it is made.</summary>
    public const string TemporarySuffix = ".tmp";

    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateFolder = PrivateFile | UnixFileMode.UserExecute;

    /// <inheritdoc/>
    public async Task WriteAsync(
        string path, InstanceId instance, GuestSetup setup, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(instance);
        ArgumentNullException.ThrowIfNull(setup);
        if (setup.Problem() is { } problem)
        {
            throw PortException.Final(
                LaunchErrorCode.InvalidRequest, $"seed of {instance}: {problem}");
        }

        var work = path + TemporarySuffix;
        try
        {
            Remove(work);
            var image = await MakeAsync(work, SeedFiles.Of(instance, setup), cancellationToken);
            Publish(image, path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(instance, path, e);
        }
        finally
        {
            TryRemove(work);
        }
    }

    /// <summary>Makes the image within a folder that is ours alone.</summary>
    private static async Task<string> MakeAsync(
        string work, SeedFiles seed, CancellationToken token)
    {
        var content = Path.Combine(work, "content");
        Directory.CreateDirectory(work, PrivateFolder);
        foreach (var (name, bytes) in seed.Files)
        {
            var file = Path.Combine(content, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!, PrivateFolder);
            await using var stream = new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = PrivateFile,
            });
            await stream.WriteAsync(bytes, token);
        }

        var image = Path.Combine(work, "image");
        await IsoTool.MakeAsync(image, seed.Label, content, token);
        return image;
    }

    private static void Publish(string image, string path)
    {
        File.SetUnixFileMode(image, PrivateFile);
        using (var stream = new FileStream(image, FileMode.Open, FileAccess.ReadWrite))
            stream.Flush(flushToDisk: true);
        File.Move(image, path, overwrite: true);
        LibC.SyncFolder(Path.GetDirectoryName(path)!);
    }

    private static void Remove(string work)
    {
        if (Directory.Exists(work))
            Directory.Delete(work, recursive: true);
    }

    private static void TryRemove(string work)
    {
        try
        {
            Remove(work);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next write removes it, or whoever removes the instance's folder.
        }
    }

    private static PortException Failure(InstanceId instance, string path, Exception cause) =>
        PortException.Retryable(
            LaunchErrorCode.Hypervisor,
            $"seed of {instance}: {path} could not be written: {cause.Message}; "
                + "give the store room, and this process's user the right to write there",
            cause);
}
