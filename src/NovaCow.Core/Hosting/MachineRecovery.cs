namespace NovaCow.Core.Hosting;

/// <summary>What is to be done with the machine of an instance that is its host's.</summary>
public enum MachineStep
{
    /// <summary>It runs, and goes on.</summary>
    Adopt,

    /// <summary>It was never started, and is now; what cannot start is undone.</summary>
    StartFirst,

    /// <summary>It ran when the host went down, and is started again; what cannot start stays.
    /// </summary>
    StartAgain,

    /// <summary>It is off, and stays so.</summary>
    Leave,
}

/// <summary>In which boots of its host a machine ran; a boot is known by the kernel's id of it.
/// </summary>
/// <param name="Last">In which it last ran; null: that was not written down.</param>
/// <param name="Now">The present one; null: the host does not say.</param>
public sealed record HostBoots(string? Last, string? Now)
{
    /// <summary>Whether the host has not gone down since the machine ran.</summary>
    public bool AreSame => Last is not null && Last == Now;
}

/// <summary>
/// Decides, when the scheduler has said that an instance is its host's, what becomes of its
/// machine: from what the record says, and from what the hypervisor found when the host started.
/// No machine is started while it runs, and none that a guest or a person has ended: the hypervisor
/// says so, or forgot it when it was restarted itself, but the host has not gone down since.
/// </summary>
public static class MachineRecovery
{
    /// <summary>The step.</summary>
    /// <param name="isOn">Whether the record says that it runs; null: it says nothing, so it was
    /// never started, or that was not written down.</param>
    /// <param name="machine">The machine as it was found; null: there is none.</param>
    /// <param name="resume">Whether what ran when its host went down is to run again.</param>
    /// <param name="boots">When it ran last.</param>
    public static MachineStep For(
        bool? isOn, MachineStatus? machine, bool resume, HostBoots boots)
    {
        ArgumentNullException.ThrowIfNull(boots);

        // A definition alone says nothing: a crash may have come between it and the start.
        var hasEnded = machine is { IsOn: false } off
            && (off.Cause != PowerCause.Unknown || boots.AreSame);
        return (isOn, machine) switch
        {
            (_, { IsOn: true }) => MachineStep.Adopt,
            (null, _) when !hasEnded => MachineStep.StartFirst,
            (true, _) when !hasEnded && resume => MachineStep.StartAgain,
            _ => MachineStep.Leave,
        };
    }
}
