using System.Collections.Concurrent;
using NovaCow.Actors.Hosting;
using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Tests.Fakes;

/// <summary>
/// A hypervisor in memory. It outlives the hosts over it, writes down what it was asked for, tells
/// its observers what happens, and lets a test hold a call up or fail it.
/// </summary>
internal sealed class FakeHypervisor : IHypervisor, ICopiesRunningDisks, IGuestSeeds, ICapturesDisks
{
    private readonly ConcurrentDictionary<int, Action<MachineEvent>> _observers = new();
    private int _observed;

    public ConcurrentDictionary<InstanceId, MachineStatus> Machines { get; } = new();

    public ConcurrentDictionary<InstanceId, MachineSpec> Specs { get; } = new();

    /// <summary>Sees each machine at the moment when it boots.</summary>
    public Action<MachineSpec> OnBoot { get; set; } = _ => { };

    /// <summary>The present boot of the hosts over it.</summary>
    public string? Boot { get; set; }

    /// <summary>The images that were made of disks.</summary>
    public ConcurrentDictionary<Digest, HeldCapture> Captured { get; } = new();

    /// <summary>What was asked for, in order: start, stop, remove, attach, detach, copy, seed,
    /// capture, drop.</summary>
    public ConcurrentQueue<string> Asked { get; } = new();

    /// <summary>Runs at the start of each call, with its step.</summary>
    public Func<string, Task> OnCall { get; set; } = _ => Task.CompletedTask;

    public HostMachines AsMachines(bool resume = true) => new()
    {
        Hypervisor = this,
        Capabilities = new HypervisorCapabilities("libvirt", "qemu", "fake"),
        Seeds = this,
        Resume = resume,
        Boot = Boot,
    };

    public int Calls(string step) => Asked.Count(a => a == step);

    public void Fail(string step, string why) => OnCall = s => s == step
        ? Task.FromException(PortException.Final(LaunchErrorCode.Hypervisor, why))
        : Task.CompletedTask;

    public TaskCompletionSource Hold(string step)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        OnCall = s => s == step ? gate.Task : Task.CompletedTask;
        return gate;
    }

    public void Heal() => OnCall = _ => Task.CompletedTask;

    /// <summary>Something happens to a machine that nobody here asked for.</summary>
    public void Happen(InstanceId id, PowerState state, PowerCause cause)
    {
        var status = new MachineStatus(state, cause);
        Machines[id] = status;
        foreach (var observer in _observers.Values)
            observer(new MachineEvent(id, status));
    }

    public Task<HypervisorCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken) =>
        Task.FromResult(AsMachines().Capabilities);

    public Task<Ensured<MachineStatus>> EnsureRunningAsync(
        MachineSpec machine, CancellationToken cancellationToken) =>
        BeginAsync("start", cancellationToken, () =>
        {
            var runs = Machines.TryGetValue(machine.Id, out var now) && now.IsOn;
            Specs[machine.Id] = machine;
            if (!runs)
            {
                OnBoot(machine);
                Happen(machine.Id, PowerState.Running, PowerCause.Started);
            }

            return new Ensured<MachineStatus>(Machines[machine.Id], !runs);
        });

    public Task StopAsync(InstanceId id, TimeSpan grace, CancellationToken cancellationToken) =>
        BeginAsync("stop", cancellationToken, () =>
        {
            if (Machines.TryGetValue(id, out var now) && now.IsOn)
            {
                Happen(id, PowerState.Stopping, PowerCause.Ended);
                Happen(id, PowerState.Stopped, PowerCause.Ended);
            }

            return true;
        });

    public Task RemoveAsync(InstanceId id, CancellationToken cancellationToken) =>
        BeginAsync("remove", cancellationToken, () => Machines.TryRemove(id, out _));

    public Task AttachAsync(
        InstanceId id, MachineDisk disk, CancellationToken cancellationToken) =>
        BeginAsync("attach", cancellationToken, () =>
        {
            Specs[id] = Specs[id] with { Disks = [.. Specs[id].Disks, disk] };
            return true;
        });

    public Task DetachAsync(
        InstanceId id, DiskName disk, TimeSpan patience, CancellationToken cancellationToken) =>
        BeginAsync("detach", cancellationToken, () =>
        {
            Specs[id] = Specs[id] with { Disks = [.. Specs[id].Disks.Where(d => d.Name != disk)] };
            return true;
        });

    public IDisposable Observe(Action<MachineEvent> onEvent)
    {
        var number = Interlocked.Increment(ref _observed);
        _observers[number] = onEvent;
        return new Observing(() => _observers.TryRemove(number, out _));
    }

    public Task<MachineInventory> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new MachineInventory(Machines.ToDictionary(), ["somebody-elses"]));

    public Task CopyDiskAsync(
        InstanceId id, DiskName disk, string target, IProgress<long>? progress,
        CancellationToken cancellationToken) =>
        BeginAsync("copy", cancellationToken, () => true);

    public Task WriteAsync(
        string path, InstanceId instance, GuestSetup setup,
        CancellationToken cancellationToken) =>
        BeginAsync("seed", cancellationToken, () => true);

    public string IncomingCopy(InstanceId instance) => $"/store/captures/{instance}.tmp";

    public Task<CapturedImage> CaptureAsync(
        CaptureRequest request, IProgress<long>? progress, CancellationToken cancellationToken) =>
        BeginAsync("capture", cancellationToken, () =>
        {
            var image = new CapturedImage(
                new Uri($"fake://host/{(request.Copy is null ? "disk" : "copy")}"),
                Given.Image.Digest, DiskFormat.Qcow2, 100, request.Disk.VirtualSizeBytes);
            Captured[image.Digest] = new HeldCapture(image.Digest, image.SizeBytes)
            {
                Cluster = request.Cluster,
            };
            return image;
        });

    public Task<IReadOnlyList<HeldCapture>> ListCapturesAsync(
        CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<HeldCapture>>(
            [.. Captured.Values.OrderBy(c => c.Digest.Hex, StringComparer.Ordinal)]);

    public Task RemoveAsync(
        IReadOnlyList<Digest> digests, CancellationToken cancellationToken) =>
        BeginAsync("drop", cancellationToken, () =>
        {
            foreach (var digest in digests)
                Captured.TryRemove(digest, out _);
            return true;
        });

    public void Dispose()
    {
    }

    private async Task<T> BeginAsync<T>(
        string step, CancellationToken cancellationToken, Func<T> act)
    {
        Asked.Enqueue(step);
        await OnCall(step).WaitAsync(cancellationToken);
        return act();
    }

    private sealed class Observing(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
