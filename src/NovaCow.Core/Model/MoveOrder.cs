using System.Text.Json.Serialization;

namespace NovaCow.Core;

/// <summary>What a host needs to take over an instance of another host.</summary>
/// <param name="Disks">Everything that the instance has, in device order.</param>
/// <param name="Source">Where the disks' bytes are.</param>
public sealed record MoveOrder(IReadOnlyList<MovedDisk> Disks, TransferSource Source);

/// <summary>One disk of an instance that moves.</summary>
/// <param name="Name">Its name within the instance.</param>
/// <param name="Base">What it is, or once was, made of.</param>
/// <param name="VirtualSizeBytes">Its size, in bytes.</param>
/// <param name="Driver">The driver that has it.</param>
/// <param name="IsOverBase">Whether it is a clone of that base; else it owns its bytes.</param>
/// <param name="Layout">How it is laid out.</param>
public sealed record MovedDisk(
    DiskName Name,
    BaseContent Base,
    long VirtualSizeBytes,
    string Driver,
    bool IsOverBase,
    DiskLayout Layout)
{
    /// <summary>Its device in the guest where it was attached later.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Device { get; init; }

    /// <summary>Whether it is kept but not plugged in.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsDetached { get; init; }
}

/// <summary>Where a host lends the disks of an instance that leaves it; or, where the host is dead,
/// where they lie.</summary>
/// <param name="Address">The host's own address; empty: it is dead.</param>
/// <param name="Token">What opens them, for this move only. It is a secret.</param>
public sealed record TransferSource(string Address, string Token)
{
    /// <summary>The store that the disks are read from without their host; null: it lends them.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DeadStore? Dead { get; init; }

    /// <summary>The store of a host that is dead.</summary>
    public static TransferSource Of(DeadStore dead) => new("", "") { Dead = dead };

    /// <inheritdoc/>
    public override string ToString() =>
        Dead is null ? Address : $"the store of host {Dead.Host}, which is dead";
}

/// <summary>A disk whose bytes come from another host.</summary>
/// <param name="Source">Where they are.</param>
/// <param name="IsOverBase">Whether it keeps only what differs from its base; else it owns its
/// bytes.</param>
public sealed record TransferredDisk(TransferSource Source, bool IsOverBase);
