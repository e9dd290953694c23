using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests;

/// <summary>
/// This test program again, as a process that does one thing to a store and says how it ended, so
/// that a tracer can make the kernel fail it.
/// </summary>
internal static class OneOperationChild
{
    private const string OperationVariable = "NOVACOW_TEST_OPERATION";
    private const string StoreVariable = "NOVACOW_TEST_OPERATION_STORE";
    private const string ImageVariable = "NOVACOW_TEST_OPERATION_IMAGE";
    private const long BaseBytes = TestImages.MiB;
    private static readonly InstanceId s_instance = InstanceId.Parse("vm-1");

    public static IReadOnlyList<string> Operations { get; } =
        ["make a base", "commit a clone", "remove an instance", "remove a base"];

    /// <summary>Makes a store in which each operation has something to do.</summary>
    public static async Task PrepareAsync(string root, string operation)
    {
        using var host = StoreWork.Open(root, DriverName.Qcow2, new StoreFiles());
        var volume = await host.BlankAsync(BaseBytes);
        if (operation == "remove an instance")
            await host.CommitAsync(volume, s_instance.Value);
    }

    /// <summary>Runs a command (a tracer and its options) with this program as its last
    /// argument.</summary>
    /// <returns>What the child said: <c>acknowledged</c>, or <c>failed CODE</c>.</returns>
    public static async Task<string> RunAsync(
        IEnumerable<string> tracer, string operation, string root, string image)
    {
        string[] command = [.. tracer, Environment.ProcessPath!];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment[OperationVariable] = operation;
        start.Environment[StoreVariable] = root;
        start.Environment[ImageVariable] = image;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        var line = said.Split('\n')
            .SingleOrDefault(l => l.StartsWith("ended: ", StringComparison.Ordinal));
        Assert.True(line is not null, $"the child said: {said}{await errors}");
        return line["ended: ".Length..];
    }

    /// <summary>In the child: does what it was started for and ends the process; else returns.
    /// </summary>
    public static async Task RunIfAskedAsync()
    {
        if (Environment.GetEnvironmentVariable(OperationVariable) is not { Length: > 0 } operation)
            return;
        string ended;
        try
        {
            await ActAsync(
                operation,
                Environment.GetEnvironmentVariable(StoreVariable)!,
                Environment.GetEnvironmentVariable(ImageVariable)!);
            ended = "acknowledged";
        }
        catch (PortException e)
        {
            ended = $"failed {e.Error.Code}";
        }

        Console.Out.WriteLine($"ended: {ended}");
        Environment.Exit(0);
    }

    public static async Task ActAsync(string operation, string root, string image)
    {
        using var host = StoreWork.Open(root, DriverName.Qcow2, new StoreFiles());
        await host.Driver.ListAsync(default);
        switch (operation)
        {
            case "make a base":
                await host.ImageAsync(image, DiskFormat.Raw, new FileInfo(image).Length);
                break;
            case "commit a clone":
                await host.CommitAsync(await host.BlankAsync(BaseBytes), s_instance.Value);
                break;
            case "remove an instance":
                await host.Store.DeleteInstanceAsync(s_instance, default);
                await host.Driver.DeleteDiskAsync(s_instance, DiskName.Root, default);
                break;
            case "remove a base":
                await host.Driver.DeleteBaseAsync(
                    TestImages.Blank(BaseBytes).Key(), default);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(operation), operation, "unknown");
        }
    }
}
