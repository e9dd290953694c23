using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;

namespace NovaCow.Node.Tests.Machines;

/// <summary>A scheduler whose one host does what is asked of machines at once, and remembers what
/// that was.</summary>
internal sealed class FakeFleet
{
    private readonly Lock _lock = new();
    private readonly Dictionary<InstanceId, InstanceInfo> _instances = [];
    private readonly List<byte> _console = [];
    private readonly List<object> _asked = [];

    public static DateTimeOffset Now { get; } = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Refuses changes and reads, for a while.</summary>
    public RequestError? Trouble { get; set; }

    /// <summary>How changes end; null: well.</summary>
    public LaunchError? Failure { get; set; }

    /// <summary>Where the console begins: what is older is not kept.</summary>
    public long ConsoleStart { get; set; }

    public IReadOnlyList<T> Asked<T>()
    {
        lock (_lock)
            return [.. _asked.OfType<T>()];
    }

    public void Add(string id, LaunchOptions? options = null)
    {
        lock (_lock)
        {
            var key = InstanceId.Parse(id);
            _instances[key] = new InstanceInfo
            {
                Id = key,
                Image = ImageName.Parse("debian"),
                Flavor = FlavorName.Parse("m1.tiny"),
                Phase = LaunchPhase.Active,
                Host = HostId.Parse("host-1"),
                Attempt = 1,
                Disks =
                [
                    Disk(DiskName.Root, "/dev/vda", false),
                    Disk(DiskName.Data(0), "/dev/vdb", true),
                ],
                Options = options ?? LaunchOptions.None,
                Timings = new LaunchTimings { AcceptedAt = Now },
                Power = new PowerInfo(PowerState.Running, PowerCause.Started, Now),
            };
        }
    }

    /// <summary>The instance came to be so, or failed.</summary>
    public void Put(string id, LaunchPhase phase, LaunchError? error = null)
    {
        lock (_lock)
        {
            var key = InstanceId.Parse(id);
            _instances[key] = _instances[key] with { Phase = phase, Error = error };
        }
    }

    public void Remove(string id)
    {
        lock (_lock)
            _instances.Remove(InstanceId.Parse(id));
    }

    public void Print(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
            _console.AddRange(bytes);
    }

    public void ClearConsole()
    {
        lock (_lock)
        {
            _console.Clear();
            ConsoleStart = 0;
        }
    }

    /// <summary>As the scheduler would.</summary>
    public object Answer(object message)
    {
        lock (_lock)
        {
            _asked.Add(message);
            return message switch
            {
                SchedulerProtocol.ListInstances => new SchedulerProtocol.InstancePage(
                    [.. _instances.Values.OrderBy(i => i.Id.Value)], null, _instances.Count),
                SchedulerProtocol.ListHosts => new SchedulerProtocol.HostList([Host()]),
                SchedulerProtocol.GetHost => new SchedulerProtocol.HostFound(Host()),
                SchedulerProtocol.Launch m => Launched(m),
                SchedulerProtocol.GetImage m => new SchedulerProtocol.ImageFound(Image(m.Name)),
                SchedulerProtocol.GetInstance m => Of(m.Id, Found),
                SchedulerProtocol.AwaitInstance m => Of(m.Id, i => Found(End(i))),
                _ when Trouble is { } error => new SchedulerProtocol.Refused(error),
                SchedulerProtocol.ChangeInstance m => Of(m.Id, i => Found(Begin(i, m.Request))),
                SchedulerProtocol.ReadConsole m => Of(
                    m.Id, i => i.Phase is LaunchPhase.Committed or LaunchPhase.Active
                        ? new SchedulerProtocol.ConsoleFound(Part(m))
                        : new SchedulerProtocol.Refused(new RequestError(
                            RequestErrorCode.Conflict, $"instance {i.Id}: it has no machine"))),
                SchedulerProtocol.DescribeMachine m => Of(
                    m.Id, i => new SchedulerProtocol.MachineDescribed(new MachineDescription(
                        $"<domain>\n  <name>{i.Id}</name>\n</domain>\n",
                        ["qemu", "-name", $"{i.Id}"]))),
                _ => new Status.Failure(new InvalidOperationException($"{message} is not faked")),
            };
        }
    }

    private static object Found(InstanceInfo instance) =>
        new SchedulerProtocol.InstanceFound(instance);

    private object Of(InstanceId id, Func<InstanceInfo, object> answer) =>
        _instances.TryGetValue(id, out var instance)
            ? answer(instance)
            : new SchedulerProtocol.Refused(new RequestError(
                RequestErrorCode.InstanceNotFound, $"instance {id}: there is none"));

    private SchedulerProtocol.LaunchAccepted Launched(SchedulerProtocol.Launch launch)
    {
        foreach (var id in launch.Instances)
            Add(id.Value, launch.Options);
        return new SchedulerProtocol.LaunchAccepted(
            [.. launch.Instances.Select(id => _instances[id])]);
    }

    private InstanceInfo Begin(InstanceInfo instance, ChangeRequest request) =>
        _instances[instance.Id] = instance with
        {
            Change = new LaunchChange
            {
                Number = (instance.Change?.Number ?? 0) + 1,
                Change = Resolve(request),
                Phase = ChangePhase.Running,
                StartedAt = Now,
            },
        };

    private InstanceInfo End(InstanceInfo instance) => _instances[instance.Id] = instance with
    {
        Change = instance.Change! with
        {
            Phase = LaunchChange.PhaseOf(Failure), Error = Failure, EndedAt = Now.AddSeconds(1),
        },
        Power = instance.Change.Change is InstanceChange.Stop
            ? new PowerInfo(PowerState.Stopped, PowerCause.Guest, Now.AddSeconds(1))
            : instance.Power,
    };

    private static InstanceChange Resolve(ChangeRequest request) => request switch
    {
        ChangeRequest.Start => new InstanceChange.Start(),
        ChangeRequest.Stop r => new InstanceChange.Stop(r.GraceSeconds),
        ChangeRequest.Reboot r => new InstanceChange.Reboot(r.GraceSeconds),
        ChangeRequest.Rebuild r => new InstanceChange.Rebuild(Image(r.Image)),
        ChangeRequest.Capture r => new InstanceChange.Capture(
            r.Name, Image(ImageName.Parse("debian"))),
        ChangeRequest.Attach r => new InstanceChange.Attach(
            r.Disk ?? DiskName.Data(1), "/dev/vdc", r.Blank),
        ChangeRequest.Detach r => new InstanceChange.Detach(r.Disk, r.Delete),
        _ => new InstanceChange.Flatten(),
    };

    private ConsolePart Part(SchedulerProtocol.ReadConsole read)
    {
        var end = ConsoleStart + _console.Count;
        var from = Math.Clamp(
            read.Offset < 0 ? end + read.Offset : read.Offset, ConsoleStart, end);
        byte[] bytes = [.. _console.Skip((int)(from - ConsoleStart)).Take(read.MaxBytes)];
        return new ConsolePart(from, bytes, end);
    }

    private static DiskInfo Disk(DiskName name, string device, bool isDetached) =>
        new(name, device, null, 1 << 30, $"/store/{name}.qcow2", "qcow2", 4096)
        {
            IsDetached = isDetached,
        };

    private static HostInfo Host() => new()
    {
        Id = HostId.Parse("host-1"),
        Status = HostStatus.Up,
        Drivers = ["qcow2"],
        Capacity = new HostCapacity(4, 1L << 33, 1L << 40),
        Claims = default,
        Bases = [],
        UnknownInstances = [],
        JoinedAt = Now,
        Hypervisor = new HypervisorCapabilities("libvirt", "qemu", "QEMU 7.2")
        {
            Warning = "kvm is not usable: guests are emulated",
        },
    };

    private static Image Image(ImageName name) => new()
    {
        Name = name,
        Source = new Uri("file:///images/it.qcow2"),
        Digest = Digest.Sha256(new byte[32]),
        Format = DiskFormat.Qcow2,
        SizeBytes = 1 << 20,
        VirtualSizeBytes = 1 << 30,
        MinDiskBytes = 1 << 30,
    };
}
