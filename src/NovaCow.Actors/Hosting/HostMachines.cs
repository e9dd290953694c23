using NovaCow.Core;

namespace NovaCow.Actors.Hosting;

/// <summary>What a host runs its instances' machines with.</summary>
public sealed record HostMachines
{
    /// <summary>The hypervisor.</summary>
    public required IHypervisor Hypervisor { get; init; }

    /// <summary>What it is; found out before the host starts.</summary>
    public required HypervisorCapabilities Capabilities { get; init; }

    /// <summary>Writes what guests are told at their first boot.</summary>
    public required IGuestSeeds Seeds { get; init; }

    /// <summary>Whether machines that ran when the host went down are started again.</summary>
    public bool Resume { get; init; } = true;

    /// <summary>The kernel's id of the host's present boot; null: it does not say.</summary>
    public string? Boot { get; init; }

    /// <summary>How long a guest has to let go of a disk that is unplugged.</summary>
    public TimeSpan UnplugPatience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How many of the newest bytes of each console are kept.</summary>
    public long ConsoleBytes { get; init; } = 1 << 20;

    /// <summary>How often consoles are looked at for their length.</summary>
    public TimeSpan BoundConsolesEvery { get; init; } = TimeSpan.FromSeconds(2);
}
