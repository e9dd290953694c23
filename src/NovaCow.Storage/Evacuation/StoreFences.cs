using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>What other hosts left in this host's store while it was away.</summary>
public sealed class StoreFences(HostStore store) : IStoreFences
{
    /// <inheritdoc/>
    public IReadOnlyList<EvacuationFence> ReadFences()
    {
        if (!StoreFiles.TryStat(store.Layout.Fenced, out var stat) || !stat.IsDirectory)
            return [];
        List<EvacuationFence> found = [];
        foreach (var path in Directory.EnumerateFiles(store.Layout.Fenced, "*.json"))
        {
            if (StoreRecords.TryRead<EvacuationFence>(path, out var problem) is { Id: { } id } fence
                && Path.GetFileName(path) == StoreLayout.FenceFile(id))
            {
                found.Add(fence);
            }
            else
            {
                store.Note($"{path} {problem}, and fences nothing; it was left alone");
            }
        }

        return found;
    }

    /// <inheritdoc/>
    public void LiftFence(InstanceId id)
    {
        try
        {
            if (!store.Files.Delete(store.Layout.Fence(id)))
                return;
            store.Files.SyncDirectory(store.Layout.Fenced);
            store.Files.DeleteEmptyDirectory(store.Layout.Fenced);
        }
        catch (Exception e) when (StoreErrors.IsExpected(e))
        {
            throw StoreErrors.From(
                e, $"instance {id}: its fence cannot be lifted", store.Layout.Root);
        }
    }
}
