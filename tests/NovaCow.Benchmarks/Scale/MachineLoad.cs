namespace NovaCow.Benchmarks.Scale;

/// <summary>What else the machine has to do: a time that was taken says little without it.
/// </summary>
internal static class MachineLoad
{
    /// <summary>For example <c>load 1.2 on 2 processors</c>, over the last minute.</summary>
    public static string Now() =>
        $"load {File.ReadAllText("/proc/loadavg").Split(' ')[0]} on "
            + $"{Environment.ProcessorCount} processors";
}
