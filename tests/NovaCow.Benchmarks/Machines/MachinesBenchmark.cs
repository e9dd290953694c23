using System.Diagnostics;
using NovaCow.Benchmarks.Node;
using NovaCow.Core;
using NovaCow.Hypervisor.Libvirt;
using NovaCow.Testing.Guests;

namespace NovaCow.Benchmarks.Machines;

/// <summary>
/// Machines beside libvirt's own client and plain qemu, in turns in one run, with a libvirtd of
/// their own (as root): an instance's disks and its machine started, beside virsh create of the
/// same XML on disks that are ready; what a call costs; many machines at once; and how soon a guest
/// says its first line.
/// </summary>
internal sealed class MachinesBenchmark : IBenchmark
{
    private const int Rounds = 9;
    private const int Boots = 3;
    private const int Crowd = 20;
    private const int Calls = 200;
    private const double Goal = 1.3;
    private const string FirstLine = "novacow: up after ([0-9.]+) s";
    private int _next;

    public string Name => "machines";

    public string About => "launch to started, calls, 20 at once, first line; beside virsh, qemu";

    /// <param name="args">The directory to measure in, else the temporary one; and with which part
    /// to begin, from 0.</param>
    public async Task RunAsync(string[] args)
    {
        if ((LibvirtDaemon.WhyNot ?? GuestImage.WhyNot) is { } reason)
        {
            Console.WriteLine($"machines: skipped: {reason}");
            return;
        }

        var folder = BenchmarkFolder.Create(args);
        try
        {
            await using var lab = await MachineLab.MakeAsync(folder);
            Func<MachineLab, Task>[] parts = [LaunchAsync, CallsAsync, CrowdAsync, FirstLineAsync];
            var chosen = args.Length > 1 ? parts[int.Parse(args[1])..] : parts;
            foreach (var part in chosen)
                await part(lab);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task LaunchAsync(MachineLab lab)
    {
        List<(double Ours, double Theirs)> rounds = [];
        // The first of each finds nothing of its own or of libvirt's ready.
        for (var i = -1; i < Rounds; i++)
        {
            var clock = Stopwatch.StartNew();
            var ours = await lab.MakeDisksAsync(NewName(), lab.Blank);
            await lab.Hypervisor.EnsureRunningAsync(ours, CancellationToken.None);
            var mine = clock.Elapsed.TotalMilliseconds;
            await lab.Hypervisor.RemoveAsync(ours.Id, CancellationToken.None);

            var theirs = await lab.MakeDisksAsync(NewName(), lab.Blank);
            var xml = await lab.WriteXmlAsync(theirs);
            clock.Restart();
            await lab.Daemon.VirshAsync("create", xml);
            var other = clock.Elapsed.TotalMilliseconds;
            await lab.Daemon.VirshAsync("destroy", DomainIdentity.NameOf(theirs.Id));
            if (i >= 0)
                rounds.Add((mine, other));
        }

        Print("launch to started, disks included", "virsh create on ready disks", rounds, Goal);
    }

    private async Task CallsAsync(MachineLab lab)
    {
        var machines = await Task.WhenAll(
            Enumerable.Range(0, 5).Select(_ => lab.MakeDisksAsync(NewName(), lab.Blank)));
        foreach (var machine in machines)
            await lab.Hypervisor.EnsureRunningAsync(machine, CancellationToken.None);
        List<(double, double)> lists = [], states = [];
        for (var i = 0; i < 5; i++)
        {
            lists.Add((
                await PerCallAsync(() => lab.Hypervisor.ListAsync(CancellationToken.None)),
                await VirshCallAsync(lab, "list --all --title")));
            states.Add((
                await PerCallAsync(() => lab.Hypervisor.EnsureRunningAsync(
                    machines[0], CancellationToken.None)),
                await VirshCallAsync(
                    lab, $"domstate {DomainIdentity.NameOf(machines[0].Id)} --reason")));
        }

        Print("a list of 5 machines with their owners", "virsh list --title, one process", lists);
        Print("a start of what runs", "virsh domstate, one process", states);
        foreach (var machine in machines)
            await lab.Hypervisor.RemoveAsync(machine.Id, CancellationToken.None);
    }

    private async Task CrowdAsync(MachineLab lab)
    {
        List<(double, double)> rounds = [];
        for (var i = 0; i < 2; i++)
        {
            var ours = Enumerable.Range(0, Crowd).Select(_ => NewName()).ToList();
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(ours.Select(async name => await lab.Hypervisor.EnsureRunningAsync(
                await lab.MakeDisksAsync(name, lab.Blank), CancellationToken.None)));
            var mine = clock.Elapsed.TotalMilliseconds;
            await Task.WhenAll(ours.Select(name => lab.Hypervisor.RemoveAsync(
                InstanceId.Parse(name), CancellationToken.None)));

            var theirs = await Task.WhenAll(Enumerable.Range(0, Crowd)
                .Select(_ => lab.MakeDisksAsync(NewName(), lab.Blank)));
            var files = await Task.WhenAll(theirs.Select(lab.WriteXmlAsync));
            clock.Restart();
            await Task.WhenAll(files.Select(file => lab.Daemon.VirshAsync("create", file)));
            rounds.Add((mine, clock.Elapsed.TotalMilliseconds));
            await Task.WhenAll(theirs.Select(
                machine => lab.Daemon.VirshAsync("destroy", DomainIdentity.NameOf(machine.Id))));
        }

        Print($"{Crowd} at once, disks included", $"{Crowd} of virsh create at once", rounds, Goal);
    }

    private async Task FirstLineAsync(MachineLab lab)
    {
        List<(double, double)> rounds = [];
        for (var i = 0; i < Boots; i++)
        {
            var clock = Stopwatch.StartNew();
            var ours = await lab.MakeDisksAsync(NewName(), lab.Demo);
            await lab.Hypervisor.EnsureRunningAsync(ours, CancellationToken.None);
            var line = await new GuestConsole(ours.ConsolePath).WaitForAsync(FirstLine);
            var mine = clock.Elapsed.TotalMilliseconds;
            await lab.Hypervisor.RemoveAsync(ours.Id, CancellationToken.None);

            var theirs = await lab.MakeDisksAsync(NewName(), lab.Demo);
            clock.Restart();
            await using var guest = await PlainGuest.StartAsync(await lab.CopyAsync(theirs));
            var other = await guest.WaitForAsync(FirstLine);
            rounds.Add((mine, clock.Elapsed.TotalMilliseconds));
            Console.WriteLine(
                $"machines: of {mine:F0} ms and {rounds[^1].Item2:F0} ms the guests' kernels took "
                    + $"{line.Groups[1]} s and {other.Groups[1]} s");
        }

        Print("request to the guest's first line", "full copy of 128 MiB and plain qemu", rounds);
    }

    /// <summary>Milliseconds of a call among many.</summary>
    private static async Task<double> PerCallAsync(Func<Task> call)
    {
        await call();
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < Calls; i++)
            await call();
        return clock.Elapsed.TotalMilliseconds / Calls;
    }

    /// <summary>Milliseconds of a command of virsh's among many of one process.</summary>
    private static async Task<double> VirshCallAsync(MachineLab lab, string command)
    {
        var clock = Stopwatch.StartNew();
        await lab.Daemon.VirshAsync(command);
        var one = clock.Elapsed.TotalMilliseconds;
        clock.Restart();
        await lab.Daemon.VirshAsync(string.Join("; ", Enumerable.Repeat(command, Calls + 1)));
        return (clock.Elapsed.TotalMilliseconds - one) / Calls;
    }

    private static void Print(
        string what, string beside, List<(double Ours, double Theirs)> rounds, double? goal = null)
    {
        var ratios = rounds.Select(r => r.Ours / r.Theirs).Order().ToList();
        var (ours, theirs) = (
            rounds.Select(r => r.Ours).Order().ElementAt(rounds.Count / 2),
            rounds.Select(r => r.Theirs).Order().ElementAt(rounds.Count / 2));
        Console.WriteLine(
            $"machines: {what}: {ours:F2} ms; {beside}: {theirs:F2} ms: "
                + $"{ratios[ratios.Count / 2]:F2} x{(goal is null ? "" : $" (goal {goal})")} "
                + $"(median of {rounds.Count}: {string.Join(' ', ratios.Select(r => $"{r:F2}"))})");
    }

    private string NewName() => $"bench-{_next++}";
}
