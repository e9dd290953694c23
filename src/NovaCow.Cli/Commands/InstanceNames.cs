using NovaCow.Actors.Protocols;
using NovaCow.Core;

namespace NovaCow.Cli.Commands;

/// <summary>Makes the ids of the instances that one command launches.</summary>
internal static class InstanceNames
{
    private const int MaxCount = SchedulerProtocol.MaxLaunchesPerCommand;

    /// <summary>The name itself for one, name-1, name-2… for many; made up without a name.
    /// </summary>
    /// <exception cref="CliException">The name or the count is out of bounds.</exception>
    public static IReadOnlyList<string> Make(string? name, int count)
    {
        if (count is < 1 or > MaxCount)
        {
            throw new CliException(
                ExitCode.Usage, $"--count {count}: expected 1 to {MaxCount}");
        }

        name ??= $"i-{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 5))}";
        if (!InstanceId.TryParse(count == 1 ? name : $"{name}-{count}", out _, out var problem))
            throw new CliException(ExitCode.Usage, $"--name: {problem}");
        return count == 1 ? [name] : [.. Enumerable.Range(1, count).Select(i => $"{name}-{i}")];
    }
}
