using System.Diagnostics;
using System.Text.Json;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>A folder of Nova's on a real host becomes instances of ours.</summary>
public sealed class AdoptionTests : IAsyncLifetime
{
    private const string Old = "0b5d3a52-6c1e-4b0e-9f61-0d0c5a1f7e01";
    private const string Odd = "1c6e4b63-7d2f-4c1f-8a72-1e1d6b2a8f02";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(150);
    private readonly TestCluster _cluster = new();

    private string Nova => Path.Combine(_cluster.Folder, "instances");

    private string Base => $"{Nova}/_base/9d1e6f0a2b3c4d5e6f708192a3b4c5d6e7f80912";

    public async ValueTask InitializeAsync()
    {
        await MakeFolderAsync();
        _cluster.Settings.Add($"novacow.host.adopt=[{JsonSerializer.Serialize(Nova)}]");
        await _cluster.StartControlAsync();
        await _cluster.StartHostAsync("host-1");
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task Old_instances_become_clones_with_their_bytes_and_their_folder_stays()
    {
        var before = Snapshot();
        var plan = await AdoptAsync(isDryRun: true);
        Assert.Equal([null, "neither"], plan.Instances.Select(i => i.Problem?.Split(' ')[1]));
        Assert.Empty(await _cluster.InstancesAsync());

        var adopted = await AdoptAsync(isDryRun: false);
        Assert.Equal("nova-9d1e6f0a2b3c", adopted.Instances[0].Image);
        var instance = Assert.Single(await _cluster.UntilAllAreAsync("active", 1));
        Assert.Equal((Old, "host-1"), (instance.Id, instance.Host));
        Assert.Equal(["root", "swap"], instance.Disks.Select(d => d.Name));
        await RunAsync(
            "qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", $"{Nova}/{Old}/disk",
            instance.Disks[0].Path);
        Assert.Equal(before, Snapshot());

        await AdoptAsync(isDryRun: false);
        await _cluster.Client.DeleteInstanceAsync(Old, s_patience, default);
        await _cluster.DisksAreAsTheSchedulerSaysAsync("host-1");
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public async Task A_folder_that_is_not_in_the_configuration_is_refused()
    {
        var error = await Assert.ThrowsAsync<NovaCowException>(() => _cluster.Client.AdoptAsync(
            "host-1", new AdoptRequest { Folder = "/etc", DryRun = true }, default));
        Assert.Contains("novacow.host.adopt", error.Message);
        error = await Assert.ThrowsAsync<NovaCowException>(() => _cluster.Client.AdoptAsync(
            "nowhere", new AdoptRequest { Folder = Nova, DryRun = true }, default));
        Assert.Equal(404, error.Problem.Status);
    }

    private Task<AdoptResponse> AdoptAsync(bool isDryRun) => _cluster.Client.AdoptAsync(
        "host-1", new AdoptRequest { Folder = Nova, DryRun = isDryRun }, default);

    private async Task MakeFolderAsync()
    {
        foreach (var folder in (string[])["_base", Old, Odd])
            Directory.CreateDirectory($"{Nova}/{folder}");
        var bytes = new byte[4 << 20];
        new Random(1).NextBytes(bytes.AsSpan(0, 1 << 20));
        await File.WriteAllBytesAsync(Base, bytes);
        await RunAsync(
            "qemu-img", "create", "-q", "-f", "qcow2", "-b", Base, "-F", "raw",
            $"{Nova}/{Old}/disk", "64M");
        await RunAsync(
            "qemu-io", "-f", "qcow2", "-c", "write -P 7 1M 256k", $"{Nova}/{Old}/disk");
        await File.WriteAllBytesAsync($"{Nova}/{Old}/disk.swap", new byte[1 << 20]);
        await File.WriteAllTextAsync(
            $"{Nova}/{Old}/disk.info",
            $$"""{"/old/{{Old}}/disk": "qcow2", "/old/{{Old}}/disk.swap": "raw"}""");
        File.Copy(Base, $"{Nova}/{Odd}/disk");
    }

    private string[] Snapshot() =>
    [
        .. new DirectoryInfo(Nova).EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(f => $"{f.FullName} {f.Length} {f.LastWriteTimeUtc:O}").Order(),
    ];

    private static async Task RunAsync(string tool, params string[] arguments)
    {
        using var process = Process.Start(tool, arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
