using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>What operators do with hosts, and what launches ask of them.</summary>
public sealed class FleetTests
{
    private static readonly HostId A = Given.Host("a");
    private static readonly HostId B = Given.Host("b");
    private static readonly InstanceId One = Given.Id("vm-1");

    private static Preparation Quick { get; } = new(true, TimeSpan.Zero, TimeSpan.Zero);

    private static DateTimeOffset At(double seconds) => Given.Start.AddSeconds(seconds);

    private static Decision Launch(SchedulerCore core, LaunchOptions options, params string[] ids) =>
        core.Launch(Given.Order(options: options), [.. ids.Select(Given.Id)], Given.Start);

    private static void MakeActive(SchedulerCore core, HostId host, string id)
    {
        var fence = new LaunchFence(1, core.State.Launches[Given.Id(id)].Attempt);
        core.Prepared(host, Given.Id(id), fence, [], Quick, At(1));
        core.Activated(host, Given.Id(id), fence, At(1));
    }

    private static LaunchPhase PhaseOf(SchedulerCore core, string id) =>
        core.Find(Given.Id(id), At(9))!.Phase;

    [Fact]
    public void A_cordoned_host_keeps_what_it_has_and_takes_nothing_new_until_it_may_again()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm-1");
        Assert.IsType<HostDutyChanged>(
            Assert.Single(core.SetDuty(A, HostDuty.Cordoned, At(1)).Events));
        Assert.Empty(core.SetDuty(A, HostDuty.Cordoned, At(1)).Events);

        Assert.Equal(LaunchPhase.Placed, PhaseOf(core, "vm-1"));
        var waiting = core.Launch("vm-2").Instances[0];
        Assert.Equal((LaunchPhase.Accepted, "a: cordoned"), (waiting.Phase, waiting.WaitingFor));
        Assert.Equal(1, waiting.QueuePlace);

        var free = core.SetDuty(A, HostDuty.Active, At(2));
        Assert.Contains(free.Events, e => e is LaunchPlaced { Id.Value: "vm-2" });
        Assert.Equal(HostDuty.Active, core.Host(A)!.Duty);
    }

    [Fact]
    public void A_drained_host_leaves_what_is_uncommitted_to_others_and_keeps_the_rest()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("kept", "moved");
        MakeActive(core, A, "kept");
        core.Hello(Given.Facts("b"), At(1));

        var drained = core.SetDuty(A, HostDuty.Draining, At(2));

        Assert.Collection(
            drained.Effects,
            e => Assert.Equal(
                new SchedulerEffect.Discard(A, Given.Id("moved"), new LaunchFence(1, 1)), e),
            e => Assert.Equal(
                (B, 2),
                e is SchedulerEffect.Prepare p ? (p.Host, p.Fence.Attempt) : default));
        Assert.Equal(LaunchPhase.Active, PhaseOf(core, "kept"));
        Assert.Equal(1, core.Host(A)!.Claims.Launches);
        var late = core.Prepared(A, Given.Id("moved"), new(1, 1), [], Quick, At(3));
        Assert.IsType<SchedulerEffect.Discard>(Assert.Single(late.Effects));
    }

    [Fact]
    public void What_is_drained_where_nobody_else_has_room_waits_and_says_so()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm-1");
        core.SetDuty(A, HostDuty.Draining, At(1));
        var waiting = core.Find(One, At(1))!;
        Assert.Equal((LaunchPhase.Accepted, "a: draining"), (waiting.Phase, waiting.WaitingFor));
        Assert.Contains("drained", waiting.Error!.Message);
        core.SetDuty(A, HostDuty.Active, At(2));
        Assert.Equal(2, core.Find(One, At(2))!.Attempt);
    }

    [Fact]
    public void A_duty_outlives_a_restart_of_its_host_and_a_saved_state()
    {
        var core = Given.Scheduler(null, "a");
        core.SetDuty(A, HostDuty.Draining, At(1));
        core.Hello(Given.Facts("a") with { Incarnation = "a-2" }, At(2));
        Assert.Equal(HostDuty.Draining, core.Host(A)!.Duty);
        var restored = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 2);
        restored.Recover(core.State.ToSnapshot());
        restored.Start(At(3));
        Assert.Equal(HostDuty.Draining, restored.Host(A)!.Duty);
    }

    [Fact]
    public void A_host_that_is_not_there_has_no_duty_and_cannot_be_removed()
    {
        var core = Given.Scheduler();
        Assert.Equal(
            RequestErrorCode.HostNotFound,
            core.SetDuty(A, HostDuty.Cordoned, At(1)).Refusal!.Code);
        Assert.Equal(
            RequestErrorCode.HostNotFound, core.RemoveHost(A, true, At(1)).Refusal!.Code);
    }

    [Fact]
    public void A_host_is_removed_when_it_has_stopped_and_holds_nothing()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm-1");
        MakeActive(core, A, "vm-1");
        var connected = core.RemoveHost(A, true, At(2)).Refusal!;
        Assert.Equal(RequestErrorCode.Conflict, connected.Code);
        Assert.Contains("stop its node", connected.Message);

        core.Disconnected(A, At(3));
        var holding = core.RemoveHost(A, false, At(3)).Refusal!;
        Assert.Equal(RequestErrorCode.Conflict, holding.Code);
        Assert.Contains("1 instance, such as vm-1", holding.Message);

        core.Hello(Given.Facts("a", Active("vm-1")), At(4));
        core.SetDuty(A, HostDuty.Cordoned, At(4));
        core.Delete(One, At(4));
        core.Removed(A, One, new(1, 1), At(4));
        core.Disconnected(A, At(5));
        Assert.Single(core.RemoveHost(A, false, At(5)).Events);
        Assert.Null(core.Host(A));
        Assert.Empty(core.Hosts());

        core.Hello(Given.Facts("a"), At(6));
        Assert.Equal(HostDuty.Active, core.Host(A)!.Duty);
    }

    [Fact]
    public void A_host_removed_by_force_leaves_nothing_that_waits_for_it()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("active", "placed", "doomed");
        MakeActive(core, A, "active");
        core.Delete(Given.Id("doomed"), At(2));
        core.Disconnected(A, At(3));
        core.Hello(Given.Facts("b"), At(3));

        core.RemoveHost(A, isForced: true, At(4));

        var failed = core.Find(Given.Id("active"), At(4))!;
        Assert.Equal(LaunchPhase.Failed, failed.Phase);
        Assert.Contains("host a was removed by force", failed.Error!.Message);
        Assert.Equal(B, core.Find(Given.Id("placed"), At(4))!.Host);
        Assert.Equal(LaunchPhase.Deleted, PhaseOf(core, "doomed"));
        Assert.Empty(core.State.LaunchesOn(A));
        Assert.Equal(LaunchPhase.Deleted, core.Delete(Given.Id("active"), At(5)).Instances[0].Phase);

        // Should it come back after all, it is new, and what was deleted is discarded there.
        var back = core.Hello(Given.Facts("a", Active("active"), Active("doomed")), At(6));
        var welcome = Assert.IsType<SchedulerEffect.Welcome>(back.Effects[0]);
        Assert.All(welcome.Verdicts, v => Assert.Equal(Verdict.Discard, v.Verdict));
    }

    [Fact]
    public void What_a_host_brings_back_that_was_removed_by_force_is_taken_back_unless_deleted()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm-1");
        MakeActive(core, A, "vm-1");
        core.Disconnected(A, At(2));
        core.RemoveHost(A, isForced: true, At(3));
        var back = core.Hello(Given.Facts("a", Active("vm-1")), At(4));
        var welcome = Assert.IsType<SchedulerEffect.Welcome>(back.Effects[0]);
        Assert.Equal(Verdict.Commit, Assert.Single(welcome.Verdicts).Verdict);
        Assert.Equal(1, core.Host(A)!.Claims.Launches);
    }

    [Fact]
    public void A_host_that_says_it_stops_has_no_grace()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("kept", "moved");
        MakeActive(core, A, "kept");
        core.Hello(Given.Facts("b"), At(2));
        Assert.Empty(core.Left(A, "another life", At(3)).Events);

        var left = core.Left(A, "a-1", At(3));

        Assert.True(Assert.IsType<HostLost>(left.Events[0]).HasLeft);
        Assert.Equal(B, core.Find(Given.Id("moved"), At(3))!.Host);
        var kept = core.Find(Given.Id("kept"), At(3))!;
        Assert.Equal((A, LaunchPhase.Active), (kept.Host, kept.Phase));
        Assert.Equal(HostStatus.Unreachable, core.Host(A)!.Status);
        Assert.False(core.Disconnected(A, At(3)));
    }

    [Fact]
    public void A_launch_goes_where_the_labels_say_what_it_asks_for()
    {
        var core = Given.Scheduler(null, "a");
        core.Hello(
            Given.Facts("b") with { Labels = [new("disk", "nvme"), new("zone", "b")] }, At(0));
        var on = Launch(core, new() { On = HostSelector.Parse("zone=b,disk") }, "vm-1");
        Assert.Equal(B, on.Instances[0].Host);
        var nowhere = Launch(core, new() { On = HostSelector.Parse("zone=c") }, "vm-2");
        Assert.Equal(
            "a: needs zone=c, has no labels; b: needs zone=c, has labels disk=nvme,zone=b",
            nowhere.Instances[0].WaitingFor);
        Assert.Equal(["disk=nvme", "zone=b"], core.Host(B)!.Labels.Select(l => l.ToString()));
    }

    [Fact]
    public void A_host_takes_one_of_a_group_and_more_only_where_that_is_said_and_needed()
    {
        var core = Given.Scheduler(null, "a", "b");
        var hard = new LaunchOptions { Group = GroupName.Parse("web") };
        var apart = Launch(core, hard, "vm-1", "vm-2", "vm-3").Instances;
        Assert.Equal([A, B, null], apart.Select(i => i.Host));
        Assert.Equal("a, b: holds 1 instance of group web already", apart[2].WaitingFor);

        var soft = Launch(core, hard with { IsGroupSoft = true }, "vm-4").Instances[0];
        Assert.Equal(A, soft.Host);
        core.Hello(Given.Facts("c"), At(1));
        Assert.Equal("c", core.Find(Given.Id("vm-3"), At(1))!.Host!.Value);
    }

    [Fact]
    public void Never_two_of_a_group_are_placed_on_one_host_whatever_comes_and_goes()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var core = Given.Scheduler(null, "a", "b", "c");
            for (var step = 0; step < 120; step++)
                Step(core, random, step, $"seed {seed}, step {step}");
        }
    }

    private static void Step(SchedulerCore core, Random random, int step, string where)
    {
        var host = Given.Host("abc"[random.Next(3)].ToString());
        var launches = core.State.Launches.Values.ToList();
        var some = launches.Count > 0 ? launches[random.Next(launches.Count)] : null;
        var fence = new LaunchFence(1, some?.Attempt ?? 0);
        var decision = random.Next(8) switch
        {
            0 when some is not null => core.Delete(some.Id, At(step)),
            1 when some?.Host is not null => core.Removed(some.Host, some.Id, fence, At(step)),
            2 when some?.Host is not null =>
                core.Prepared(some.Host, some.Id, fence, [], Quick, At(step)),
            3 when some?.Host is not null =>
                core.AttemptFailed(some.Host, some.Id, fence, Given.Error(true), At(step)),
            4 => core.SetDuty(host, (HostDuty)random.Next(3), At(step)),
            5 => core.Tick(At(step)),
            _ => Launch(
                core, new() { Group = GroupName.Parse($"g{random.Next(2)}") }, $"vm-{step}"),
        };
        foreach (var placed in decision.Events.OfType<LaunchPlaced>())
            Assert.Equal(HostDuty.Active, core.Host(placed.Host)!.Duty);
        var counted = core.State.Launches.Values
            .SelectMany(l => l.HostsOfGroup(), (l, host) => (Host: host, l.Spec.Group))
            .GroupBy(l => l)
            .ToList();
        Assert.All(counted, g => Assert.True(g.Count() == 1, $"{where}: {g.Key}"));
        foreach (var info in core.Hosts())
        {
            Assert.Equal(
                counted.Count(g => g.Key.Host == info.Id), core.State.GroupsOn(info.Id).Count);
        }
    }

    [Fact]
    public void Room_goes_to_who_waits_before_it_goes_to_who_comes()
    {
        var core = Given.Scheduler();
        core.Hello(
            Given.Facts("a") with
            {
                Capacity = Given.Roomy with { MemoryBytes = Given.Tiny.MemoryBytes },
            },
            At(0));
        Launch(core, LaunchOptions.None, "first");
        Launch(core, new() { Priority = -5 }, "low");
        Launch(core, LaunchOptions.None, "usual");
        Launch(core, new() { Priority = 5 }, "high");
        core.Delete(Given.Id("first"), At(1));
        core.Removed(A, Given.Id("first"), new(1, 1), At(2));

        Launch(core, LaunchOptions.None, "late");

        Assert.Equal(A, core.Find(Given.Id("high"), At(3))!.Host);
        Assert.Equal(
            [("usual", 1), ("late", 2), ("low", 3)],
            core.State.Launches.Values
                .Select(l => core.Find(l.Id, At(3))!)
                .Where(i => i.QueuePlace is not null)
                .Select(i => (i.Id.Value, i.QueuePlace!.Value))
                .OrderBy(i => i.Item2));
    }

    [Fact]
    public void A_full_queue_says_when_to_ask_again_and_a_project_may_have_its_own_bound()
    {
        var core = Given.Scheduler(new SchedulerLimits { MaxWaiting = 3, MaxWaitingPerProject = 2 });
        var mine = new LaunchOptions { Project = ProjectName.Parse("mine") };
        Launch(core, mine, "vm-1", "vm-2");
        var own = Launch(core, mine, "vm-3").Refusal!;
        Assert.Equal((RequestErrorCode.Busy, 5), (own.Code, own.RetryAfterSeconds));
        Assert.Contains("project mine", own.Message);

        Assert.Null(Launch(core, LaunchOptions.None, "vm-4").Refusal);
        var full = Launch(core, LaunchOptions.None, "vm-5").Refusal!;
        Assert.Contains("of at most 3", full.Message);
        Assert.Contains("in 5 s", full.Message);
    }

    [Fact]
    public void When_to_ask_again_follows_from_how_fast_launches_are_placed()
    {
        var core = Given.Scheduler(new SchedulerLimits { MaxWaiting = 20 });
        core.Launch([.. Enumerable.Range(1, 10).Select(i => $"vm-{i}")]);
        core.Hello(Given.Facts("a"), At(0));
        var refused = core.Launch(
            Given.Order(), [.. Enumerable.Range(11, 21).Select(i => Given.Id($"vm-{i}"))], At(0));
        Assert.Equal(1, refused.Refusal!.RetryAfterSeconds);
        refused = core.Launch(
            Given.Order(), [.. Enumerable.Range(11, 50).Select(i => Given.Id($"vm-{i}"))], At(9));
        Assert.Equal(57, refused.Refusal!.RetryAfterSeconds);
    }

    [Fact]
    public void A_host_may_promise_more_or_less_than_the_cluster_does()
    {
        var rules = new PlacementRules();
        var full = Given.View("a", 16, capacity: Given.Roomy with { VCpus = 1 });
        Assert.IsType<Placement.NoValidHost>(Choose(full));
        Assert.IsType<Placement.Chosen>(
            Choose(full with { Overcommit = new HostOvercommit(17, null, null) }));
        Assert.IsType<Placement.NoValidHost>(Choose(
            Given.View("a", 1) with { Overcommit = new HostOvercommit(null, null, 0) }));

        Placement Choose(HostView host) => PlacementPolicy.Choose(
            new PlacementRequest(One, Given.Spec(), []), Given.Fleet(rules, host), rules,
            Given.Start);
    }

    [Theory]
    [InlineData(101, false, "priority 101")]
    [InlineData(-101, false, "priority -101")]
    [InlineData(0, true, "soft without a group")]
    public void What_cannot_be_asked_for_is_refused(int priority, bool soft, string says)
    {
        var options = new LaunchOptions { Priority = priority, IsGroupSoft = soft };
        var refused = Launch(Given.Scheduler(), options, "vm-1").Refusal!;
        Assert.Equal(RequestErrorCode.InvalidRequest, refused.Code);
        Assert.Contains(says, refused.Message);
    }

    [Fact]
    public void The_same_id_with_another_group_project_or_priority_is_a_conflict()
    {
        var core = Given.Scheduler();
        Launch(core, LaunchOptions.None, "vm-1");
        Assert.Null(Launch(core, new() { Project = ProjectName.Default }, "vm-1").Refusal);
        foreach (var other in new LaunchOptions[]
            {
                new() { Group = GroupName.Parse("web") }, new() { Priority = 1 },
                new() { Project = ProjectName.Parse("other") },
                new() { On = HostSelector.Parse("zone=a") },
            })
        {
            Assert.Equal(
                RequestErrorCode.Conflict, Launch(core, other, "vm-1").Refusal!.Code);
        }
    }

    private static HostedInstance Active(string id) =>
        new(Given.Id(id), new LaunchFence(1, 1), InstanceState.Active);
}
