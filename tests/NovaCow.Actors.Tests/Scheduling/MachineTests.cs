using System.Text;
using System.Text.Json;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Serialization;
using NovaCow.Runtime.TestKit;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests.Scheduling;

/// <summary>Instances' machines as the scheduler passes them on.</summary>
public sealed class MachineTests : SchedulerTestKit
{
    private static readonly HostId A = Given.Host("a");
    private static readonly InstanceId Vm = Given.Id("vm-1");
    private static readonly PowerReport Running = new(
        new MachineStatus(PowerState.Running, PowerCause.Started),
        new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Fact]
    public void A_machine_that_changes_is_told_to_followers_at_once_and_shown()
    {
        var host = Active();
        Scheduler.Tell(new SubscribeEvents(null));
        ExpectMsg<EventsSubscribed>();
        host.Send(Scheduler, new PowerChanged(A, Vm, Given.Fence(), Running));
        var told = Assert.IsType<ClusterEvent.PowerChanged>(
            Assert.Single(ExpectMsg<Events>().Items));
        Assert.Equal(
            new PowerInfo(PowerState.Running, PowerCause.Started, Running.Since), told.Power);
        Assert.Null(told.Sequence);
        Assert.Equal(told.Power, Get("vm-1").Power);

        host.Send(Scheduler, new PowerChanged(A, Vm, Given.Fence(attempt: 2), Running));
        AwaitIdle();
        ExpectNothing(host);
    }

    [Fact]
    public void A_stop_is_told_to_the_host_and_its_end_to_who_waits()
    {
        var host = Active();
        Scheduler.Tell(new ChangeInstance(Vm, new ChangeRequest.Stop(5)));
        Assert.Equal(ChangePhase.Running, ExpectMsg<InstanceFound>().Instance.Change!.Phase);
        var change = host.ExpectMsg<HostProtocol.Change>();
        Assert.Equal(new InstanceChange.Stop(5), change.What);
        Scheduler.Tell(new AwaitInstance(Vm, Awaited.Changed, TimeSpan.FromMinutes(1)));
        host.Send(Scheduler, new PowerChanged(A, Vm, change.Fence, Running with
        {
            Status = new MachineStatus(PowerState.Stopped, PowerCause.Guest),
        }));
        host.Send(Scheduler, new Changed(
            A, Vm, change.Fence, new EndedChange(change.Number, ChangeKind.Stop, null, null)));
        var done = ExpectMsg<InstanceFound>().Instance;
        Assert.Equal(
            (ChangePhase.Done, PowerState.Stopped), (done.Change!.Phase, done.Power!.State));
    }

    [Fact]
    public void A_captured_image_is_in_the_catalogue_when_the_capture_is_done()
    {
        var host = Active();
        var mine = Given.ImageOf("mine", 7);
        Scheduler.Tell(new ChangeInstance(Vm, new ChangeRequest.Capture(mine.Name)));
        ExpectMsg<InstanceFound>();
        var change = host.ExpectMsg<HostProtocol.Change>();
        for (var times = 0; times < 2; times++)
        {
            host.Send(Scheduler, new Changed(
                A, Vm, change.Fence,
                new EndedChange(change.Number, ChangeKind.Capture, null, null)
                {
                    Captured = mine,
                }));
        }

        Scheduler.Tell(new GetImage(mine.Name));
        Assert.Equal(mine, ExpectMsg<ImageFound>().Image);
    }

    [Fact]
    public void A_console_is_read_from_the_host_that_has_the_instance()
    {
        var host = Active();
        Scheduler.Tell(new ReadConsole(Vm, -100, int.MaxValue));
        var asked = host.ExpectMsg<HostProtocol.ReadConsole>();
        Assert.Equal(
            (Vm, -100L, HostProtocol.MaxConsoleBytes), (asked.Id, asked.Offset, asked.MaxBytes));
        var part = new ConsolePart(10, "hello"u8.ToArray(), 15);
        host.Send(Scheduler, new ConsoleRead(A, asked.Request, part, null));
        Assert.Equal(part, ExpectMsg<ConsoleFound>().Part);

        Scheduler.Tell(new ReadConsole(Vm, 0, 1));
        var second = host.ExpectMsg<HostProtocol.ReadConsole>();
        host.Send(Scheduler, new ConsoleRead(
            A, second.Request, null,
            new LaunchError(LaunchErrorCode.Hypervisor, "it has no console", false)));
        var refused = ExpectMsg<Refused>().Error;
        Assert.Equal(
            (RequestErrorCode.Conflict, "it has no console"), (refused.Code, refused.Message));

        Scheduler.Tell(new ReadConsole(Vm, 0, 0));
        Assert.Equal(RequestErrorCode.InvalidRequest, ExpectMsg<Refused>().Error.Code);
    }

    [Fact]
    public void A_machine_is_described_by_its_host_or_the_reason_is_given()
    {
        StartWithImage();
        Describe();
        Assert.Equal(RequestErrorCode.InstanceNotFound, ExpectMsg<Refused>().Error.Code);
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        Describe();
        Assert.Equal(RequestErrorCode.Conflict, ExpectMsg<Refused>().Error.Code);

        var host = Join("a");
        MakeActive(host, "a");
        Describe();
        var asked = host.ExpectMsg<HostProtocol.DescribeMachine>();
        var machine = new MachineDescription("<domain/>", ["qemu"]);
        host.Send(Scheduler, new MachineRead(A, asked.Request, machine, null));
        Assert.Equal(machine, ExpectMsg<MachineDescribed>().Description);

        Describe();
        host.ExpectMsg<HostProtocol.DescribeMachine>();
        TestScheduler.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(RequestErrorCode.Timeout, ExpectMsg<Refused>().Error.Code);

        void Describe() => Scheduler.Tell(new DescribeMachine(Vm));
    }

    [Fact]
    public void What_was_written_before_there_were_machines_is_read_as_it_was_meant()
    {
        var serializer = WireMessages.Register(new MessageSerializer());
        var joined = (HostJoined)Read("j.host+", """
            {"host":"a","incarnation":"i","driver":"qcow2",
             "capacity":{"vCpus":1,"memoryBytes":2,"diskBytes":3},
             "at":"2026-01-01T00:00:00+00:00"}
            """);
        Assert.Null(joined.Hypervisor);
        var state = new SchedulerState(new SchedulerLimits());
        state.Apply(joined);
        Assert.False(state.Hosts[A].Hypervisor.RunsMachines);
        Assert.False(((Core.Scheduling.LaunchFailed)Read("j.failed", """
            {"id":"vm-1","host":"a","attempt":1,"error":{"code":"VolumeDriver","message":"m",
             "isRetryable":false},"at":"2026-01-01T00:00:00+00:00"}
            """)).IsUndone);
        var record = JsonSerializer.Deserialize<HostRecord>("""
            {"Id":"a","Incarnation":"i","Driver":"qcow2","Capacity":
             {"VCpus":1,"MemoryBytes":2,"DiskBytes":3},
             "JoinedAt":"2026-01-01T00:00:00+00:00","Lost":false}
            """)!;
        Assert.Equal(HypervisorCapabilities.None, record.Hypervisor);

        object Read(string manifest, string json) =>
            serializer.Deserialize(manifest, Encoding.UTF8.GetBytes(json));
    }

    private TestProbe Active()
    {
        StartWithImage();
        var host = CreateTestProbe("a");
        host.Send(Scheduler, new HostHello(Facts("a", "a-1") with
        {
            Hypervisor = new HypervisorCapabilities("libvirt", "kvm", null),
        }));
        host.ExpectMsg<HostProtocol.Welcome>();
        Launch("vm-1");
        ExpectMsg<SchedulerProtocol.LaunchAccepted>();
        MakeActive(host, "a");
        AwaitIdle();
        return host;
    }
}
