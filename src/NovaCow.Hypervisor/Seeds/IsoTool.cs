using System.Diagnostics;
using NovaCow.Core;

namespace NovaCow.Hypervisor.Seeds;

/// <summary>Runs <c>genisoimage</c>.</summary>
internal static class IsoTool
{
    private const string Name = "genisoimage";
    private const int MaxErrorChars = 2000;

    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    private static readonly string[] s_folders = ["/usr/bin", "/bin", "/usr/local/bin"];

    /// <summary>Makes an image of a folder, whose files belong to root alone in the guest.
    /// </summary>
    /// <exception cref="PortException">It is not installed, failed, or did not end.</exception>
    public static async Task MakeAsync(
        string image, string label, string folder, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var process = Start(
            "-quiet", "-output", image, "-volid", label, "-joliet", "-rock",
            "-input-charset", "utf-8", "-uid", "0", "-gid", "0",
            "-file-mode", "0400", "-dir-mode", "0500", folder);
        process.StandardInput.Close();
        using var late = new CancellationTokenSource(s_patience);
        using var either =
            CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        await using (either.Token.Register(process.Kill))
        {
            var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            var error = process.StandardError.ReadToEndAsync(CancellationToken.None);
            await process.WaitForExitAsync(CancellationToken.None);
            _ = await output;
            cancellationToken.ThrowIfCancellationRequested();
            if (process.ExitCode != 0)
                throw Failure(late.IsCancellationRequested, process.ExitCode, await error);
        }
    }

    private static Process Start(params string[] arguments)
    {
        var path = s_folders.Select(f => Path.Combine(f, Name)).FirstOrDefault(File.Exists)
            ?? throw PortException.Final(
                LaunchErrorCode.Hypervisor,
                $"{Name} is not installed on this host, so no guest can be told anything; "
                    + $"install the Debian package {Name}");
        var start = new ProcessStartInfo(path, arguments)
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["LC_ALL"] = "C.UTF-8";
        return Process.Start(start)!;
    }

    private static PortException Failure(bool isLate, int code, string error)
    {
        var words = isLate
            ? $"did not end within {s_patience.TotalSeconds:0} s"
            : $"failed with {code}: {error[..Math.Min(error.Length, MaxErrorChars)].Trim()}";
        return PortException.Retryable(
            LaunchErrorCode.Hypervisor, $"{Name} {words}; look at the store's file system");
    }
}
