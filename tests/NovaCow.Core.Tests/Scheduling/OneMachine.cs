using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>A scheduler with one active instance, on a host that runs machines.</summary>
internal sealed class OneMachine
{
    public static readonly HypervisorCapabilities Kvm = new("libvirt", "kvm", "9.0");

    public static readonly InstanceDisk Root = new()
    {
        Name = DiskName.Root,
        BackingFile = Given.Image().BaseKey(),
        VirtualSizeBytes = Given.GiB,
        AllocatedBytes = 10,
        Path = "/vm/root.qcow2",
        Format = "qcow2",
    };

    public OneMachine(HypervisorCapabilities? hypervisor = null, HostCapacity? capacity = null)
    {
        Core.Hello(
            Given.Facts("a") with
            {
                Hypervisor = hypervisor ?? Kvm,
                Capacity = capacity ?? Given.Roomy,
                Address = "a",
            },
            Given.Start);
        Core.Launch("vm");
        Core.Prepared(A, Id, Fence, [Root], new(true, default, default), Given.Start);
        Core.Activated(A, Id, Fence, Given.Start);
    }

    public static HostId A { get; } = Given.Host("a");

    public static InstanceId Id { get; } = Given.Id("vm");

    public static LaunchFence Fence { get; } = new(1, 1);

    public SchedulerCore Core { get; } = Given.Scheduler();

    public InstanceInfo Info => Core.Find(Id, At(0))!;

    public LaunchChange Newest => Info.Change!;

    public long ClaimedDiskBytes => Core.State.ClaimsOf(A).DiskBytes;

    public static DateTimeOffset At(double seconds) => Given.Start.AddSeconds(seconds);

    public static PowerReport Report(PowerState state, double at = 0) =>
        new(new MachineStatus(state, PowerCause.Unknown), At(at));

    public Decision Power(PowerState state, double at = 0, int attempt = 1) =>
        Core.PowerChanged(A, Id, new(1, attempt), Report(state, at), At(at));

    public Decision Ask(ChangeRequest request, double at = 1) => Core.Change(Id, request, At(at));

    /// <summary>Asks, and expects that something is to be done.</summary>
    public InstanceChange Accepted(ChangeRequest request)
    {
        var decision = Ask(request);
        Assert.Null(decision.Refusal);
        return Assert.Single(decision.Events.OfType<ChangeAccepted>()).Change;
    }

    /// <summary>Asks, and expects that it is so already.</summary>
    public void Answered(ChangeRequest request)
    {
        var decision = Ask(request);
        Assert.Null(decision.Refusal);
        Assert.Empty(decision.Events);
        Assert.Single(decision.Instances);
    }

    /// <summary>Asks, and expects to be refused.</summary>
    public void Refused(RequestErrorCode code, ChangeRequest request, params string[] says)
    {
        var refusal = Ask(request).Refusal!;
        Assert.Equal(code, refusal.Code);
        Assert.All(says, s => Assert.Contains(s, refusal.Message));
    }

    /// <summary>The host says how the newest change ended.</summary>
    public Decision End(
        LaunchError? error = null, IReadOnlyList<InstanceDisk>? disks = null,
        Image? captured = null) => Core.ChangeEnded(
            A,
            Fence,
            new ChangeEnded(Id, Newest.Number, Newest.Change.Kind, error, disks, At(9))
            {
                Captured = captured,
            },
            At(9));

    public InstanceChange Done(
        ChangeRequest request, IReadOnlyList<InstanceDisk>? disks = null, Image? captured = null)
    {
        var change = Accepted(request);
        End(null, disks, captured);
        return change;
    }
}
