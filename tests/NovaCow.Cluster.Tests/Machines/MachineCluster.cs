using System.Diagnostics;
using System.Text.Json;
using NovaCow.Client;
using NovaCow.Cluster.Tests.Harness;
using NovaCow.Testing.Guests;

namespace NovaCow.Cluster.Tests.Machines;

/// <summary>A control node, and hosts each of which runs real machines with a libvirt of its own.
/// The demo image is registered as <c>demo</c>, and what instances of it need is the flavor
/// <c>guest</c>.</summary>
internal sealed class MachineCluster : IAsyncDisposable
{
    /// <summary>Long enough for whatever includes a boot.</summary>
    public static readonly TimeSpan Wait = GuestConsole.Patience;

    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly Dictionary<string, LibvirtDaemon> _daemons = [];

    private MachineCluster()
    {
        Cluster.Settings.Add("""
            novacow.flavors."guest" {
              vcpus = 1, memory = 256MiB, root = 200MiB, swap = 16MiB
              ephemeral = [{ size = 64MiB, fs = ext4 }]
            }
            """);

        // An emulated guest lets go of a disk when it comes to it.
        Cluster.Settings.Add("novacow.host.hypervisor.unplug-patience=4m");
    }

    public TestCluster Cluster { get; } = new();

    public NovaCowClient Client => Cluster.Client;

    /// <summary>Whether emulators run as the user whom packages choose, and not as root.</summary>
    private bool AsDefaultUser { get; init; }

    /// <summary>Starts a control node; skips the test where there can be no machines.</summary>
    /// <param name="asDefaultUser">Whether emulators run as the user whom packages choose, and not
    /// as root.</param>
    public static async Task<MachineCluster> StartAsync(bool asDefaultUser = false)
    {
        if ((LibvirtDaemon.WhyNot ?? GuestImage.WhyNot) is { } reason)
            Assert.Skip(reason);
        Tools.Need("qemu-img", "mke2fs", "mkswap", "genisoimage");
        var machines = new MachineCluster { AsDefaultUser = asDefaultUser };
        try
        {
            // The hosts' stores are in it, as they would be in /var/lib.
            if (asDefaultUser)
                File.SetUnixFileMode(machines.Cluster.Folder, Passable);
            var disk = Path.Combine(machines.Cluster.Folder, "demo.qcow2");
            File.Copy((await GuestImage.GetAsync()).Disk, disk);
            await machines.Cluster.StartControlAsync();
            await machines.Client.RegisterImageAsync(
                new RegisterImageRequest { Name = "demo", Source = disk }, default);
            return machines;
        }
        catch
        {
            await machines.DisposeAsync();
            throw;
        }
    }

    /// <summary>The libvirt of a host, which runs whether the host does or not.</summary>
    public async Task<LibvirtDaemon> DaemonAsync(string host)
    {
        if (!_daemons.TryGetValue(host, out var daemon))
            _daemons[host] = daemon = await LibvirtDaemon.StartAsync(AsDefaultUser);
        return daemon;
    }

    /// <summary>Starts a host, and its libvirt where there is none yet. Launches choose it by the
    /// label <c>at</c>, its name.</summary>
    public async Task StartHostAsync(string name, params IEnumerable<string> settings)
    {
        var daemon = await DaemonAsync(name);
        await Cluster.StartHostAsync(
            name,
            [
                "novacow.host.hypervisor.driver=libvirt",
                "novacow.host.hypervisor.accelerator=qemu",
                $"novacow.host.hypervisor.uri={JsonSerializer.Serialize(daemon.Uri)}",
                $"novacow.host.labels.at={name}",
                .. settings,
            ]);
    }

    /// <summary>Asks for an instance.</summary>
    /// <param name="id">The instance.</param>
    /// <param name="host">Where it has to stay; null: anywhere.</param>
    /// <param name="image">Of which image.</param>
    /// <param name="commands">What its guest is told, by its seed.</param>
    public static LaunchRequest Request(
        string id, string? host, string image = "demo", params string[] commands) => new()
    {
        Image = image,
        Flavor = "guest",
        Ids = [id],
        On = host is null ? null : $"at={host}",
        Guest = new GuestRequest
        {
            UserData = string.Concat(commands.Select(c => $"novacow: {c}\n")),
        },
    };

    /// <summary>Launches an instance, and waits until it is active or failed.</summary>
    public async Task<InstanceResource> LaunchAsync(
        string id, string? host, string image = "demo", params string[] commands)
    {
        var request = Request(id, host, image, commands);
        return Assert.Single((await Client.LaunchAsync(request, Wait, default)).Instances);
    }

    /// <summary>Launches an instance, whose machine has to run.</summary>
    public async Task<ApiConsole> RunAsync(
        string id, string? host, string image = "demo", params string[] commands)
    {
        var launched = await LaunchAsync(id, host, image, commands);
        Assert.True(launched.State == "active", $"{launched.Reason}{Cluster.Logs()}");
        await PowerAsync(id, "running", "started");
        return new ApiConsole(Client, id);
    }

    /// <summary>Does something with an instance, which has to succeed.</summary>
    public async Task<InstanceResource> DoAsync(
        Func<NovaCowClient, TimeSpan?, Task<InstanceResource>> operation)
    {
        var instance = await operation(Client, Wait);
        Assert.True(
            instance.Operation is { State: "done" },
            $"{instance.Operation?.Kind} {instance.Operation?.State}: {instance.Operation?.Error}"
                + Cluster.Logs());
        return instance;
    }

    public Task<InstanceResource> StartInstanceAsync(string id) =>
        DoAsync((client, wait) => client.StartInstanceAsync(id, wait, default));

    /// <summary>Stops an instance whose guest heeds its power button.</summary>
    public async Task StopInstanceAsync(string id)
    {
        var request = new StopRequest { GraceSeconds = (int)Wait.TotalSeconds };
        await DoAsync((client, wait) => client.StopInstanceAsync(id, request, wait, default));
        await PowerAsync(id, "stopped", "guest");
    }

    /// <summary>Waits until an instance is shown so.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> PowerAsync(string id, string state, string cause)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var power = (await Client.GetInstanceAsync(id, default)).Power;
            if ((power?.State, power?.Cause) == (state, cause))
                return clock.Elapsed;
            Assert.True(
                clock.Elapsed < Wait,
                $"{id} is not {state} ({cause}) but {power}{Cluster.Logs()}");
            await Task.Delay(Pause);
        }
    }

    /// <summary>Deletes an instance; nothing of it is left on its host.</summary>
    public async Task DeleteAsync(string id, string host)
    {
        await Client.DeleteInstanceAsync(id, Wait, default);
        Assert.DoesNotContain($"novacow-{id} ", await DomainsAsync(host), StringComparison.Ordinal);
        Assert.DoesNotContain(id, Cluster.OnDisk(host));
    }

    /// <summary>All that a host's libvirt knows, as its own client lists it.</summary>
    public async Task<string> DomainsAsync(string host) =>
        await (await DaemonAsync(host)).VirshAsync("list", "--all");

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        foreach (var daemon in _daemons.Values)
            await daemon.DisposeAsync();
    }
}
