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

/// <summary>
/// Decides, when the scheduler has said that an instance is its host's, what becomes of its
/// machine: from what the record says, and from what the hypervisor found when the host started.
/// No machine is started while it runs, and none that a guest or a person has ended.
/// </summary>
public static class MachineRecovery
{
    /// <summary>The step.</summary>
    /// <param name="isOn">Whether the record says that it runs; null: it says nothing, so it was
    /// never started, or that was not written down.</param>
    /// <param name="machine">The machine as it was found; null: there is none.</param>
    /// <param name="resume">Whether what ran when its host went down is to run again.</param>
    public static MachineStep For(bool? isOn, MachineStatus? machine, bool resume)
    {
        // A definition alone says nothing: a crash may have come between it and the start.
        var hasEnded = machine is { IsOn: false, Cause: not PowerCause.Unknown };
        return (isOn, machine) switch
        {
            (_, { IsOn: true }) => MachineStep.Adopt,
            (null, _) when !hasEnded => MachineStep.StartFirst,
            (true, _) when !hasEnded && resume => MachineStep.StartAgain,
            _ => MachineStep.Leave,
        };
    }
}
