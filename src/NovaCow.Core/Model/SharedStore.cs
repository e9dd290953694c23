using System.Diagnostics.CodeAnalysis;

namespace NovaCow.Core;

/// <summary>Where a host's store lies on a file system that other hosts have mounted, too.
/// </summary>
/// <param name="Name">Names the file system: hosts that say the same one share it.</param>
/// <param name="Folder">The store's folder from the file system's root on: each host may have that
/// mounted elsewhere.</param>
public sealed record SharedStore(string Name, string Folder)
{
    /// <summary>The longest folder, in characters.</summary>
    public const int MaxFolderChars = 512;

    /// <summary>Why these say no shared store; null: they do. What another host says of itself is
    /// looked at by this before it is used.</summary>
    public static string? Problem(string? name, string? folder) =>
        Names.Problem("name of a shared file system", name)
            ?? (string.IsNullOrEmpty(folder) || folder.Length > MaxFolderChars
                ? $"a folder has 1 to {MaxFolderChars} characters"
            : folder.Split('/').Any(IsNoName) || folder.Any(char.IsControl)
                ? "a folder on a shared file system is a path below its root, without '..'"
            : null);

    private static bool IsNoName(string part) => part is "" or "." or "..";
}

/// <summary>The store of a host that is dead, as another host is to read it.</summary>
/// <param name="Host">The host whose store it is.</param>
/// <param name="Attempt">The attempt by which that host had the instance.</param>
/// <param name="By">The host that reads it.</param>
/// <param name="Store">Where it is.</param>
public sealed record DeadStore(HostId Host, int Attempt, HostId By, SharedStore Store)
{
    /// <summary>The cluster that launched the instance.</summary>
    public string? Cluster { get; init; }
}

/// <summary>
/// Left in the store of a dead host for each of its instances that went elsewhere: when the host
/// returns it has nothing to do with that instance before the scheduler says whose it is.
/// </summary>
/// <param name="Id">The instance.</param>
/// <param name="Attempt">The attempt that it is about; another one's is none of its business.
/// </param>
/// <param name="Host">The host whose store it is in.</param>
/// <param name="By">The host that read the instance's disks.</param>
/// <param name="At">When, by that host's clock.</param>
public sealed record EvacuationFence(
    InstanceId Id, int Attempt, HostId Host, HostId By, DateTimeOffset At)
{
    /// <summary>The cluster that had the instance evacuated.</summary>
    public string? Cluster { get; init; }

    /// <summary>Whether it fences an instance that was found on its host.</summary>
    public bool Holds([NotNullWhen(true)] InstanceRecord? record) =>
        record is not null && record.Id == Id && record.Fence.Attempt == Attempt
            && (Cluster is null || record.Cluster is null || record.Cluster == Cluster);
}
