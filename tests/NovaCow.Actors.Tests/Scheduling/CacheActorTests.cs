using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Actors.Tests.Scheduling;

/// <summary>What the scheduler tells hosts of the copies that clients want.</summary>
public sealed class CacheActorTests : SchedulerTestKit
{
    private static readonly Image Next = Given.ImageOf("debian", 9);

    [Fact]
    public void A_precache_is_durable_before_a_host_hears_of_it_and_survives_the_leader()
    {
        StartWithImage();
        var a = Join("a");
        Report(a, "a");
        Want(1);
        var ensure = AwaitFrom<HostProtocol.EnsureBase>(a);
        Assert.Equal((1, Given.Image), (ensure.Epoch, ensure.Image));
        Say(a, "a", BaseState.Ready, Given.Image);
        Assert.Contains(
            Given.Image.BaseKey(), AwaitFrom<HostProtocol.Keep>(a).Kept.Protected);

        StopScheduler();
        StartScheduler(epoch: 2);
        var welcome = Hello(a, "a");
        Assert.Equal([Given.Image.BaseKey()], welcome.Kept!.Protected);
        Report(a, "a");
        Assert.Equal(2, AwaitFrom<HostProtocol.EnsureBase>(a).Epoch);
    }

    [Fact]
    public void Captured_images_that_nobody_needs_are_dropped_by_each_leader_under_its_epoch()
    {
        StartWithImage();
        var a = Join("a");
        Hold();
        var drop = AwaitFrom<HostProtocol.DropCaptures>(a);
        Assert.Equal((1, 7), (drop.Epoch, drop.Number));
        Assert.Equal([Next.Digest], drop.Digests);

        StopScheduler();
        StartScheduler(epoch: 2);
        Hello(a, "a");
        Hold();
        Assert.Equal(2, AwaitFrom<HostProtocol.DropCaptures>(a).Epoch);

        void Hold() => a.Send(Scheduler, new SchedulerProtocol.CapturesHeld(
            Given.Host(), new HeldCaptures(
                7, [new(Given.Image.Digest, 1), new(Next.Digest, 1)])));
    }

    [Fact]
    public void A_pinned_base_is_not_evicted_on_order_and_the_refusal_names_the_pin()
    {
        StartWithImage();
        var a = Join("a");
        Report(a, "a");
        Say(a, "a", BaseState.Ready, Given.Image);
        Scheduler.Tell(new SchedulerProtocol.PinImage(Given.Image.Name, IsPinned: true, []));
        Assert.True(Assert.Single(ExpectMsg<SchedulerProtocol.CacheFound>().Images)
            .Wanted.IsPinned);
        AwaitFrom<HostProtocol.Keep>(a);
        var evict = new SchedulerProtocol.EvictBase(Given.Host(), Given.Image.BaseKey());
        Scheduler.Tell(evict);
        var refused = ExpectMsg<SchedulerProtocol.Refused>().Error;
        Assert.Equal(RequestErrorCode.Conflict, refused.Code);
        Assert.Contains("image debian is pinned", refused.Message);

        Scheduler.Tell(new SchedulerProtocol.PinImage(Given.Image.Name, IsPinned: false, []));
        ExpectMsg<SchedulerProtocol.CacheFound>();
        AwaitFrom<HostProtocol.Keep>(a);
        Scheduler.Tell(evict);
        AwaitFrom<HostProtocol.EvictBase>(a);
    }

    [Fact]
    public void An_update_switches_when_its_hosts_are_warm_and_is_told_with_the_image()
    {
        StartWithImage();
        var a = Join("a");
        Report(a, "a");
        Scheduler.Tell(new SchedulerProtocol.UpdateImage(Next, 1));
        var found = ExpectMsg<SchedulerProtocol.ImageFound>();
        Assert.Equal(Given.Image, found.Image);
        Assert.Equal((2, 0), (found.Versions!.History.Update!.Number, found.Versions.Warm));
        Assert.Equal(Next, AwaitFrom<HostProtocol.EnsureBase>(a).Image);
        Say(a, "a", BaseState.Ready, Next);
        TestScheduler.Advance(TimeSpan.FromSeconds(2));
        Scheduler.Tell(new SchedulerProtocol.GetImage(Next.Name));
        found = ExpectMsg<SchedulerProtocol.ImageFound>();
        Assert.Equal(Next, found.Image);
        Scheduler.Tell(new SchedulerProtocol.RollBackImage(Next.Name));
        Assert.Equal(Given.Image, ExpectMsg<SchedulerProtocol.ImageFound>().Image);
    }

    private void Want(int copies)
    {
        Scheduler.Tell(new SchedulerProtocol.Precache(Given.Image.Name, copies, []));
        ExpectMsg<SchedulerProtocol.CacheFound>();
    }

    private void Report(TestProbe host, string name) => host.Send(
        Scheduler,
        new SchedulerProtocol.HostReport(
            Given.Host(name), name + "-1", new HostUsage(1L << 50, 1L << 50, 0, 0, 0, 0),
            new HostCounters(0, 0, 0, 0, 0)));

    private void Say(TestProbe host, string name, BaseState state, Image image) => host.Send(
        Scheduler,
        new SchedulerProtocol.BaseProgress(Given.Host(name), new BaseReport
        {
            Key = image.BaseKey(),
            State = state,
            Title = image.Name.Value,
            VirtualSizeBytes = image.VirtualSizeBytes,
        }));

    /// <summary>The next message of its kind, once time has passed.</summary>
    private T AwaitFrom<T>(TestProbe host)
    {
        for (var tries = 0; tries < 40; tries++)
        {
            TestScheduler.Advance(TimeSpan.FromMilliseconds(500));
            AwaitIdle();
            while (host.HasMessages)
            {
                if (host.ReceiveOne(TimeSpan.Zero) is T found)
                    return found;
            }
        }

        throw new InvalidOperationException($"no {typeof(T).Name} came");
    }
}
