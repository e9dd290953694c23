using System.Diagnostics;
using NovaCow.Core;
using NovaCow.Storage.Inspection;
using NovaCow.Storage.Tests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestPipelineStartup(typeof(KilledChild))]

namespace NovaCow.Storage.Tests;

/// <summary>
/// This test program again, as a process that works on a store until it is killed. It prints a line
/// for each thing once that is acknowledged.
/// </summary>
internal sealed class KilledChild : ITestPipelineStartup
{
    private const string Variable = "NOVACOW_TEST_STORE_CHILD";

    public static Process Start(string root)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };

        // A killed runtime leaves the pipes of its debugger behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment[Variable] = root;
        return Process.Start(start)!;
    }

    /// <summary>Runs before any test of this program, and instead of them in the child.</summary>
    public async ValueTask StartAsync(IMessageSink diagnosticMessageSink)
    {
        await OneOperationChild.RunIfAskedAsync();
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } root)
            return;
        await WorkAsync(root);
    }

    public ValueTask StopAsync() => ValueTask.CompletedTask;

    private static async Task WorkAsync(string root)
    {
        using var store = HostStore.Open(root);
        var driver = new Qcow2VolumeDriver(store, new ImageInspector());
        var host = new DriverHost(store, driver);
        var found = await driver.ListAsync(default);
        Say("listed");
        var round = found.Disks.Count;
        for (var i = 0; ; i++)
        {
            var volume = await host.BlankAsync((round + i + 1L) * 512);
            Say($"base {volume.Key}");
            await Task.WhenAll(Enumerable.Range(0, 4).Select(async n =>
            {
                var id = $"vm-{Environment.ProcessId}-{i}-{n}";
                await host.CommitAsync(volume, id);
                Say($"instance {id}");
                if (n == 0)
                {
                    Say($"deleting {id}");
                    await store.DeleteInstanceAsync(InstanceId.Parse(id), default);
                    Say($"deleted {id}");
                    await driver.DeleteDiskAsync(InstanceId.Parse(id), DiskName.Root, default);
                }
            }));
        }
    }

    /// <summary>One write, so that a line is printed whole or not at all.</summary>
    private static void Say(string line) => Console.Out.WriteLine(line);
}
