using System.Diagnostics;
using System.Text.Json;

namespace NovaCow.Storage.Tests.Inspection;

/// <summary>Runs the tools that make real images. Tests that need one are skipped without it.
/// </summary>
internal static class QemuImg
{
    private static readonly Lazy<bool> s_isThere = new(() => IsOnPath("qemu-img"));

    public static void Need() =>
        Assert.SkipUnless(s_isThere.Value, "qemu-img is not installed (package qemu-utils)");

    public static bool IsOnPath(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(':').Append("/usr/sbin").Append("/sbin")
        .Any(folder => File.Exists(Path.Combine(folder, tool)));

    public static void Run(params string[] arguments)
    {
        var (exitCode, _, error) = TryRun("qemu-img", arguments);
        Assert.True(exitCode == 0, $"qemu-img {string.Join(' ', arguments)}: {error}");
    }

    /// <summary>What qemu-img says of the image; null when it cannot open it.</summary>
    public static JsonElement? Info(string format, string path)
    {
        var (exitCode, output, _) = TryRun(
            "qemu-img", "info", "-f", format, "--output=json", path);
        return exitCode == 0 ? JsonDocument.Parse(output).RootElement : null;
    }

    public static (int ExitCode, string Output, string Error) TryRun(
        string tool, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(tool, arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
