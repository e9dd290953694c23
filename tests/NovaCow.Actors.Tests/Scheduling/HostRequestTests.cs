using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Actors;
using static NovaCow.Actors.Protocols.SchedulerProtocol;

namespace NovaCow.Actors.Tests.Scheduling;

/// <summary>What clients ask of one host goes to it and back.</summary>
public sealed class HostRequestTests : SchedulerTestKit
{
    private static readonly BaseKey Key = Given.Image.BaseKey();

    [Fact]
    public void An_eviction_is_passed_on_and_its_answer_back_to_who_asked()
    {
        StartWithImage();
        var host = Join("a");
        Scheduler.Tell(new EvictBase(Given.Host("a"), Key));
        var first = host.ExpectMsg<HostProtocol.EvictBase>();
        host.Send(Scheduler, new EvictionDone(Given.Host("a"), first.Request, 42, null));
        Assert.Equal(42, ExpectMsg<BaseEvicted>().FreedBytes);

        Scheduler.Tell(new EvictBase(Given.Host("a"), Key));
        var second = host.ExpectMsg<HostProtocol.EvictBase>();
        Assert.NotEqual(first.Request, second.Request);
        host.Send(Scheduler, new EvictionDone(
            Given.Host("a"), second.Request, 0, new RequestError(RequestErrorCode.Conflict, "no")));
        Assert.Equal(RequestErrorCode.Conflict, ExpectMsg<Refused>().Error.Code);
    }

    [Fact]
    public void A_host_that_does_not_answer_is_given_up_on()
    {
        StartWithImage();
        var host = Join("a");
        Scheduler.Tell(new GetSpace(Given.Host("a")));
        var asked = host.ExpectMsg<HostProtocol.MeasureSpace>();
        TestScheduler.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(RequestErrorCode.Timeout, ExpectMsg<Refused>().Error.Code);
        host.Send(Scheduler, new SpaceMeasured(Given.Host("a"), asked.Request, null, null));
        ExpectNoMsg(TimeSpan.FromMilliseconds(1));
    }

    [Fact]
    public void A_host_that_goes_away_is_not_waited_for()
    {
        StartWithImage();
        var host = Join("a");
        Scheduler.Tell(new GetSpace(Given.Host("a")));
        host.ExpectMsg<HostProtocol.MeasureSpace>();
        Sys.Stop(host.Ref);
        AwaitIdle();
        TestScheduler.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(RequestErrorCode.Timeout, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(new GetSpace(Given.Host("a")));
        Assert.Equal(RequestErrorCode.Busy, ExpectMsg<Refused>().Error.Code);
    }

    [Fact]
    public void Verification_is_ordered_of_hosts_and_bases_that_there_are()
    {
        StartWithImage();
        var host = Join("a");
        Scheduler.Tell(new ScrubBases(Given.Host("b"), null));
        Assert.Equal(RequestErrorCode.HostNotFound, ExpectMsg<Refused>().Error.Code);
        Scheduler.Tell(new ScrubBases(Given.Host("a"), Key));
        Assert.Equal(RequestErrorCode.BaseNotFound, ExpectMsg<Refused>().Error.Code);

        host.Send(Scheduler, new BaseProgress(Given.Host("a"), new BaseReport
        {
            Key = Key,
            State = BaseState.Ready,
            Title = "image debian",
            VirtualSizeBytes = 1,
        }));
        Scheduler.Tell(new ScrubBases(Given.Host("a"), Key));
        Assert.Equal(1, ExpectMsg<ScrubOrdered>().Bases);
        Assert.Equal(Key, host.ExpectMsg<HostProtocol.Scrub>().Key);
    }
}
