using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;

namespace NovaCow.Cluster.Tests;

/// <summary>Images that were captured on one host and are used on another: their file goes from the
/// host that made it with the last that refers to it.</summary>
public sealed class CaptureTests : IAsyncLifetime
{
    private static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);
    private readonly TestCluster _cluster = new();

    public async ValueTask InitializeAsync()
    {
        await _cluster.StartControlAsync();
        await _cluster.StartHostAsync("host-1");
        await MakeAsync("disk", 1);
        await MakeAsync("other", 2);
        await _cluster.LaunchAsync("vm", 1, Wait);
        await _cluster.LaunchAsync("others", 1, Wait, "other");
    }

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_captured_image_stays_while_an_instance_lives_elsewhere_and_then_goes()
    {
        await CaptureAsync("vm-1", "golden");
        await CaptureAsync("others-1", "marker");
        await FilesAsync(2);
        var host = await Eventually.HoldsAsync(
            "the host says what it holds", () => _cluster.Client.GetHostAsync("host-1", default),
            h => h.Captures == 2, _cluster.Logs);
        Assert.Equal(
            Directory.EnumerateFiles(Folder, "*.qcow2").Sum(f => new FileInfo(f).Length),
            host.CaptureBytes);
        Assert.Contains("in 2 images", await _cluster.CliAsync("host", "show", "host-1"));

        await _cluster.StartHostAsync("host-2");
        await _cluster.Client.CordonHostAsync("host-1", default);
        var clone = Assert.Single(await _cluster.LaunchAsync("clone", 1, Wait, "golden"));
        Assert.Equal(("active", "host-2"), (clone.State, clone.Host));

        // The one that nobody uses goes, so that the other's time had come, too.
        var golden = await FileOfAsync("golden");
        await _cluster.Client.DeleteImageAsync("golden", default);
        await _cluster.Client.DeleteImageAsync("marker", default);
        Assert.Equal(golden, Assert.Single(await FilesAsync(1)));
        await _cluster.Client.DeleteInstanceAsync("clone-1", Wait, default);
        await FilesAsync(0);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder));
    }

    [Fact]
    public async Task A_host_that_was_away_removes_what_nobody_needs_when_it_is_back()
    {
        await CaptureAsync("vm-1", "golden");
        await CaptureAsync("others-1", "kept");
        var kept = await FileOfAsync("kept");
        await FilesAsync(2);
        await _cluster.Node("host-1").KillAsync();
        await _cluster.UntilHostIsAsync("host-1", "unreachable");
        await _cluster.Client.DeleteImageAsync("golden", default);
        Assert.Equal(2, Files().Length);
        await _cluster.StartHostAsync("host-1");
        Assert.Equal(kept, Assert.Single(await FilesAsync(1)));

        // The same bytes can be captured again.
        await CaptureAsync("vm-1", "golden");
        await FilesAsync(2);
        var again = Assert.Single(await _cluster.LaunchAsync("again", 1, Wait, "golden"));
        Assert.Equal("active", again.State);
    }

    private string Folder => Path.Combine(_cluster.StoreOf("host-1"), "captures");

    private string[] Files() =>
        [.. Directory.EnumerateFiles(Folder, "*.qcow2").Select(f => Path.GetFileName(f))];

    private Task<string[]> FilesAsync(int count) => Eventually.HoldsAsync(
        $"host-1 holds {count} captured images", () => Task.FromResult(Files()),
        f => f.Length == count, _cluster.Logs);

    private async Task<string> FileOfAsync(string image)
    {
        var digest = (await _cluster.Client.GetImageAsync(image, default)).Digest;
        return $"{digest.Replace(':', '-')}.qcow2";
    }

    private async Task CaptureAsync(string instance, string name)
    {
        var captured = await _cluster.Client.CaptureInstanceAsync(
            instance, new CaptureImageRequest { Name = name }, Wait, default);
        Assert.True(
            captured.Operation is { State: "done" },
            $"{captured.Operation?.State}: {captured.Operation?.Error}{_cluster.Logs()}");
    }

    private async Task MakeAsync(string name, int seed)
    {
        var path = Path.Combine(_cluster.Folder, name + ".raw");
        var bytes = new byte[2 << 20];
        new Random(seed).NextBytes(bytes.AsSpan(4096));
        await File.WriteAllBytesAsync(path, bytes);
        await _cluster.Client.RegisterImageAsync(
            new RegisterImageRequest { Name = name, Source = path }, default);
    }
}
