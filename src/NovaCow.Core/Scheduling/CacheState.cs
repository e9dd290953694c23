namespace NovaCow.Core.Scheduling;

/// <summary>What the journal says of images' copies and versions; part of
/// <see cref="SchedulerState"/>.</summary>
public sealed class CacheState
{
    private readonly Dictionary<ImageName, ImageCache> _wanted = [];
    private readonly Dictionary<ImageName, ImageHistory> _histories = [];

    /// <summary>What is wanted, by image; images of which nothing is wanted are not in it.
    /// </summary>
    public IReadOnlyDictionary<ImageName, ImageCache> Wanted => _wanted;

    /// <summary>The versions of images that were ever updated.</summary>
    public IReadOnlyDictionary<ImageName, ImageHistory> Histories => _histories;

    /// <summary>What is wanted of an image.</summary>
    public ImageCache Of(ImageName name) => _wanted.GetValueOrDefault(name) ?? ImageCache.None;

    /// <summary>The update of an image that is under way.</summary>
    public ImageUpdate? Open(ImageName name) => _histories.GetValueOrDefault(name)?.Open();

    /// <summary>Takes in what happened.</summary>
    internal void Apply(CacheEvent happened)
    {
        if (happened is ImageCacheSet set)
            Want(set.Name, set.Cache);
        else
        {
            _histories[happened.Name] =
                (_histories.GetValueOrDefault(happened.Name) ?? new ImageHistory()).Apply(happened);
        }
    }

    /// <summary>The image is gone from the catalogue, and what was wanted of it with it.</summary>
    internal void Forget(ImageName name)
    {
        _wanted.Remove(name);
        _histories.Remove(name);
    }

    /// <summary>What is to be saved.</summary>
    internal Saved ToSnapshot() => new(
        [.. _wanted.Select(w => new SavedWish(w.Key, w.Value))],
        [.. _histories.Select(h => new SavedHistory(h.Key, h.Value))]);

    /// <summary>Takes in what was saved.</summary>
    internal void Restore(Saved saved)
    {
        foreach (var (name, cache) in saved.Wanted)
            _wanted[name] = cache;
        foreach (var (name, history) in saved.Histories)
            _histories[name] = history;
    }

    private void Want(ImageName name, ImageCache cache)
    {
        if (cache.IsNone())
            _wanted.Remove(name);
        else
            _wanted[name] = cache;
    }

    /// <summary>The state as it is saved.</summary>
    public sealed record Saved(
        IReadOnlyList<SavedWish> Wanted, IReadOnlyList<SavedHistory> Histories);

    /// <summary>What is wanted of one image.</summary>
    public sealed record SavedWish(ImageName Name, ImageCache Cache);

    /// <summary>One image's versions.</summary>
    public sealed record SavedHistory(ImageName Name, ImageHistory History);
}
