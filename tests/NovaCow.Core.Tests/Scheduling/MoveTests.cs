using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class MoveTests
{
    private static readonly InstanceId Id = Given.Id("vm");
    private static readonly HostId A = Given.Host("a");
    private static readonly HostId B = Given.Host("b");
    private static readonly MoveRequest Anywhere = new(null, null);
    private static readonly LaunchFence First = new(1, 1);
    private static readonly LaunchFence Second = new(1, 2);

    private static readonly InstanceDisk Root = new()
    {
        Name = DiskName.Root,
        BackingFile = Given.Image().BaseKey(),
        VirtualSizeBytes = Given.GiB,
        AllocatedBytes = 10,
        Path = "/root.qcow2",
        Format = "qcow2",
    };

    private static readonly InstanceDisk Arrived = Root with { Path = "/elsewhere.qcow2" };

    private static DateTimeOffset At(double seconds) => Given.Start.AddSeconds(seconds);

    private static HostFacts Facts(string host, params HostedInstance[] has) =>
        Given.Facts(host, has) with { Address = $"http://{host}/" };

    private static HostedInstance Has(LaunchFence fence, InstanceState state) =>
        new(Id, fence, state);

    private static SchedulerCore Active(params string[] others)
    {
        var core = Given.Scheduler();
        core.Hello(Facts("a"), Given.Start);
        core.Launch("vm");
        core.Prepared(A, Id, First, [Root], new(true, default, default), Given.Start);
        core.Activated(A, Id, First, Given.Start);
        foreach (var other in others)
            core.Hello(Facts(other), Given.Start);
        return core;
    }

    private static SchedulerCore Copying(params string[] others)
    {
        var core = Active(others.Length > 0 ? others : ["b"]);
        core.Move(Id, Anywhere, At(1));
        core.Offered(A, Id, First, (1, "secret"));
        return core;
    }

    private static Decision Prepared(SchedulerCore core, double at = 2) =>
        core.Prepared(B, Id, Second, [Arrived], new(true, default, default), At(at));

    private static SchedulerCore Leaving()
    {
        var core = Copying();
        Prepared(core);
        core.Activated(B, Id, Second, At(3));
        return core;
    }

    private static (LaunchPhase, HostId?, MovePhase?) Where(SchedulerCore core) =>
        core.Find(Id, At(0)) is { } i ? (i.Phase, i.Host, i.Move?.Phase) : default;

    private static SchedulerEffect Discard(HostId host, LaunchFence fence) =>
        new SchedulerEffect.Discard(host, Id, fence);

    [Fact]
    public void A_move_is_lent_fetched_committed_started_and_only_then_removed_from_where_it_was()
    {
        var core = Active("b");
        var accepted = core.Move(Id, Anywhere, At(1));
        Assert.Equal(
            [new SchedulerEffect.Offer(A, Id, First, 1)], accepted.Effects);
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Copying), Where(core));
        Assert.Equal((1, 1), (core.Host(A)!.Claims.Launches, core.Host(B)!.Claims.Launches));

        var receive = Assert.IsType<SchedulerEffect.Receive>(
            Assert.Single(core.Offered(A, Id, First, (1, "secret")).Effects));
        Assert.Equal((B, Second), (receive.Host, receive.Fence));
        Assert.Equal(new TransferSource("http://a/", "secret"), receive.Order.Source);
        Assert.True(Assert.Single(receive.Order.Disks).IsOverBase);
        Assert.DoesNotContain("secret", receive.ToString(), StringComparison.Ordinal);

        var committed = Prepared(core);
        Assert.IsType<MoveCommitted>(Assert.Single(committed.Events));
        Assert.Contains(
            new SchedulerEffect.Commit(B, Id, Second) { WasActive = true }, committed.Effects);
        Assert.DoesNotContain(Discard(A, First), committed.Effects);
        Assert.Equal((LaunchPhase.Committed, B, MovePhase.Leaving), Where(core));

        Assert.Contains(Discard(A, First), core.Activated(B, Id, Second, At(3)).Effects);
        var ended = core.Removed(A, Id, First, At(4));
        Assert.Contains(ended.Effects, e => e is SchedulerEffect.ChangeSettled);
        Assert.Equal((LaunchPhase.Active, B, MovePhase.Done), Where(core));
        Assert.Equal("/elsewhere.qcow2", core.Find(Id, At(4))!.Disks[0].Path);
        Assert.Equal(Given.Start, core.Find(Id, At(4))!.Timings.ActiveAt);
        Assert.Equal((0, 1), (core.Host(A)!.Claims.Launches, core.Host(B)!.Claims.Launches));
    }

    [Fact]
    public void What_is_not_answered_is_asked_again_of_both_hosts()
    {
        var core = Copying();
        core.Tick(At(2));
        var again = core.Tick(At(20)).Effects;
        Assert.Contains(again, e => e is SchedulerEffect.Offer);
        Assert.Contains(again, e => e is SchedulerEffect.Receive);

        var leaving = Leaving();
        leaving.Tick(At(4));
        Assert.Equal([Discard(A, First)], leaving.Tick(At(20)).Effects);
    }

    [Fact]
    public void The_same_move_again_is_answered_and_another_or_a_change_is_a_conflict()
    {
        var core = Copying("b", "c");
        Assert.Empty(core.Move(Id, Anywhere, At(2)).Events);
        Assert.Empty(core.Move(Id, new MoveRequest(B, null), At(2)).Events);
        var other = core.Move(Id, new MoveRequest(Given.Host("c"), null), At(2));
        Assert.Equal(RequestErrorCode.Conflict, other.Refusal!.Code);
        var change = core.Change(Id, new ChangeRequest.Flatten(), At(2));
        Assert.Contains("a move from host a to host b", change.Refusal!.Message,
            StringComparison.Ordinal);

        var changing = Active("b");
        changing.Change(Id, new ChangeRequest.Flatten(), At(1));
        Assert.Contains("flatten", changing.Move(Id, Anywhere, At(2)).Refusal!.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_instance_that_is_there_already_stays()
    {
        var core = Active("b");
        Assert.Empty(core.Move(Id, new MoveRequest(A, null), At(1)).Events);
        Assert.Empty(core.Move(Id, new MoveRequest(null, B), At(1)).Events);
    }

    [Theory]
    [InlineData("nowhere", RequestErrorCode.HostNotFound, "never joined")]
    [InlineData("b", RequestErrorCode.NoRoom, "bytes of memory")]
    [InlineData("c", RequestErrorCode.NoRoom, "no volume driver qcow2")]
    [InlineData("d", RequestErrorCode.NoRoom, "does not say where other hosts reach it")]
    public void A_host_that_cannot_take_it_is_refused_with_the_reason(
        string host, RequestErrorCode code, string why)
    {
        var core = Active();
        core.Hello(Facts("b") with { Capacity = new(100, 0, 1_000 * Given.GiB) }, At(0));
        core.Hello(Facts("c") with { Drivers = ["lvm-thin"] }, At(0));
        core.Hello(Given.Facts("d"), At(0));
        var refusal = core.Move(Id, new MoveRequest(Given.Host(host), null), At(1)).Refusal!;
        Assert.Equal(code, refusal.Code);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
        Assert.Equal(
            RequestErrorCode.NoRoom, core.Move(Id, Anywhere, At(1)).Refusal!.Code);
    }

    [Fact]
    public void A_disk_over_a_base_that_the_launch_does_not_know_stays()
    {
        var core = Given.Scheduler();
        core.Hello(Facts("a"), Given.Start);
        core.Hello(Facts("b"), Given.Start);
        core.Launch("vm");
        var odd = Root with { BackingFile = Given.Image("other", 2).BaseKey() };
        core.Prepared(A, Id, First, [odd], new(true, default, default), Given.Start);
        core.Activated(A, Id, First, Given.Start);
        Assert.Equal(
            RequestErrorCode.CannotChange, core.Move(Id, Anywhere, At(1)).Refusal!.Code);
    }

    [Fact]
    public void A_target_that_fails_ends_the_move_and_the_next_one_is_a_newer_attempt()
    {
        var core = Copying();
        var failed = core.AttemptFailed(B, Id, Second, Given.Error(true), At(2));
        Assert.Contains(new SchedulerEffect.Withdraw(A, Id, First, 1), failed.Effects);
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Failed), Where(core));
        Assert.Equal(0, core.Host(B)!.Claims.Launches);

        core.Move(Id, Anywhere, At(3));
        var receive = core.Offered(A, Id, First, (2, "other")).Effects
            .OfType<SchedulerEffect.Receive>().Single();
        Assert.Equal(new LaunchFence(1, 3), receive.Fence);
    }

    [Fact]
    public void A_refused_offer_and_a_cancelled_move_are_undone_on_the_target_before_they_end()
    {
        var refused = Copying();
        var undoing = refused.OfferRefused(A, Id, First, (1, Given.Error(false)), At(2));
        Assert.Contains(Discard(B, Second), undoing.Effects);
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Undoing), Where(refused));
        Assert.Empty(Prepared(refused).Events);
        refused.Removed(B, Id, Second, At(3));
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Failed), Where(refused));

        var cancelled = Copying();
        cancelled.CancelMove(Id, At(2));
        cancelled.Removed(B, Id, Second, At(3));
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Cancelled), Where(cancelled));

        var tooLate = Leaving();
        Assert.Empty(tooLate.CancelMove(Id, At(4)).Events);
    }

    [Theory]
    [InlineData("a", MovePhase.Undoing)]
    [InlineData("b", MovePhase.Failed)]
    public void A_host_lost_beyond_its_grace_while_copying_ends_the_move(
        string lost, MovePhase phase)
    {
        var core = Copying();
        core.Disconnected(Given.Host(lost), At(2));
        core.Tick(At(3));
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Copying), Where(core));
        core.Tick(At(60));
        Assert.Equal((LaunchPhase.Active, A, phase), Where(core));

        // What it made meanwhile goes when it is back.
        var hello = core.Hello(Facts("b", Has(Second, InstanceState.Prepared)), At(61));
        Assert.Equal(Verdict.Discard, Assert.Single(Verdicts(hello)).Verdict);
    }

    [Fact]
    public void An_old_host_lost_after_the_commit_ends_the_move_and_discards_when_it_returns()
    {
        var core = Leaving();
        core.Disconnected(A, At(4));
        core.Tick(At(60));
        Assert.Equal((LaunchPhase.Active, B, MovePhase.Done), Where(core));
        var hello = core.Hello(Facts("a", Has(First, InstanceState.Prepared)), At(61));
        Assert.Equal(Verdict.Discard, Assert.Single(Verdicts(hello)).Verdict);
    }

    [Fact]
    public void A_target_that_returns_with_all_of_it_is_asked_to_say_so_again()
    {
        var core = Copying();
        core.Disconnected(B, At(2));
        var hello = core.Hello(Facts("b", Has(Second, InstanceState.Prepared)), At(3));
        Assert.Equal(Verdict.Stands, Assert.Single(Verdicts(hello)).Verdict);
        Assert.Contains(hello.Effects, e => e is SchedulerEffect.Receive);
        Assert.Contains(Copying().Hello(Facts("b"), At(3)).Effects,
            e => e is SchedulerEffect.Receive);
    }

    [Fact]
    public void The_old_disks_stay_until_the_new_ones_are_in_use()
    {
        var core = Copying();
        Prepared(core);
        var hello = core.Hello(Facts("a", Has(First, InstanceState.Active)), At(3));
        Assert.Equal(Verdict.Stands, Assert.Single(Verdicts(hello)).Verdict);
        core.Activated(B, Id, Second, At(4));
        hello = core.Hello(Facts("a", Has(First, InstanceState.Active)), At(5));
        Assert.Equal(Verdict.Discard, Assert.Single(Verdicts(hello)).Verdict);
    }

    [Fact]
    public void A_new_host_that_lost_the_disks_at_once_leaves_the_old_ones_until_it_is_deleted()
    {
        var core = Copying();
        Prepared(core);
        core.Hello(Facts("b"), At(3));
        Assert.Equal((LaunchPhase.Failed, B, MovePhase.Leaving), Where(core));
        core.Disconnected(A, At(4));
        core.Tick(At(60));
        var hello = core.Hello(Facts("a", Has(First, InstanceState.Prepared)), At(61));
        Assert.Equal(Verdict.Stands, Assert.Single(Verdicts(hello)).Verdict);
        Assert.Contains(Discard(A, First), core.Delete(Id, At(62)).Effects);
    }

    [Fact]
    public void Deleting_cancels_the_move_and_clears_the_target_before_the_instances_own_host()
    {
        var core = Copying();
        var deleting = core.Delete(Id, At(2));
        Assert.Contains(Discard(B, Second), deleting.Effects);
        Assert.DoesNotContain(Discard(A, First), deleting.Effects);
        var cleared = core.Removed(B, Id, Second, At(3));
        Assert.Contains(Discard(A, First), cleared.Effects);
        Assert.Equal(MovePhase.Cancelled, core.Find(Id, At(3))!.Move!.Phase);
        core.Removed(A, Id, First, At(4));
        Assert.Equal(LaunchPhase.Deleted, core.Find(Id, At(4))!.Phase);

        var leaving = Leaving();
        leaving.Delete(Id, At(4));
        Assert.Contains(Discard(B, Second), leaving.Removed(A, Id, First, At(5)).Effects);
    }

    [Fact]
    public void The_next_leader_asks_for_a_new_token_and_goes_on()
    {
        var core = Copying();
        var snapshot = core.State.ToSnapshot();
        var next = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 2);
        next.Recover(snapshot);
        next.Start(At(5));
        next.Hello(Facts("b"), At(6));
        var hello = next.Hello(Facts("a", Has(First, InstanceState.Active)), At(6));
        Assert.Contains(new SchedulerEffect.Offer(A, Id, new(2, 1), 1), hello.Effects);
        var receive = next.Offered(A, Id, new(2, 1), (1, "anew")).Effects
            .OfType<SchedulerEffect.Receive>().Single();
        Assert.Equal(("anew", new LaunchFence(2, 2)), (receive.Order.Source.Token, receive.Fence));
    }

    [Fact]
    public void A_host_is_emptied_a_few_at_a_time_and_says_what_stays_and_why()
    {
        var limits = new SchedulerLimits { MaxMovesPerHost = 2, MaxMoveTries = 1 };
        var core = Given.Scheduler(limits);
        core.Hello(Facts("a"), Given.Start);
        string[] ids = ["vm-1", "vm-2", "vm-3"];
        core.Launch(ids);
        foreach (var id in ids.Select(Given.Id))
        {
            core.Prepared(A, id, First, [Root], new(true, default, default), Given.Start);
            core.Activated(A, id, First, Given.Start);
        }

        Assert.Equal(3, core.MoveAll(A, At(1)).Moves.Staying.Count);
        core.Hello(Facts("b"), At(1));
        var (begun, moves) = core.MoveAll(A, At(1));
        Assert.Equal(2, begun.Events.Count);
        Assert.Equal((2, 1, 0), (moves.Moving, moves.Waiting, moves.Staying.Count));
        Assert.Empty(core.MoveAll(A, At(2)).Decision.Events);

        core.AttemptFailed(B, Given.Id("vm-1"), Second, Given.Error(true), At(3));
        var (next, left) = core.MoveAll(A, At(4));
        Assert.Equal(Given.Id("vm-3"), Assert.IsType<MoveAccepted>(Assert.Single(next.Events)).Id);
        Assert.Contains("tried 1 times: it broke", Assert.Single(left.Staying).Why,
            StringComparison.Ordinal);
    }

    private static IReadOnlyList<InstanceVerdict> Verdicts(Decision decision) =>
        decision.Effects.OfType<SchedulerEffect.Welcome>().Single().Verdicts;
}
