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
        var command = new Command(
            "demo", $"Start a cluster of {Hosts} hosts, launch {Burst} instances and show the gain")
        {
            image, flavor, data, keep,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var file = Path.GetFullPath(parsed.GetRequiredValue(image));
            if (!File.Exists(file))
                throw new CliException(ExitCode.NotFound, $"{file}: there is no such file");
            var demo = new Run(terminal, file, parsed.GetRequiredValue(flavor),
                Path.GetFullPath(parsed.GetRequiredValue(data)), parsed.GetValue(keep));
            await demo.RunAsync(ct);
        });
        return command.WithExamples("novacow demo debian-12.qcow2", "novacow demo disk.img --keep");
    }

    private sealed class Run(
        Terminal terminal, string image, string flavor, string folder, bool keep)
    {
        private readonly DemoReport _report = new(terminal);

        public async Task RunAsync(CancellationToken ct)
        {
            if (Directory.Exists(folder))
            {
                throw new CliException(
                    ExitCode.Conflict,
                    $"{folder}: exists; a demo is running there, or was killed: "
                    + "end its processes and remove the folder, or give another with --data");
            }

            var clock = Stopwatch.StartNew();
            var started = await DemoCluster.StartAsync(
                folder, Hosts, Path.GetDirectoryName(image)!, ct);
            await using (started)
            {
                Say($"a control node and {Hosts} hosts are up after {Took(clock)}");
                await ShowAsync(started, ct);
                started.Keep = keep;
                if (keep)
                    SayHowToGoOn(started);
            }

            if (!keep)
                Directory.Delete(folder, recursive: true);
        }

        private async Task ShowAsync(DemoCluster cluster, CancellationToken ct)
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
            if (!keep)
                await DeleteAsync(cluster, all, stores, ct);
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
            };
            var launched = await cluster.Client.LaunchAsync(request, Wait, ct);
            if (launched.Instances.FirstOrDefault(i => i.State != "active") is { } bad)
                throw new CliException(ExitCode.Failed, $"{bad.Id} is {bad.State}: {bad.Reason}");
            Say($"{count} instances of {flavor} active after {Took(clock)} ({prefix} caches)");
            return launched.Instances;
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
            Say($"  kill {string.Join(' ', cluster.ProcessIds)}; rm -r {folder}");
        }

        private void Say(string line) => terminal.WriteLine(line);

        private static string Took(Stopwatch clock) =>
            Show.Duration(clock.Elapsed.TotalMilliseconds);
    }
}
