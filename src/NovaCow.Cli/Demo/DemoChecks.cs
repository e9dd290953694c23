using System.Diagnostics;

namespace NovaCow.Cli.Demo;

/// <summary>Looks at the stores from outside, with the system's own tools.</summary>
internal static class DemoChecks
{
    /// <summary>The bytes that folders take on disk; null where du is missing.</summary>
    public static async Task<long> BytesOnDiskAsync(IEnumerable<string> folders)
    {
        long total = 0;
        foreach (var folder in folders)
        {
            var (_, output) = await RunAsync("du", ["-s", "--block-size=1", "--", folder]);
            total += long.Parse(output.Split('\t')[0]);
        }

        return total;
    }

    /// <summary>How many overlays <c>qemu-img check</c> finds sound, and the first that is not;
    /// null when there is no qemu-img.</summary>
    public static async Task<(int Sound, string? Broken)?> CheckOverlaysAsync(
        IReadOnlyList<string> overlays)
    {
        try
        {
            foreach (var (path, index) in overlays.Select((p, i) => (p, i)))
            {
                var (exit, output) = await RunAsync("qemu-img", ["check", "-f", "qcow2", "--", path]);
                if (exit != 0)
                    return (index, $"{path}: {output}");
            }

            return (overlays.Count, null);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static async Task<(int Exit, string Output)> RunAsync(string tool, string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(tool, arguments)
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }
}
