using NovaCow.Actors.Protocols;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Node.Security;
using NovaCow.Runtime.Remote;
using NovaCow.Security;

namespace NovaCow.Node.Tests.Security;

public sealed class LinkDoorTests
{
    private static readonly DateTimeOffset Until = DateTimeOffset.UtcNow.AddHours(1);

    [Theory]
    [InlineData(ClusterRole.Host, "a", "a", "host", null)]
    [InlineData(ClusterRole.Host, "a", "b", "host", "is for host a, and the node says it is b")]
    [InlineData(ClusterRole.Host, "a", "a", "control", "says it is a control node")]
    [InlineData(ClusterRole.Control, "c", "c", "control", null)]
    [InlineData(ClusterRole.Control, "c", "d", "control", "is for control c")]
    [InlineData(ClusterRole.Operator, "a", "a", "host", "is for operator a")]
    [InlineData(null, "", "a", "host", "needs a certificate")]
    public void A_node_links_as_what_its_certificate_says(
        ClusterRole? role, string certified, string said, string roles, string? refusal)
    {
        var peer = new NodeIdentity { Name = said, Incarnation = "1", Roles = [roles] };
        var why = Door(role, certified).RefusePeer(peer);
        if (refusal is null)
            Assert.Null(why);
        else
            Assert.Contains(refusal, why);
    }

    [Fact]
    public void A_certificate_that_is_not_believed_is_refused_with_its_reason()
    {
        var door = new LinkDoor(new PeerVerdict.Refused("expired"), TimeProvider.System);
        var peer = new NodeIdentity { Name = "a", Incarnation = "1" };
        Assert.Equal("expired", door.RefusePeer(peer));
        Assert.NotNull(door.RefuseMessage(new SchedulerProtocol.ListFlavors()));
    }

    [Theory]
    [InlineData(ClusterRole.Host, "a", true)]
    [InlineData(ClusterRole.Host, "b", false)]
    [InlineData(ClusterRole.Control, "a", true)]
    [InlineData(ClusterRole.Control, "b", false)]
    public void A_host_is_spoken_of_by_itself_only(ClusterRole role, string certified, bool heard)
    {
        var door = Door(role, certified);
        var host = HostId.Parse("a");
        var fence = new LaunchFence(1, 1);
        IFromHost[] said =
        [
            new SchedulerProtocol.HostHello(Facts(host)),
            new SchedulerProtocol.Activated(host, InstanceId.Parse("vm"), fence),
            new SchedulerProtocol.Deleted(host, InstanceId.Parse("vm"), fence),
            new SchedulerProtocol.PowerChanged(
                host, InstanceId.Parse("vm"), fence,
                new PowerReport(new MachineStatus(PowerState.Running, PowerCause.Started), Until)),
            new SchedulerProtocol.ConsoleRead(host, 1, new ConsolePart(0, [1], 1), null),
            new SchedulerProtocol.MachineRead(host, 1, new MachineDescription("", []), null),
        ];
        Assert.All(said, m => Assert.Equal(heard, door.RefuseMessage(m) is null));
        if (!heard)
            Assert.Contains($"{certified}, and it says it is host a", door.RefuseMessage(said[0]));
    }

    [Fact]
    public void A_host_asks_for_nothing_that_is_for_operators_and_a_control_node_passes_it_on()
    {
        object[] requests =
        [
            new SchedulerProtocol.DeleteInstance(InstanceId.Parse("vm")),
            new SchedulerProtocol.ListInstances(null, 10),
            new SchedulerProtocol.ReadConsole(InstanceId.Parse("vm"), 0, 1),
            new SchedulerProtocol.DescribeMachine(InstanceId.Parse("vm")),
            new SchedulerProtocol.ChangeInstance(
                InstanceId.Parse("vm"), new ChangeRequest.Stop(0)),
            new SchedulerProtocol.EvictBase(
                HostId.Parse("a"), BaseKey.Of(new BlankSpec(512, BlankFileSystem.Ext4))),
        ];
        Assert.All(requests, r => Assert.NotNull(Door(ClusterRole.Host, "a").RefuseMessage(r)));
        Assert.All(requests, r => Assert.Null(Door(ClusterRole.Control, "c").RefuseMessage(r)));
        Assert.Null(Door(ClusterRole.Host, "a").RefuseMessage(
            new SchedulerProtocol.GetHost(HostId.Parse("a"))));
    }

    [Fact]
    public void A_link_outlives_no_certificate()
    {
        Assert.Null(Door(ClusterRole.Host, "a").Ended());
        var late = new PeerVerdict.Trusted(
            CertifiedName.Of(ClusterRole.Host, "a"), DateTimeOffset.UtcNow.AddSeconds(-1));
        Assert.Contains("expired", new LinkDoor(late, TimeProvider.System).Ended());
    }

    private static LinkDoor Door(ClusterRole? role, string name) => new(
        role is { } certified
            ? new PeerVerdict.Trusted(CertifiedName.Of(certified, name), Until)
            : new PeerVerdict.Absent(),
        TimeProvider.System);

    private static HostFacts Facts(HostId host) => new()
    {
        Host = host,
        Incarnation = "1",
        Drivers = ["qcow2"],
        Capacity = new HostCapacity(1, 1, 1),
        Bases = [],
        Instances = [],
    };
}
