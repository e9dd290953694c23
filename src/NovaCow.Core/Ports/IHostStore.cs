using NovaCow.Core.Hosting;

namespace NovaCow.Core;

/// <summary>
/// The host's store beside the volumes: the instances' commit records, the place for downloads,
/// and how much room there is. One process holds it.
/// </summary>
/// <remarks>Expected failures are <see cref="PortException"/>s with InsufficientStorage or
/// VolumeDriver. Success means durable.</remarks>
public interface IHostStore
{
    /// <summary>Publishes an instance's record: from here on its disks are kept.</summary>
    Task SaveInstanceAsync(InstanceRecord record, CancellationToken cancellationToken);

    /// <summary>
    /// Takes an instance's record back: from here on its disks are leftovers. One that does not
    /// exist is no error.
    /// </summary>
    Task DeleteInstanceAsync(InstanceId id, CancellationToken cancellationToken);

    /// <summary>Every record that is whole, for reconciliation at start.</summary>
    Task<IReadOnlyList<InstanceRecord>> ListInstancesAsync(CancellationToken cancellationToken);

    /// <summary>Where the files that the instance's machine needs beside its disks are, or are to
    /// be. They go with the instance's record.</summary>
    MachineFiles MachineFiles(InstanceId id);

    /// <summary>Has the console's file made, and gives it and the seed to whom the disks belong:
    /// a hypervisor that may change no owner runs guests with them.</summary>
    Task GiveMachineFilesAsync(InstanceId id, CancellationToken cancellationToken);

    /// <summary>The raw file that a disk refers to for what it does not hold itself; null: it
    /// refers to none.</summary>
    string? BackingPath(InstanceDisk disk);

    /// <summary>Where the image of this base is downloaded to; the directory exists.</summary>
    string IncomingPath(BaseKey key);

    /// <summary>Removes a download and what is left of one.</summary>
    Task DiscardIncomingAsync(BaseKey key, CancellationToken cancellationToken);

    /// <summary>Writes down how bases were used, in place of what was written before. Small: the
    /// caller waits for it.</summary>
    void SaveUses(IReadOnlyList<BaseUse> uses);

    /// <summary>What was written down last, as far as it can be read; nothing where it cannot.
    /// </summary>
    IReadOnlyList<BaseUse> ReadUses();

    /// <summary>The size of the store's file system and what is free in it, in bytes.</summary>
    StoreSpace MeasureSpace();
}

/// <summary>Room in a host's store.</summary>
/// <param name="TotalBytes">The file system's size.</param>
/// <param name="FreeBytes">What this process may still write.</param>
public readonly record struct StoreSpace(long TotalBytes, long FreeBytes);

/// <summary>The files of an instance's machine beside its disks.</summary>
/// <param name="Console">What its guest wrote on the serial console.</param>
/// <param name="Seed">What its guest is told at its first boot.</param>
public sealed record MachineFiles(string Console, string Seed);
