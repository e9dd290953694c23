using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>
/// Formats what becomes the second partition of a disk: a sparse file in a private folder beside
/// the disk, which a start removes if a crash left it.
/// </summary>
internal sealed class LocalStorage(HostStore store, BaseBuilder builder)
{
    /// <summary>Makes the file; the caller discards it, also after a failure.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="PortException">It cannot be made.</exception>
    public async Task<string> MakeAsync(CloneRequest request, CancellationToken token)
    {
        var blank = request.LocalStorage ?? throw new ArgumentNullException(nameof(request));
        var folder = FolderOf(request);
        var what = $"local storage of instance {request.Instance}: cannot be made";
        await store.RunAsync(
            what,
            () =>
            {
                store.Files.MakeDirectory(store.Layout.Instance(request.Instance));
                store.Files.DeleteTree(folder);
                store.Files.MakeDirectory(folder);
            },
            token);
        try
        {
            var content = new BaseContent.OfBlank(blank);
            await builder.FillAsync(content, imagePath: null, folder, progress: null, token);
            return Path.Combine(folder, StoreLayout.BaseFile);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e))
        {
            throw StoreErrors.From(e, what, store.Root);
        }
    }

    /// <summary>Removes the file, and the instance's folder if nothing else is in it.</summary>
    public async Task DiscardAsync(CloneRequest request)
    {
        var folder = FolderOf(request);
        try
        {
            await store.RunAsync(
                "local storage",
                () =>
                {
                    store.Files.DeleteTree(folder);
                    store.Files.DeleteEmptyDirectory(store.Layout.Instance(request.Instance));
                },
                CancellationToken.None);
        }
        catch (PortException e)
        {
            store.Note($"{folder} could not be removed ({e.Message}); the next start tries again");
        }
    }

    private string FolderOf(CloneRequest request) =>
        store.Layout.DiskWork(request.Instance, request.Disk);
}
