using NovaCow.Actors.Hosting;
using NovaCow.Actors.Protocols;
using NovaCow.Actors.Tests.Fakes;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Runtime.Actors;

namespace NovaCow.Actors.Tests.Hosting;

/// <summary>Bases that are made ahead, kept, and brought within a budget.</summary>
public sealed class CacheTests : HostTestKit
{
    private static readonly Image Debian = Given.Image;
    private static readonly BaseKey Key = Debian.BaseKey();
    private static readonly LaunchSpec Tiny = new(Debian, Given.Tiny);

    [Fact]
    public void What_is_ordered_ahead_is_made_once_and_the_next_launch_is_warm()
    {
        StartHost();
        Ensure(Debian);
        Ensure(Debian);
        AwaitCondition(() => Disk.Bases.ContainsKey(Key));
        Prepare(spec: Tiny);
        Assert.True(ExpectPrepared().Preparation.Warm);
        Assert.Equal(1, Disk.Calls("fetch"));
    }

    [Fact]
    public void Launches_get_their_turn_before_what_is_made_ahead()
    {
        StartHost(new HostLimits { MaxBuilds = 1 });
        var gates = GateFetches();
        Ensure(Given.ImageOf("first", 10));
        AwaitCondition(() => Disk.Calls("fetch") == 1);
        Ensure(Given.ImageOf("second", 11));
        Prepare(spec: Tiny);
        AwaitIdle();
        gates[0].SetResult();
        gates[1].SetResult();
        ExpectPrepared();
        Assert.Equal(2, Disk.Bases.Count);
        gates[2].SetResult();
        AwaitCondition(() => Disk.Bases.Count == 3);
    }

    [Fact]
    public void A_launch_that_comes_to_wait_takes_what_is_made_ahead_along()
    {
        StartHost(new HostLimits { MaxBuilds = 1 });
        var gates = GateFetches();
        Prepare("vm-1", spec: new LaunchSpec(Given.ImageOf("first", 10), Given.Tiny));
        AwaitCondition(() => Disk.Calls("fetch") == 1);
        Ensure(Given.ImageOf("ahead", 11));
        Ensure(Debian);
        Prepare("vm-2", spec: Tiny);
        AwaitIdle();
        gates[0].SetResult();
        gates[1].SetResult();
        Assert.Equal("vm-1", ExpectPrepared().Id.Value);
        Assert.Equal("vm-2", ExpectPrepared().Id.Value);
        Assert.Equal(2, Disk.Bases.Count);
        gates[2].SetResult();
        AwaitCondition(() => Disk.Bases.Count == 3);
    }

    [Fact]
    public void What_is_made_ahead_leaves_a_turn_free()
    {
        StartHost(new HostLimits { MaxBuilds = 2 });
        var gate = Disk.Hold("fetch");
        Ensure(Given.ImageOf("first", 10));
        Ensure(Given.ImageOf("second", 11));
        AwaitCondition(() => Disk.Calls("fetch") == 1);
        AwaitIdle();
        Assert.Equal(1, Disk.Calls("fetch"));
        Prepare(spec: Tiny);
        AwaitCondition(() => Disk.Calls("fetch") == 2);
        gate.SetResult();
        ExpectPrepared();
        AwaitCondition(() => Disk.Bases.Count == 3);
    }

    [Fact]
    public void One_source_is_asked_by_only_so_many_at_a_time()
    {
        StartHost(new HostLimits { MaxBuilds = 8, MaxFetchesPerSource = 2 });
        var gate = Disk.Hold("fetch");
        for (byte n = 0; n < 4; n++)
        {
            Prepare($"vm-{n}", spec: new LaunchSpec(
                Given.ImageOf($"image-{n}", (byte)(n + 10)), Given.Tiny));
        }

        Prepare("elsewhere", spec: new LaunchSpec(
            Given.ImageOf("other", 20) with { Source = new Uri("fake://elsewhere/x") },
            Given.Tiny));
        AwaitCondition(() => Disk.Calls("fetch") == 3);
        AwaitIdle();
        Assert.Equal(3, Disk.Calls("fetch"));
        gate.SetResult();
        for (var n = 0; n < 5; n++)
            ExpectPrepared();
    }

    [Fact]
    public void A_budget_is_kept_without_what_is_protected_and_retired_bases_go_first()
    {
        StartHost(new HostLimits { CacheBudgetBytes = 2_000 });
        Image[] images =
            [.. Enumerable.Range(0, 3).Select(n => Given.ImageOf($"i-{n}", (byte)(n + 10)))];
        foreach (var image in images)
        {
            Ensure(image);
            AwaitCondition(() => Disk.Bases.ContainsKey(image.BaseKey()));
        }

        Keep([images[0]], [images[2]]);
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        AwaitCondition(() => Disk.Bases.Count == 2);
        Assert.DoesNotContain(images[2].BaseKey(), Disk.Bases.Keys);

        Keep([images[0], images[1]], []);
        Ensure(Debian);
        AwaitCondition(() => Disk.Bases.ContainsKey(Key));
        TestScheduler.Advance(TimeSpan.FromMinutes(2));
        AwaitCondition(() => !Disk.Bases.ContainsKey(Key));
        Assert.Equal(2, Disk.Bases.Count);
    }

    [Fact]
    public void Nothing_is_evicted_before_a_scheduler_has_said_what_to_keep()
    {
        StartHost();
        Ensure(Debian);
        AwaitCondition(() => Disk.Bases.ContainsKey(Key));
        AwaitIdle();
        StopHost();
        Use(Sys.ActorOf(HostActor.Props(Given.Settings(
            Disk, "a", new HostLimits { CacheBudgetBytes = 0 }, Copies)), "again"));
        Host.Tell(new HostActor.Connected(Scheduler.Ref));
        Scheduler.ExpectMsg<SchedulerProtocol.HostHello>();
        TestScheduler.Advance(TimeSpan.FromMinutes(5));
        AwaitIdle();
        Assert.Single(Disk.Bases);
        Send(new HostProtocol.Welcome(2, []) { Kept = new KeptBases([Key], []) });
        TestScheduler.Advance(TimeSpan.FromMinutes(5));
        AwaitIdle();
        Assert.Single(Disk.Bases);

        // A deposed scheduler has no say.
        Send(new HostProtocol.Keep(1, KeptBases.None));
        TestScheduler.Advance(TimeSpan.FromMinutes(5));
        AwaitIdle();
        Assert.Single(Disk.Bases);
        Send(new HostProtocol.Keep(2, KeptBases.None));
        AwaitCondition(() => Disk.Bases.IsEmpty);
    }

    [Fact]
    public void How_bases_were_used_is_remembered_when_the_host_starts_again()
    {
        StartHost();
        Prepare(spec: Tiny);
        ExpectPrepared();
        ExpectCleanDiscard();
        TestScheduler.Advance(TimeSpan.FromSeconds(1));
        AwaitIdle();
        StopHost();
        var use = Assert.Single(Disk.Uses);
        Assert.Equal((Key, 1), (use.Key, use.Uses));
        Assert.NotNull(use.MadeIn);

        Use(Sys.ActorOf(HostActor.Props(Given.Settings(Disk, "a", null, Copies)), "again"));
        Host.Tell(new HostActor.Connected(Scheduler.Ref));
        Scheduler.ExpectMsg<SchedulerProtocol.HostHello>();
        Send(new HostProtocol.Welcome(1, []));
        Prepare("vm-2", spec: Tiny);
        ExpectPrepared();
        TestScheduler.Advance(TimeSpan.FromSeconds(1));
        AwaitIdle();
        StopHost();
        Assert.Equal(2, Assert.Single(Disk.Uses).Uses);
    }

    /// <summary>Each fetch waits for its own gate, in the order in which they begin.</summary>
    private TaskCompletionSource[] GateFetches()
    {
        TaskCompletionSource[] gates =
        [
            .. Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource(
                TaskCreationOptions.RunContinuationsAsynchronously)),
        ];
        Disk.OnCall = step => step == "fetch"
            ? gates[Disk.Calls("fetch") - 1].Task : Task.CompletedTask;
        return gates;
    }

    private void Ensure(Image image) => Send(new HostProtocol.EnsureBase(1, image));

    private void Keep(Image[] kept, Image[] retired) => Send(new HostProtocol.Keep(
        1, new KeptBases(
            [.. kept.Select(i => i.BaseKey())], [.. retired.Select(i => i.BaseKey())])));
}
