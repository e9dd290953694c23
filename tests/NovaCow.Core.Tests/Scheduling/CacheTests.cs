using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>What the scheduler does for images' copies and versions.</summary>
public sealed class CacheTests
{
    private static readonly ImageName Debian = Given.Image().Name;
    private static readonly BaseKey Key = Given.Image().BaseKey();
    private static readonly Image Next = Given.Image(seed: 9);
    private static readonly HostUsage Room = new(1L << 50, 1L << 50, 0, 0, 0, 0);
    private DateTimeOffset _now = Given.Start;

    [Fact]
    public void Copies_are_ordered_once_counted_and_ordered_elsewhere_when_a_host_is_lost()
    {
        var core = Cluster("a", "b", "c");
        Accept(core.Precache(Debian, 2, [], _now));
        Assert.Equal(["a", "b"], Ordered(Tick(core)));
        Assert.Empty(Ordered(Tick(core)));
        Report(core, "a", BaseState.Ready);
        Report(core, "b", BaseState.Ready);
        Assert.Empty(Ordered(Tick(core)));
        Assert.Equal(2, core.CacheOf(Debian, _now)![0].Ready);

        core.Disconnected(Given.Host("b"), _now);
        Assert.Empty(Ordered(Tick(core)));
        Pass(core, 20);
        Assert.Equal(1, core.CacheOf(Debian, _now)![0].Making);
        Report(core, "c", BaseState.Ready);

        // The surplus of a host that comes back is not kept.
        var back = core.Hello(Facts("b", Key), _now);
        Assert.Equal([Key], WelcomeTo("b", back).Protected);
        core.Reported(Report("b"), _now);
        var kept = Pass(core, 2).OfType<SchedulerEffect.Keep>().Single(k => k.Host.Value == "b");
        Assert.Empty(kept.Kept.Protected);
    }

    [Fact]
    public void An_order_that_nobody_hears_of_is_given_again()
    {
        var core = Cluster("a");
        core.Precache(Debian, 1, [], _now);
        Assert.Single(Ordered(Tick(core)));
        Assert.Empty(Ordered(Pass(core, 20)));
        Assert.Single(Ordered(Pass(core, 20)));
    }

    [Fact]
    public void A_new_leader_orders_nothing_before_it_knows_what_hosts_have()
    {
        var before = Cluster("a", "b");
        before.Precache(Debian, 1, [], _now);
        var core = Given.Scheduler();
        core.Recover(before.State.ToSnapshot());
        core.Start(_now);
        Join(core, "a");
        Assert.Empty(Ordered(Pass(core, 5)));
        core.Hello(Facts("b", Key), _now);
        Assert.Empty(Ordered(Pass(core, 5)));
        Assert.Equal(1, core.CacheOf(Debian, _now)![0].Wanted.MinCopies);
    }

    [Fact]
    public void Launches_come_before_copies()
    {
        var core = Cluster("a");
        var other = Given.Image("other", 5);
        core.Register(other, _now);
        core.Launch("vm-1");
        core.Precache(other.Name, 1, [], _now);
        Assert.Empty(Ordered(Tick(core)));
        Assert.Contains("launches wait", core.CacheOf(other.Name, _now)![0].Shortfall);
        Report(core, "a", BaseState.Ready);
        Assert.Equal(["a"], Ordered(Tick(core)));
    }

    [Fact]
    public void A_kept_base_names_what_keeps_it()
    {
        var core = Cluster("a");
        Report(core, "a", BaseState.Ready);
        Assert.Null(core.WhyKept(Given.Host("a"), Key));
        core.Pin(Debian, [], _now);
        Tick(core);
        Assert.Contains("is pinned", core.WhyKept(Given.Host("a"), Key)!.Message);
        core.Unpin(Debian, [], _now);
        core.Precache(Debian, 1, [], _now);
        Tick(core);
        Assert.Contains("one of the 1 copies", core.WhyKept(Given.Host("a"), Key)!.Message);
        core.Precache(Debian, 0, [], _now);
        Tick(core);
        Assert.Null(core.WhyKept(Given.Host("a"), Key));
    }

    [Fact]
    public void A_pin_can_be_about_some_hosts_and_taken_back_one_by_one()
    {
        var core = Cluster("a", "b");
        core.Pin(Debian, [Given.Host("b"), Given.Host("a")], _now);
        core.Unpin(Debian, [Given.Host("a")], _now);
        Assert.Equal([Given.Host("b")], core.State.Cache.Of(Debian).PinnedOn);
        core.Unpin(Debian, [Given.Host("b")], _now);
        Assert.True(core.State.Cache.Of(Debian).IsNone());
        core.Pin(Debian, [], _now);
        Refused(RequestErrorCode.Conflict, core.Unpin(Debian, [Given.Host("a")], _now));
    }

    [Fact]
    public void What_cannot_be_wanted_is_refused()
    {
        var core = Cluster("a");
        var nope = ImageName.Parse("nope");
        Refused(RequestErrorCode.ImageNotFound, core.Precache(nope, 1, [], _now));
        Refused(RequestErrorCode.HostNotFound, core.Precache(Debian, 1, [Given.Host("x")], _now));
        Refused(RequestErrorCode.InvalidRequest, core.Precache(Debian, -1, [], _now));
        Refused(RequestErrorCode.ImageNotFound, core.RollBack(nope, _now));
        Refused(RequestErrorCode.Conflict, core.RollBack(Debian, _now));
        Refused(RequestErrorCode.Conflict, core.AbortUpdate(Debian, _now));
        Refused(RequestErrorCode.Unprocessable, core.UpdateImage(
            Next with { Format = DiskFormat.Aki }, null, _now));
        Refused(RequestErrorCode.InvalidRequest, core.UpdateImage(Next, -1, _now));
    }

    [Fact]
    public void Launches_take_a_new_version_when_enough_hosts_have_it_and_not_before()
    {
        var core = Cluster("a", "b", "c");
        Report(core, "a", BaseState.Ready);
        Report(core, "b", BaseState.Ready);
        Accept(core.UpdateImage(Next, null, _now));
        Assert.Equal(["a", "b"], Ordered(Tick(core)));
        Report(core, "a", BaseState.Ready, Next);
        Tick(core);
        Assert.Equal(Given.Image(), core.State.Images[Debian]);
        Accept(core.Launch("old"));

        Report(core, "b", BaseState.Ready, Next);
        Assert.Contains(Tick(core).Events, e => e is ImageSwitched { Number: 2 });
        Accept(core.Launch("new"));
        Assert.Equal(Given.Image(), core.State.Launches[Given.Id("old")].Spec.Image);
        Assert.Equal(Next, core.State.Launches[Given.Id("new")].Spec.Image);

        // The same request after the switch is the same launch.
        var again = core.Launch("old");
        Assert.Null(again.Refusal);
        Assert.Empty(again.Events);
        Assert.Empty(core.UpdateImage(Next, null, _now).Events);
    }

    [Fact]
    public void The_old_version_is_the_first_to_go_and_a_rollback_brings_it_back_at_once()
    {
        var core = Cluster("a");
        Report(core, "a", BaseState.Ready);
        core.UpdateImage(Next, 0, _now);
        Assert.Equal(Next, core.State.Images[Debian]);
        var kept = Assert.Single(Tick(core).Effects.OfType<SchedulerEffect.Keep>()).Kept;
        Assert.Equal([Key], kept.Retired);

        Accept(core.RollBack(Debian, _now));
        Assert.Equal(Given.Image(), core.State.Images[Debian]);
        Assert.Equal((1, 2), (History(core).Number, History(core).PreviousNumber));
        Accept(core.UpdateImage(Given.Image(seed: 3), 0, _now));
        Assert.Equal(3, History(core).Number);

        var restored = Given.Scheduler();
        restored.Recover(core.State.ToSnapshot());
        Assert.Equal(History(core), restored.State.Cache.Histories[Debian]);
    }

    [Fact]
    public void A_version_that_is_bad_on_a_host_ends_the_update_and_one_without_room_does_not()
    {
        var core = Cluster("a", "b");
        core.UpdateImage(Next, 1, _now);
        Assert.Equal(["a"], Ordered(Tick(core)));
        Report(core, "a", BaseState.Failed, Next, new LaunchError(
            LaunchErrorCode.InsufficientStorage, "full", IsRetryable: true));
        Assert.Equal(["b"], Ordered(Tick(core)));
        Refused(RequestErrorCode.Conflict, core.UpdateImage(Given.Image(seed: 4), 1, _now));

        Report(core, "b", BaseState.Failed, Next, new LaunchError(
            LaunchErrorCode.ChecksumMismatch, "sha256 differs", IsRetryable: false));
        var ended = Assert.IsType<ImageUpdateEnded>(Assert.Single(Tick(core).Events));
        Assert.Contains("host b could not make version 2: sha256 differs", ended.Error.Message);
        Assert.Equal(Given.Image(), core.State.Images[Debian]);
        Assert.Empty(Ordered(Pass(core, 400)));
    }

    [Fact]
    public void An_aborted_update_changes_nothing_for_launches()
    {
        var core = Cluster("a");
        core.UpdateImage(Next, 1, _now);
        Tick(core);
        Refused(RequestErrorCode.Conflict, core.RollBack(Debian, _now));
        Accept(core.AbortUpdate(Debian, _now));
        Report(core, "a", BaseState.Ready, Next);
        Assert.DoesNotContain(Tick(core).Events, e => e is ImageSwitched);
        Assert.Equal(LaunchErrorCode.Cancelled, History(core).Update!.Error!.Code);
    }

    [Fact]
    public void What_a_version_boots_with_must_still_be_there_when_launches_are_to_take_it()
    {
        var core = Cluster("a");
        var kernel = Given.Image("vmlinuz", 5) with { Format = DiskFormat.Aki };
        core.Register(kernel, _now);
        core.UpdateImage(Next with { Kernel = kernel.Name }, 1, _now);
        Tick(core);
        core.Unregister(kernel.Name, _now);
        Report(core, "a", BaseState.Ready, Next);
        Assert.IsType<ImageUpdateEnded>(Assert.Single(Tick(core).Events));
        Accept(core.Launch("vm-1"));
    }

    private SchedulerCore Cluster(params string[] hosts)
    {
        var core = Given.Scheduler();
        foreach (var host in hosts)
            Join(core, host);
        Tick(core);
        return core;
    }

    private void Join(SchedulerCore core, string host)
    {
        core.Hello(Facts(host), _now);
        core.Reported(Report(host), _now);
    }

    private static HostState Report(string host) =>
        Given.Report(Given.Host(host), host + "-1") with { Usage = Room };

    private static HostFacts Facts(string host, params BaseKey[] ready) =>
        Given.Facts(host) with
        {
            Bases =
            [
                .. ready.Select(k => new BaseReport
                {
                    Key = k, State = BaseState.Ready, Title = "", VirtualSizeBytes = 1,
                }),
            ],
        };

    private void Report(
        SchedulerCore core, string host, BaseState state, Image? image = null,
        LaunchError? error = null) => Assert.True(core.BaseChanged(
            Given.Host(host),
            Given.Base(image ?? Given.Image(), state) with
            {
                Error = error,
                RetryAt = error is null ? null : _now.AddMinutes(10),
            },
            _now));

    private Decision Tick(SchedulerCore core)
    {
        _now += TimeSpan.FromSeconds(1.5);
        return core.Tick(_now);
    }

    private List<SchedulerEffect> Pass(SchedulerCore core, int seconds)
    {
        List<SchedulerEffect> effects = [];
        for (var end = _now.AddSeconds(seconds); _now < end;)
            effects.AddRange(Tick(core).Effects);
        return effects;
    }

    private static List<string> Ordered(Decision decision) => Ordered(decision.Effects);

    private static List<string> Ordered(IEnumerable<SchedulerEffect> effects) =>
        [.. effects.OfType<SchedulerEffect.EnsureBase>().Select(e => e.Host.Value)];

    private static KeptBases WelcomeTo(string host, Decision decision) =>
        decision.Effects.OfType<SchedulerEffect.Welcome>().Single(w => w.Host.Value == host).Kept;

    private static ImageHistory History(SchedulerCore core) => core.State.Cache.Histories[Debian];

    private static void Accept(Decision decision) => Assert.Null(decision.Refusal);

    private static void Refused(RequestErrorCode code, Decision decision)
    {
        Assert.Equal(code, decision.Refusal?.Code);
        Assert.Empty(decision.Events);
    }
}
