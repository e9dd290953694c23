using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class SchedulerCoreTests
{
    private static readonly HostId A = Given.Host("a");
    private static readonly HostId B = Given.Host("b");

    private static DateTimeOffset At(double seconds) => Given.Start.AddSeconds(seconds);

    private static Preparation Quick { get; } = new(true, TimeSpan.Zero, TimeSpan.Zero);

    [Fact]
    public void The_same_image_again_is_no_error_and_another_of_its_name_is_a_conflict()
    {
        var core = Given.Scheduler();
        Assert.Null(core.Register(Given.Image(), Given.Start).Refusal);
        Assert.Empty(core.Register(Given.Image(), Given.Start).Events);
        var other = core.Register(Given.Image(seed: 2), Given.Start);
        Assert.Equal(RequestErrorCode.Conflict, other.Refusal!.Code);
    }

    [Fact]
    public void A_cluster_is_founded_once_and_keeps_its_identity_when_its_state_is_saved()
    {
        var core = Given.Scheduler();
        Assert.Single(core.Found("first", Given.Start).Events);
        Assert.Empty(core.Found("second", Given.Start).Events);
        var restored = Given.Scheduler();
        restored.Recover(core.State.ToSnapshot());
        Assert.Empty(restored.Found("third", Given.Start).Events);
        Assert.Equal("first", restored.State.Cluster);
    }

    [Fact]
    public void A_deleted_image_keeps_its_instances_and_refuses_new_launches()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm-1");
        Assert.Null(core.Unregister(Given.Image().Name, Given.Start).Refusal);

        Assert.Equal(RequestErrorCode.ImageNotFound, core.Launch("vm-2").Refusal!.Code);
        Assert.Equal(LaunchPhase.Placed, core.Find(Given.Id("vm-1"), Given.Start)!.Phase);
        var again = core.Unregister(Given.Image().Name, Given.Start);
        Assert.Equal(RequestErrorCode.ImageNotFound, again.Refusal!.Code);
    }

    [Fact]
    public void A_launch_is_refused_for_each_thing_that_can_be_wrong_with_it()
    {
        var core = Given.Scheduler(null, "a");
        var (image, tiny) = (Given.Image().Name, Given.Tiny.Name);
        core.Register(
            Given.Image("large", 9) with { MinDiskBytes = 2 * Given.GiB }, Given.Start);

        Refused(RequestErrorCode.InvalidRequest, image, tiny);
        Refused(RequestErrorCode.InvalidRequest, image, tiny, "vm", "vm");
        Refused(RequestErrorCode.InvalidRequest, image, tiny,
            [.. Enumerable.Range(0, 1_001).Select(i => $"vm-{i}")]);
        Refused(RequestErrorCode.ImageNotFound, ImageName.Parse("nope"), tiny, "vm");
        Refused(RequestErrorCode.FlavorNotFound, image, FlavorName.Parse("nope"), "vm");
        Refused(RequestErrorCode.FlavorTooSmall, ImageName.Parse("large"), tiny, "vm");
        Assert.Empty(core.State.Launches);

        void Refused(RequestErrorCode code, ImageName i, FlavorName f, params string[] ids)
        {
            var decision = core.Launch(
                new LaunchOrder(i, f), [.. ids.Select(Given.Id)], Given.Start);
            Assert.Equal(code, decision.Refusal?.Code);
            Assert.Empty(decision.Events);
        }
    }

    [Fact]
    public void The_same_request_gives_the_same_answer_and_a_different_one_a_conflict()
    {
        var core = Given.Scheduler(null, "a");
        var first = core.Launch("vm-1");
        var again = core.Launch("vm-1");
        Assert.Empty(again.Events);
        Assert.Equal(first.Instances[0].Id, again.Instances[0].Id);
        Assert.Equal(LaunchPhase.Placed, again.Instances[0].Phase);

        var other = core.Launch(Given.Order(Given.Small), [Given.Id("vm-1")], Given.Start);
        Assert.Equal(RequestErrorCode.Conflict, other.Refusal!.Code);

        var mixed = core.Launch("vm-1", "vm-2");
        Assert.Equal(["vm-1", "vm-2"], mixed.Instances.Select(i => i.Id.Value));
    }

    [Fact]
    public void A_deleted_id_is_not_launched_again()
    {
        var core = Given.Scheduler();
        core.Launch("vm-1");
        core.Delete(Given.Id("vm-1"), Given.Start);

        var again = core.Launch("vm-1");

        Assert.Empty(again.Events);
        Assert.Equal(LaunchPhase.Deleted, again.Instances[0].Phase);
        Assert.Empty(core.State.Launches);
    }

    [Fact]
    public void A_launch_without_a_host_waits_visibly_and_goes_to_the_first_that_joins()
    {
        var core = Given.Scheduler();
        var launched = core.Launch("vm-1");
        Assert.Contains("no host has joined", launched.Instances[0].WaitingFor);

        var hello = core.Hello(Given.Facts("a"), At(1));

        Assert.Contains(hello.Effects, e => e is SchedulerEffect.Prepare);
        Assert.Equal(A, core.Find(Given.Id("vm-1"), At(1))!.Host);
    }

    [Fact]
    public void A_launch_that_nobody_takes_in_time_fails_and_says_why()
    {
        var core = Given.Scheduler();
        core.Launch("vm-1");
        Assert.Empty(core.Tick(At(599)).Events);

        var late = core.Tick(At(600));

        var failed = Assert.IsType<LaunchFailed>(Assert.Single(late.Events));
        Assert.Equal(LaunchErrorCode.NoValidHost, failed.Error.Code);
        Assert.Contains("no host has joined", failed.Error.Message);
        Assert.IsType<SchedulerEffect.Settled>(Assert.Single(late.Effects));
    }

    [Fact]
    public void A_full_queue_refuses_as_busy()
    {
        var core = Given.Scheduler(new SchedulerLimits { MaxWaiting = 2 });
        Assert.Null(core.Launch("vm-1", "vm-2").Refusal);
        Assert.Equal(RequestErrorCode.Busy, core.Launch("vm-3").Refusal!.Code);
    }

    [Fact]
    public void What_waits_gets_the_room_that_a_deletion_frees()
    {
        var core = Given.Scheduler();
        var one = Given.Facts("a") with
        {
            Capacity = Given.Roomy with { MemoryBytes = Given.Tiny.MemoryBytes },
        };
        core.Hello(one, Given.Start);
        core.Launch("vm-1");
        Assert.Equal(LaunchPhase.Accepted, core.Launch("vm-2").Instances[0].Phase);
        core.Prepared(A, Given.Id("vm-1"), new(1, 1), [], Quick, At(1));
        core.Delete(Given.Id("vm-1"), At(2));
        Assert.Empty(core.Tick(At(3)).Events);

        core.Removed(A, Given.Id("vm-1"), new(1, 1), At(4));
        var tick = core.Tick(At(5));

        Assert.IsType<LaunchPlaced>(Assert.Single(tick.Events));
    }

    [Fact]
    public void A_launch_goes_through_its_phases_and_releases_what_it_held()
    {
        var core = Given.Scheduler(null, "a");
        var launched = core.Launch("vm-1");
        Assert.Equal(2, launched.Events.Count);
        var prepare = Assert.IsType<SchedulerEffect.Prepare>(Assert.Single(launched.Effects));
        Assert.Equal(new LaunchFence(1, 1), prepare.Fence);

        var prepared = core.Prepared(A, prepare.Id, prepare.Fence, [], Quick, At(1));
        Assert.IsType<SchedulerEffect.Commit>(Assert.Single(prepared.Effects));
        var active = core.Activated(A, prepare.Id, prepare.Fence, At(2));
        var settled = Assert.IsType<SchedulerEffect.Settled>(Assert.Single(active.Effects));
        Assert.Equal(LaunchPhase.Active, settled.Instance.Phase);
        Assert.Equal(1, core.Host(A)!.Claims.Launches);

        core.Delete(prepare.Id, At(3));
        core.Removed(A, prepare.Id, prepare.Fence, At(4));
        Assert.Equal(default, core.Host(A)!.Claims);
        Assert.Equal(LaunchPhase.Deleted, core.Find(prepare.Id, At(5))!.Phase);
    }

    [Fact]
    public void A_retryable_failure_moves_the_launch_and_a_final_one_ends_it()
    {
        var core = Given.Scheduler(null, "a", "b");
        core.Launch("vm-1");
        var id = Given.Id("vm-1");

        var moved = core.AttemptFailed(A, id, new(1, 1), Given.Error(true), At(1));
        var prepare = Assert.IsType<SchedulerEffect.Prepare>(Assert.Single(moved.Effects));
        Assert.Equal((B, new LaunchFence(1, 2)), (prepare.Host, prepare.Fence));

        var late = core.Prepared(A, id, new(1, 1), [], Quick, At(2));
        var discard = Assert.IsType<SchedulerEffect.Discard>(Assert.Single(late.Effects));
        Assert.Equal((A, new LaunchFence(1, 1)), (discard.Host, discard.Fence));
        Assert.IsType<AttemptDisowned>(Assert.Single(late.Events));

        core.AttemptFailed(B, id, new(1, 2), Given.Error(false), At(3));
        Assert.Equal(LaunchPhase.Failed, core.Find(id, At(3))!.Phase);
    }

    [Fact]
    public void The_only_host_failing_ends_the_launch_with_its_reason_at_once()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm-1");
        core.AttemptFailed(A, Given.Id("vm-1"), new(1, 1), Given.Error(true), At(1));
        var info = core.Find(Given.Id("vm-1"), At(1))!;
        Assert.Equal((LaunchPhase.Failed, "it broke"), (info.Phase, info.Error!.Message));
    }

    [Fact]
    public void A_lost_host_keeps_what_is_committed_and_loses_the_rest()
    {
        var core = Given.Scheduler(null, "a", "b");
        core.Launch("vm-1", "vm-2");
        core.Prepared(A, Given.Id("vm-1"), new(1, 1), [], Quick, At(1));
        core.Disconnected(A, At(2));
        Assert.Empty(core.Tick(At(16)).Events);

        var tick = core.Tick(At(17));

        Assert.Contains(tick.Events, e => e is HostLost);
        Assert.Equal(A, core.Find(Given.Id("vm-1"), At(17))!.Host);
        Assert.Equal(B, core.Find(Given.Id("vm-2"), At(17))!.Host);
        Assert.Equal(2, core.Find(Given.Id("vm-2"), At(17))!.Attempt);
        Assert.Equal(HostStatus.Unreachable, core.Host(A)!.Status);
        Assert.DoesNotContain(core.Tick(At(18)).Events, e => e is HostLost);
    }

    [Fact]
    public void A_host_that_comes_back_hears_a_verdict_on_each_of_its_instances()
    {
        var core = Given.Scheduler(null, "a", "b");
        core.Launch("stands", "prepared", "moved", "active", "deleted", "missing");
        var fence = new LaunchFence(1, 1);
        core.Prepared(A, Given.Id("active"), fence, [], Quick, At(1));
        core.AttemptFailed(A, Given.Id("moved"), fence, Given.Error(true), At(1));
        core.AttemptFailed(A, Given.Id("deleted"), fence, Given.Error(false), At(1));
        core.Delete(Given.Id("deleted"), At(1));

        var hello = core.Hello(
            Given.Facts(
                "a",
                Has("stands", InstanceState.Preparing),
                Has("prepared", InstanceState.Prepared),
                Has("moved", InstanceState.Prepared),
                Has("active", InstanceState.Active),
                Has("deleted", InstanceState.Prepared),
                Has("stranger", InstanceState.Active)),
            At(2));

        var welcome = Assert.IsType<SchedulerEffect.Welcome>(hello.Effects[0]);
        Assert.Equal(
            [
                ("stands", Verdict.Stands), ("prepared", Verdict.Stands),
                ("moved", Verdict.Discard), ("active", Verdict.Commit),
                ("deleted", Verdict.Discard), ("stranger", Verdict.Unknown),
            ],
            welcome.Verdicts.Select(v => (v.Id.Value, v.Verdict)));
        var again = hello.Effects.OfType<SchedulerEffect.Prepare>();
        Assert.Equal(["prepared", "missing"], again.Select(p => p.Id.Value));
        Assert.Equal(["stranger"], core.Host(A)!.UnknownInstances.Select(i => i.Value));

        static HostedInstance Has(string id, InstanceState state) =>
            new(Given.Id(id), new LaunchFence(1, 1), state);
    }

    [Fact]
    public void An_active_instance_that_its_host_lost_is_failed_not_moved()
    {
        var core = Given.Scheduler(null, "a", "b");
        core.Launch("vm-1");
        core.Prepared(A, Given.Id("vm-1"), new(1, 1), [], Quick, At(1));

        core.Hello(Given.Facts("a"), At(2));

        var info = core.Find(Given.Id("vm-1"), At(2))!;
        Assert.Equal((LaunchPhase.Failed, A, 1), (info.Phase, info.Host!, info.Attempt));
    }

    [Fact]
    public void Unanswered_commands_are_sent_again_with_growing_pauses()
    {
        var core = Given.Scheduler(null, "a");
        core.Launch("vm-1");
        List<int> sent = [];
        for (var second = 1; second <= 100; second++)
        {
            if (core.Tick(At(second)).Effects.OfType<SchedulerEffect.Prepare>().Any())
                sent.Add(second);
        }

        Assert.Equal([6, 16, 36, 76], sent);
    }

    [Fact]
    public void A_report_from_a_host_that_said_no_hello_asks_for_one()
    {
        var core = Given.Scheduler();
        Assert.False(core.Reported(Given.Report(A, "a-1"), At(1)));
        core.Hello(Given.Facts("a"), At(1));
        Assert.True(core.Reported(Given.Report(A, "a-1"), At(1)));
        Assert.False(core.Reported(Given.Report(A, "a-0"), At(1)));
    }

    [Fact]
    public void Pages_follow_each_other_without_gap_or_overlap()
    {
        var core = Given.Scheduler(null, "a", "b");
        core.Launch([.. Enumerable.Range(0, 25).Select(i => $"vm-{i:00}")]);
        List<string> seen = [];
        InstanceId? after = null;
        do
        {
            var (items, next) = core.List(after, 7, null, null, Given.Start);
            Assert.InRange(items.Count, 1, 7);
            seen.AddRange(items.Select(i => i.Id.Value));
            after = next;
        }
        while (after is not null);

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"vm-{i:00}"), seen);
        var onB = core.List(null, 100, B, LaunchPhase.Placed, Given.Start).Items;
        Assert.All(onB, i => Assert.Equal(B, i.Host));
    }
}
