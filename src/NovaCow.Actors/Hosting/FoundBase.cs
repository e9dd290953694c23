using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Hosting;

/// <summary>A clone that was found on the store when the host started.</summary>
internal sealed record FoundClone(InstanceId Instance, InstanceDisk Disk);

/// <summary>A base as it was found on the store, or as its actor that crashed left it.</summary>
internal sealed record FoundBase(BaseVolume? Volume, IReadOnlyList<FoundClone> Clones)
{
    /// <summary>Why nothing may be cloned from it; null: it is whole.</summary>
    public string? Damage { get; init; }

    /// <summary>Nothing vouches for its bytes yet.</summary>
    public bool IsUnsealed { get; init; }

    /// <summary>How it was used before.</summary>
    public BaseUse? Use { get; init; }
}
