using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>A host that stops in order.</summary>
public sealed class LeavingTests : HostTestKit
{
    [Fact]
    public void A_host_that_leaves_says_so_waits_for_the_answer_and_is_silent_then()
    {
        var facts = StartHost();
        Host.Tell(new HostActor.Leave(), TestActor);
        var leaving = Scheduler.ExpectMsg<SchedulerProtocol.HostLeaving>();
        Assert.Equal((facts.Host, facts.Incarnation), (leaving.Host, leaving.Incarnation));
        ExpectNoMsg(TimeSpan.FromMilliseconds(1));

        Send(new HostProtocol.SayHello());
        Prepare();
        Send(new HostProtocol.Farewell());
        ExpectMsg<HostActor.HasLeft>();
        Scheduler.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        Assert.True(Disk.HasNoInstances);
    }

    [Fact]
    public void A_host_without_a_scheduler_leaves_at_once()
    {
        StartHost();
        Host.Tell(new HostActor.Disconnected());
        Host.Tell(new HostActor.Leave(), TestActor);
        ExpectMsg<HostActor.HasLeft>();
    }
}
