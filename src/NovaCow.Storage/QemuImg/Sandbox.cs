using System.Globalization;

namespace NovaCow.Storage;

/// <summary>
/// The walls around one tool: util-linux's own commands, each of which sets one thing and becomes
/// the next. What this host's kernel allows is tried once.
/// </summary>
/// <remarks>
/// Always: a session of its own (so that all of it can be killed), limits on processor time,
/// memory, file size and core dumps, an empty environment, no new privileges. As root also: an
/// unprivileged user, no capabilities, no network, no processes but its own. Not built: a private
/// view of the file system (a tool can read what everybody can), a filter of system calls.
/// </remarks>
internal sealed class Sandbox(SandboxOptions options, Action<string> note)
{
    private readonly Lazy<Task<Walls>> _walls = new(() => ProbeAsync(options, note));

    [Flags]
    private enum Walls
    {
        None = 0,
        User = 1,
        Namespaces = 2,
    }

    /// <summary>Runs a tool within its walls.</summary>
    /// <param name="tool">What to run.</param>
    /// <param name="arguments">What it is told.</param>
    /// <param name="folder">Its working directory, which it may write to.</param>
    /// <param name="limits">Its bounds.</param>
    /// <param name="onOutput">Told each piece of output as it comes.</param>
    /// <param name="token">Ends it.</param>
    /// <exception cref="ToolFailedException">It failed or was late.</exception>
    public async Task<string> RunAsync(
        Tool tool,
        IReadOnlyList<string> arguments,
        string folder,
        SandboxLimits limits,
        Action<string>? onOutput,
        CancellationToken token)
    {
        var command = Command(options, await _walls.Value, tool, arguments, limits);
        var result =
            await SandboxedProcess.RunAsync(command, folder, limits.WallClock, onOutput, token);
        if (result.ExitCode == 0)
            return result.Output;
        throw result.TimedOut
            ? new ToolFailedException($"{tool.Name} did not end within {limits.WallClock}")
            : new ToolFailedException(
                $"{tool.Name} failed with {result.ExitCode}: {Printable(result.Error)}");
    }

    /// <summary>The bounds for a call that works through a disk of this size.</summary>
    public SandboxLimits LimitsFor(long diskBytes) => SandboxLimits.For(options, diskBytes);

    /// <summary>Whom a tool's files must belong to; null is us.</summary>
    public async Task<(uint Uid, uint Gid)?> UserAsync() =>
        (await _walls.Value).HasFlag(Walls.User) ? (options.Uid, options.Gid) : null;

    private static List<string> Command(
        SandboxOptions options,
        Walls walls,
        Tool tool,
        IReadOnlyList<string> arguments,
        SandboxLimits limits)
    {
        List<string> command = [Tool.SetSid.Locate(), Tool.PrLimit.Locate()];
        Limit("cpu", (long)Math.Ceiling(limits.CpuTime.TotalSeconds));
        Limit("as", options.AddressSpaceBytes);
        Limit("fsize", limits.FileBytes);
        Limit("core", 0);
        if (walls.HasFlag(Walls.Namespaces))
            command.AddRange([Tool.Unshare.Locate(), "-n", "-i", "-p", "--fork", "--kill-child"]);
        command.AddRange([Tool.SetPriv.Locate(), "--no-new-privs"]);
        if (walls.HasFlag(Walls.User))
        {
            command.AddRange([$"--reuid={options.Uid}", $"--regid={options.Gid}"]);
            command.AddRange(["--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]);
        }

        return [.. command, tool.Locate(), .. arguments];

        void Limit(string name, long value) =>
            command.Add(string.Create(CultureInfo.InvariantCulture, $"--{name}={value}"));
    }

    private static async Task<Walls> ProbeAsync(SandboxOptions options, Action<string> note)
    {
        if (LibC.geteuid() != 0)
            return Walls.None;
        var limits = new SandboxLimits(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), 1 << 20);
        foreach (var walls in (Walls[])[Walls.User | Walls.Namespaces, Walls.User])
        {
            var command = Command(options, walls, Tool.True, [], limits);
            var result = await SandboxedProcess.RunAsync(
                command, "/", limits.WallClock, onOutput: null, CancellationToken.None);
            if (result.ExitCode != 0)
                continue;
            if (walls == Walls.User)
                note("image tools share the host's network and processes: unshare is refused here");
            return walls;
        }

        note("image tools run as root: setpriv may not change the user here");
        return Walls.None;
    }

    /// <summary>A tool's complaint may quote the image: one short line of it, without controls.
    /// </summary>
    private static string Printable(string text)
    {
        var line = text.Trim().ReplaceLineEndings("; ");
        return string.Concat(line.Take(300).Select(c => char.IsControl(c) ? '?' : c));
    }
}

/// <summary>A tool ended with a failure of its own.</summary>
internal sealed class ToolFailedException(string message) : IOException(message);
