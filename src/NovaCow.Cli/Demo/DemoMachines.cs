using NovaCow.Cli.Commands;
using NovaCow.Client;

namespace NovaCow.Cli.Demo;

/// <summary>
/// The machines that the demo boots, on a host of their own. Machines outlive the processes of a
/// cluster: this deletes what it launched, also when the demo fails or is interrupted.
/// </summary>
internal sealed class DemoMachines(DemoCluster cluster) : IAsyncDisposable
{
    public const string Host = "machines";
    public const int Few = 2;
    public const int Max = 16;
    private const string Flavor = "demo.boot";
    private const string Said = "novacow: ";
    private const string FirstWord = "up ";
    private const string LastWord = "ready";
    private static readonly TimeSpan StartWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan SpeakWithin = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(20);

    private IReadOnlyList<string> _ids = [];

    /// <summary>What the cluster has to know of them.</summary>
    public static string[] FlavorSettings { get; } =
    [
        $"novacow.flavors.{Hocon.Quoted(Flavor)} = {{ vcpus = 1, memory = 256MiB, root = 512MiB, "
            + "ephemeral = [{ size = 1GiB, fs = ext4 }], swap = 64MiB }",
    ];

    /// <summary>Leave the machines running when this object goes.</summary>
    public bool Keep { get; set; }

    /// <summary>Launches instances and listens to their guests until each has told its disks.
    /// </summary>
    /// <exception cref="CliException">One is not active; the reason is its host's.</exception>
    public async Task<IReadOnlyList<DemoGuest>> BootAsync(
        string image, int count, CancellationToken ct)
    {
        await cluster.AreUpAsync([Host], ct);
        var askedAt = TimeProvider.System.GetUtcNow();
        _ids = InstanceNames.Make("boot", count);
        var request = new LaunchRequest
        {
            Image = image, Flavor = Flavor, Ids = _ids, Hypervisor = "libvirt",
        };
        var launched = await cluster.Client.LaunchAsync(request, StartWithin, ct);
        if (launched.Instances.FirstOrDefault(i => i.State != "active") is { } bad)
            throw new CliException(ExitCode.Failed, $"{bad.Id} is {bad.State}: {bad.Reason}");
        return await Task.WhenAll(launched.Instances.Select(i => ListenAsync(i, askedAt, ct)));
    }

    public async ValueTask DisposeAsync()
    {
        if (Keep)
            return;
        using var patience = new CancellationTokenSource(EndWithin);
        await Task.WhenAll(_ids.Select(id => EndAsync(id, patience.Token)));
    }

    /// <summary>Deletes an instance, or finds it deleted.</summary>
    private async Task EndAsync(string id, CancellationToken ct)
    {
        try
        {
            await cluster.Client.DeleteInstanceAsync(id, EndWithin, ct);
        }
        catch (Exception e) when (e is NovaCowException or OperationCanceledException)
        {
            // What could be said of it is less than why the demo ended.
        }
    }

    private async Task<DemoGuest> ListenAsync(
        InstanceResource instance, DateTimeOffset askedAt, CancellationToken ct)
    {
        var (filter, rest) = (new ConsoleFilter(), "");
        DateTimeOffset? upAt = null;
        List<string> lines = [];
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(SpeakWithin);
        try
        {
            await foreach (var part in cluster.Client.FollowConsoleAsync(
                instance.Id, 0, patience.Token))
            {
                var text = (rest + filter.Clean(part.Span)).Split('\n');
                rest = text[^1];
                lines.AddRange(text[..^1].Select(SaidIn).OfType<string>());
                if (lines.Exists(l => l.StartsWith(FirstWord, StringComparison.Ordinal)))
                    upAt ??= TimeProvider.System.GetUtcNow();
                if (lines.Contains(LastWord))
                    break;
            }
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            // Guests of other images say other things.
        }

        return new DemoGuest(instance, askedAt, upAt, lines);
    }

    private static string? SaidIn(string line) =>
        line.IndexOf(Said, StringComparison.Ordinal) is >= 0 and var at
            ? line[(at + Said.Length)..].TrimEnd() : null;
}
