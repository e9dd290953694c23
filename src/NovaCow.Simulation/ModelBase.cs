using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Simulation;

/// <summary>A base on a host of the model.</summary>
internal sealed class ModelBase(Image image, TimeSpan at)
{
    public Image Image => image;

    public BaseKey Key { get; } = image.BaseKey();

    public bool IsReady { get; set; }

    public BaseStep Step { get; set; } = BaseStep.Queued;

    /// <summary>When its step began.</summary>
    public TimeSpan Since { get; set; } = at;

    /// <summary>Its fetch, while it is fetched.</summary>
    public SharedLink.Transfer? Transfer { get; set; }

    public long AllocatedBytes { get; } = Workload.AllocatedBytes(image);

    public List<ModelInstance> Waiters { get; } = [];

    public int Clones { get; set; }

    public int Uses { get; set; }

    public TimeSpan LastUsedAt { get; set; } = at;

    public TimeSpan AskedAt { get; } = at;

    public TimeSpan? MadeIn { get; set; }

    public BaseReport Report(long doneBytes) => new()
    {
        Key = Key,
        State = IsReady ? BaseState.Ready : BaseState.Creating,
        Title = image.Name.Value,
        VirtualSizeBytes = image.VirtualSizeBytes,
        AllocatedBytes = IsReady ? AllocatedBytes : 0,
        Step = IsReady ? null : Step,
        DoneBytes = doneBytes,
        TotalBytes = IsReady || Step == BaseStep.Queued ? null
            : Step == BaseStep.Fetching ? image.SizeBytes
            : image.VirtualSizeBytes,
    };

    public EvictionCandidate Candidate(DateTimeOffset epoch) => new()
    {
        Key = Key,
        State = IsReady ? BaseState.Ready : BaseState.Creating,
        AllocatedBytes = AllocatedBytes,
        Clones = Clones,
        Waiters = Waiters.Count,
        Uses = Uses,
        LastUsedAt = epoch + LastUsedAt,
        MadeIn = MadeIn,
        RebuildBytes = image.SizeBytes + image.VirtualSizeBytes,
    };
}

/// <summary>An instance on a host of the model.</summary>
internal sealed class ModelInstance(InstanceId id, LaunchFence fence, TimeSpan at)
{
    public InstanceId Id => id;

    public LaunchFence Fence => fence;

    public TimeSpan AskedAt => at;

    public required ModelBase Base { get; init; }

    /// <summary>Whether its base was ready when it came.</summary>
    public required bool IsWarm { get; init; }

    public bool HasDisks { get; set; }

    public bool IsActive { get; set; }

    /// <summary>It was taken back, or its host failed under it.</summary>
    public bool IsGone { get; set; }
}
