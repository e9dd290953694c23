using System.CommandLine;
using System.Diagnostics;
using NovaCow.Cli.Demo;
using NovaCow.Client;

namespace NovaCow.Cli.Commands;

internal static class DemoCommand
{
    private const int Hosts = 3;
    private const int Burst = 60;
    private const int WarmBurst = 12;
    private const string ImageName = "demo";
    private const string LibvirtVariable = "NOVACOW_DEMO_LIBVIRT";
    private static readonly TimeSpan Wait = TimeSpan.FromMinutes(5);

    public static Command Create(Terminal terminal)
    {
        var image = new Argument<string>("IMAGE") { Description = "A disk image on this machine; ./demo.sh makes a small one" };
        var flavor = new Option<string>("--flavor")
        {
            Description = "The flavor to launch",
            DefaultValueFactory = _ => "m1.small",
        };
        var data = new Option<string>("--data")
        {
            Description = "Where the demo's cluster lives while it runs",
            DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "novacow-demo"),
        };
        var keep = new Option<bool>("--keep") { Description = "Leave the cluster running" };
        var libvirt = Options.Libvirt(
            $"Boot machines with the libvirt there; else {LibvirtVariable}");
        var boot = new Option<int>("--boot")
        {
            Description = $"How many machines to boot, up to {DemoMachines.Max}",
            DefaultValueFactory = _ => DemoMachines.Few,
        };
        var command = new Command(
            "demo", $"Start a cluster of {Hosts} hosts, launch {Burst} instances and show the gain")
        {
            image, flavor, data, keep, libvirt, boot,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var file = Path.GetFullPath(parsed.GetRequiredValue(image));
            if (!File.Exists(file))
                throw new CliException(ExitCode.NotFound, $"{file}: there is no such file");
            var machines = parsed.GetValue(boot);
            if (machines is < 0 or > DemoMachines.Max)
            {
                throw new CliException(
                    ExitCode.Usage, $"--boot {machines}: expected 0 to {DemoMachines.Max}");
            }

            var setup = new DemoSetup(
                Path.GetFullPath(parsed.GetRequiredValue(data)), Hosts,
                Path.GetDirectoryName(file)!,
                machines == 0
                    ? null : parsed.GetValue(libvirt) ?? Options.FromEnvironment(LibvirtVariable));
            await new Run(
                terminal, setup, file, parsed.GetRequiredValue(flavor), parsed.GetValue(keep))
            {
                Machines = machines,
            }.RunAsync(ct);
        });
        return command.WithExamples(
            "novacow demo debian-12.qcow2", "novacow demo disk.img --keep",
            "novacow demo disk.img --libvirt qemu:///system --boot 4");
    }

    private sealed class Run(
        Terminal terminal, DemoSetup setup, string image, string flavor, bool keep)
    {
        private readonly DemoReport _report = new(terminal);

        public required int Machines { get; init; }

        public async Task RunAsync(CancellationToken ct)
        {
            if (Directory.Exists(setup.Folder))
            {
                throw new CliException(
                    ExitCode.Conflict,
                    $"{setup.Folder}: exists; a demo is running there, or was killed: "
                    + "end its processes and remove the folder, or give another with --data");
            }

            try
            {
                await WithClusterAsync(ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                Directory.Delete(setup.Folder, recursive: true);
                throw;
            }

            if (!keep)
                Directory.Delete(setup.Folder, recursive: true);
        }

        private async Task WithClusterAsync(CancellationToken ct)
        {
            var clock = Stopwatch.StartNew();
            await using var started = await DemoCluster.StartAsync(setup, ct);
            await using var machines = new DemoMachines(started);
            Say($"a control node and {Hosts} hosts are up after {Took(clock)}");
            await ShowAsync(started, machines, ct);
            started.Keep = machines.Keep = keep;
            if (keep)
                SayHowToGoOn(started);
        }

        private async Task ShowAsync(
            DemoCluster cluster, DemoMachines machines, CancellationToken ct)
        {
            var registered = await cluster.Client.RegisterImageAsync(
                new RegisterImageRequest { Name = ImageName, Source = image }, ct);
            Say($"image {registered.Name}: {registered.Format}, {Show.Bytes(registered.SizeBytes)} "
                + $"to download, a disk of {Show.Bytes(registered.VirtualSizeBytes)}, "
                + registered.Digest[..19] + "…");

            var first = await LaunchAsync(cluster, "cold", Burst, ct);
            var warm = await LaunchAsync(cluster, "warm", WarmBurst, ct);
            var hosts = await cluster.Client.ListHostsAsync(ct);
            _report.Launches(first, warm, hosts.Items);
            Say("");

            InstanceResource[] all = [.. first, .. warm];
            var stores = hosts.Items.Select(h => cluster.StoreOf(h.Name)).ToList();
            var bases = await cluster.Client.ListBasesAsync(ct);
            _report.Space(all, bases.Items, await DemoChecks.BytesOnDiskAsync(stores));
            await CheckAsync(all);
            var booted = await BootAsync(machines, ct);
            if (booted.Count > 0)
                stores.Add(cluster.StoreOf(DemoMachines.Host));
            if (!keep)
                await DeleteAsync(cluster, [.. all, .. booted], stores, ct);
        }

        private async Task<IReadOnlyList<InstanceResource>> LaunchAsync(
            DemoCluster cluster, string prefix, int count, CancellationToken ct)
        {
            var clock = Stopwatch.StartNew();
            var request = new LaunchRequest
            {
                Image = ImageName,
                Flavor = flavor,
                Ids = InstanceNames.Make(prefix, count),
                Hypervisor = "none",
            };
            var launched = await cluster.Client.LaunchAsync(request, Wait, ct);
            if (launched.Instances.FirstOrDefault(i => i.State != "active") is { } bad)
                throw new CliException(ExitCode.Failed, $"{bad.Id} is {bad.State}: {bad.Reason}");
            Say($"{count} instances of {flavor} active after {Took(clock)} ({prefix} caches)");
            return launched.Instances;
        }

        private async Task<IReadOnlyList<InstanceResource>> BootAsync(
            DemoMachines machines, CancellationToken ct)
        {
            if (setup.Libvirt is null)
            {
                Say(Machines == 0
                    ? "no machine is booted"
                    : "no machine is booted, as there is no libvirt: install "
                        + "libvirt-daemon-system and qemu-system-x86, or name one with --libvirt");
                return [];
            }

            var guests = await machines.BootAsync(ImageName, Machines, ct);
            Say("");
            _report.Guests(guests);
            return [.. guests.Select(g => g.Instance)];
        }

        private async Task CheckAsync(IReadOnlyList<InstanceResource> instances)
        {
            string[] overlays =
            [
                .. instances.SelectMany(i => i.Disks).Where(d => d.Format == "qcow2")
                    .Select(d => d.Path),
            ];
            switch (await DemoChecks.CheckOverlaysAsync(overlays))
            {
                case null:
                    Say("qemu-img is not there: the overlays were not checked");
                    break;
                case (_, { } broken):
                    throw new CliException(ExitCode.Failed, $"qemu-img check: {broken}");
                case (var sound, null):
                    Say($"qemu-img check: {sound} of {overlays.Length} overlays sound");
                    break;
            }
        }

        private async Task DeleteAsync(
            DemoCluster cluster,
            IReadOnlyList<InstanceResource> instances,
            IReadOnlyList<string> stores,
            CancellationToken ct)
        {
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(instances.Select(
                i => cluster.Client.DeleteInstanceAsync(i.Id, Wait, ct)));
            var known = await cluster.Client.ListInstancesAsync(null, 1, ct);
            var files = stores.Sum(s => Directory.EnumerateFiles(
                Path.Combine(s, "instances"), "*", SearchOption.AllDirectories).Count());
            Say($"deleted {instances.Count} after {Took(clock)}: {known.Items.Count} instances known, "
                + $"{files} of their files left");
            if (known.Items.Count + files > 0)
                throw new CliException(ExitCode.Failed, "something is left of deleted instances");
        }

        private void SayHowToGoOn(DemoCluster cluster)
        {
            Say($"the cluster goes on; its API is {cluster.Api}");
            Say($"  NOVACOW_API={cluster.Api} ./novacow instance list");
            if (setup.Libvirt is not null)
                Say("machines go on without it; delete their instances first");
            Say($"  kill {string.Join(' ', cluster.ProcessIds)}; rm -r {setup.Folder}");
        }

        private void Say(string line) => terminal.WriteLine(line);

        private static string Took(Stopwatch clock) =>
            Show.Duration(clock.Elapsed.TotalMilliseconds);
    }
}
