using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class EvacuationTests
{
    private static readonly InstanceId Id = Given.Id("vm");
    private static readonly HostId A = Given.Host("a");
    private static readonly HostId B = Given.Host("b");
    private static readonly LaunchFence First = new(1, 1);
    private static readonly LaunchFence Second = new(1, 2);
    private static readonly EvacuationRequest Off = new(null, IsFenced: true);
    private static readonly Preparation Quick = new(true, default, default);

    private static readonly InstanceDisk Root = new()
    {
        Name = DiskName.Root,
        BackingFile = Given.Image().BaseKey(),
        VirtualSizeBytes = Given.GiB,
        AllocatedBytes = 10,
        Path = "/shared/a/root.qcow2",
        Format = "qcow2",
    };

    private static readonly InstanceDisk Arrived = Root with { Path = "/shared/b/root.qcow2" };

    private static DateTimeOffset At(double seconds) => Given.Start.AddSeconds(seconds);

    private static HostFacts Facts(string host, params HostedInstance[] has) =>
        Given.Facts(host, has) with { SharedStore = new SharedStore("nfs", $"stores/{host}") };

    private static SchedulerCore Active(SchedulerLimits? limits = null, params string[] ids)
    {
        var core = Given.Scheduler(limits);
        core.Hello(Facts("a"), Given.Start);
        string[] all = ids.Length > 0 ? ids : ["vm"];
        core.Launch(all);
        foreach (var id in all.Select(Given.Id))
        {
            core.Prepared(A, id, First, [Root], Quick, Given.Start);
            core.Activated(A, id, First, Given.Start);
        }

        core.Hello(Facts("b"), Given.Start);
        return core;
    }

    /// <summary>Host a has been silent beyond its grace.</summary>
    private static SchedulerCore Dead(SchedulerLimits? limits = null, params string[] ids)
    {
        var core = Active(limits, ids);
        core.Disconnected(A, At(1));
        core.Tick(At(60));
        return core;
    }

    private static SchedulerCore Copying()
    {
        var core = Dead();
        core.Evacuate(A, Off, At(61));
        return core;
    }

    private static Decision Prepared(SchedulerCore core, double at = 62) =>
        core.Prepared(B, Id, Second, [Arrived], Quick, At(at));

    private static (LaunchPhase, HostId?, MovePhase?) Where(SchedulerCore core) =>
        core.Find(Id, At(0)) is { } i ? (i.Phase, i.Host, i.Move?.Phase) : default;

    private static Decision Back(SchedulerCore core, double at) => core.Hello(
        Facts("a", new HostedInstance(Id, First, InstanceState.Prepared)), At(at));

    private static Verdict VerdictOn(Decision hello) => Assert.Single(
        hello.Effects.OfType<SchedulerEffect.Welcome>().Single().Verdicts).Verdict;

    [Fact]
    public void An_instance_that_was_rebuilt_is_taken_over_as_what_it_is_since()
    {
        var core = Active();
        var kernel = Given.Image("vmlinuz", 7) with { Format = DiskFormat.Aki };
        core.Register(kernel, Given.Start);
        core.Register(
            Given.Image("direct", 8) with { Kernel = kernel.Name, KernelArguments = "ro" },
            Given.Start);
        core.Change(Id, new ChangeRequest.Rebuild(ImageName.Parse("direct")), Given.Start);
        var disks = new[]
        {
            Root with { BackingFile = Given.Image("direct", 8).BaseKey() },
            Root with { Name = DiskName.Kernel, BackingFile = kernel.BaseKey() },
        };
        core.ChangeEnded(
            A, First, new ChangeEnded(Id, 1, ChangeKind.Rebuild, null, disks, Given.Start),
            Given.Start);
        core.Disconnected(A, At(1));
        core.Tick(At(60));
        var (begun, _) = core.Evacuate(A, Off, At(61));
        var receive = Assert.Single(begun.Effects.OfType<SchedulerEffect.Receive>());
        Assert.Equal(
            ("direct", "ro", kernel),
            (receive.Spec.Image.Name.Value, receive.Spec.Image.KernelArguments,
                receive.Spec.Kernel));
        Assert.Equal(
            [DiskName.Root, DiskName.Kernel], receive.Order.Disks.Select(d => d.Name));
    }

    [Fact]
    public void A_dead_hosts_instance_is_read_from_its_store_committed_and_done_without_that_host()
    {
        var core = Dead();
        var (begun, moves) = core.Evacuate(A, Off, At(61));
        Assert.Equal((1, 0, 0), (moves.Moving, moves.Waiting, moves.Staying.Count));
        var receive = Assert.IsType<SchedulerEffect.Receive>(Assert.Single(begun.Effects));
        Assert.Equal((B, Second), (receive.Host, receive.Fence));
        Assert.Equal(
            new DeadStore(A, 1, B, new SharedStore("nfs", "stores/a")),
            receive.Order.Source.Dead! with { Cluster = null });
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Copying), Where(core));

        var committed = Prepared(core);
        Assert.Equal((LaunchPhase.Committed, B, MovePhase.Leaving), Where(core));
        Assert.Contains(
            new SchedulerEffect.Commit(B, Id, Second) { WasActive = true }, committed.Effects);
        core.Activated(B, Id, Second, At(63));
        Assert.Equal((LaunchPhase.Active, B, MovePhase.Done), Where(core));
        Assert.Equal(0, core.Host(A)!.Claims.Launches);
        Assert.Equal(Verdict.Discard, VerdictOn(Back(core, 70)));
    }

    [Fact]
    public void Nobody_evacuates_a_host_that_lives_or_that_no_person_calls_off()
    {
        var core = Active();
        Refused(core, Off, RequestErrorCode.Conflict, "it lives");
        core.Disconnected(A, At(1));
        Refused(core, Off, RequestErrorCode.Conflict, "within its grace");
        core.Tick(At(60));
        Refused(core, new(null, IsFenced: false), RequestErrorCode.InvalidRequest, "--fenced");
        Refused(core, Off with { To = Given.Host("x") }, RequestErrorCode.HostNotFound, "x");
        Assert.Single(core.Evacuate(A, Off, At(60)).Decision.Events);
    }

    private static void Refused(
        SchedulerCore core, EvacuationRequest request, RequestErrorCode code, string why)
    {
        var refusal = core.Evacuate(A, request, At(60)).Decision.Refusal!;
        Assert.Equal(code, refusal.Code);
        Assert.Contains(why, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_never_said_where_its_store_is_cannot_be_evacuated()
    {
        var core = Given.Scheduler(null, "a", "b");
        core.Disconnected(A, At(1));
        core.Tick(At(60));
        Refused(core, Off, RequestErrorCode.CannotChange, "novacow.host.shared-store");
        core.Hello(Facts("a") with { SharedStore = new SharedStore("nfs", "../etc") }, At(61));
        core.Disconnected(A, At(62));
        core.Tick(At(90));
        Refused(core, Off, RequestErrorCode.CannotChange, "novacow.host.shared-store");
    }

    [Fact]
    public void Only_a_host_on_the_same_shared_file_system_gets_them()
    {
        var core = Active();
        core.Hello(Facts("b") with { SharedStore = new SharedStore("other", "b") }, At(1));
        core.Disconnected(A, At(1));
        core.Tick(At(60));
        var staying = Assert.Single(core.Evacuate(A, Off, At(61)).Moves.Staying);
        Assert.Contains("does not have the shared file system nfs", staying.Why,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_that_is_back_before_the_commit_keeps_its_instance_and_the_other_drops_it()
    {
        var core = Copying();
        var hello = Back(core, 62);
        Assert.Equal(Verdict.Commit, VerdictOn(hello));
        Assert.Contains(new SchedulerEffect.Discard(B, Id, Second), hello.Effects);
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Undoing), Where(core));
        Assert.Empty(Prepared(core, 63).Events);
        core.Removed(B, Id, Second, At(64));
        Assert.Equal((LaunchPhase.Active, A, MovePhase.Cancelled), Where(core));
    }

    [Fact]
    public void A_host_that_is_back_after_the_commit_keeps_the_old_disks_until_the_new_are_in_use()
    {
        var core = Copying();
        Prepared(core);
        Assert.Equal(Verdict.Stands, VerdictOn(Back(core, 63)));
        var activated = core.Activated(B, Id, Second, At(64));
        Assert.Contains(new SchedulerEffect.Discard(A, Id, First), activated.Effects);
        core.Removed(A, Id, First, At(65));
        Assert.Equal((LaunchPhase.Active, B, MovePhase.Done), Where(core));
    }

    [Fact]
    public void The_next_leader_goes_on_with_what_the_journal_knows_of_the_dead_hosts_store()
    {
        var core = Copying();
        var next = new SchedulerCore(new SchedulerLimits(), Flavors.Defaults, epoch: 2);
        next.Recover(core.State.ToSnapshot());
        next.Start(At(65));
        var receive = next.Hello(Facts("b"), At(66)).Effects.OfType<SchedulerEffect.Receive>();
        Assert.Equal("stores/a", Assert.Single(receive).Order.Source.Dead!.Store.Folder);
    }

    [Fact]
    public void They_go_a_few_at_a_time_and_what_failed_for_good_is_tried_again_only_when_asked()
    {
        var limits = new SchedulerLimits { MaxMovesPerHost = 1 };
        var core = Dead(limits, "vm-1", "vm-2");
        Assert.Equal((1, 1), Counts(core.Evacuate(A, Off, At(61)).Moves));
        Assert.Empty(core.Evacuate(A, Off, At(62)).Decision.Events);
        core.AttemptFailed(B, Given.Id("vm-1"), Second, Given.Error(false), At(63));
        var (begun, left) = core.Evacuate(A, Off, At(64));
        Assert.Equal(Given.Id("vm-2"), Assert.IsType<MoveAccepted>(Assert.Single(begun.Events)).Id);
        Assert.Contains("it broke", Assert.Single(left.Staying).Why, StringComparison.Ordinal);

        core.Prepared(B, Given.Id("vm-2"), Second, [Arrived], Quick, At(65));
        core.Activated(B, Given.Id("vm-2"), Second, At(65));
        Assert.Empty(core.Evacuate(A, Off, At(66)).Decision.Events);
        Assert.Single(core.Evacuate(A, Off with { Again = true }, At(67)).Decision.Events);
    }

    [Fact]
    public void What_is_changing_or_was_not_active_stays_and_says_so()
    {
        var core = Active(null, "vm-1", "vm-2", "vm-3");
        core.Change(Given.Id("vm-1"), new ChangeRequest.Flatten(), At(0));
        core.Delete(Given.Id("vm-2"), At(0));
        core.Disconnected(A, At(1));
        core.Tick(At(60));
        var (begun, moves) = core.Evacuate(A, Off, At(61));
        Assert.Single(begun.Events);
        Assert.Contains("flatten", moves.Staying[0].Why, StringComparison.Ordinal);
        Assert.Contains("it is deleting", moves.Staying[1].Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Removing_the_dead_host_gives_up_what_is_on_its_way()
    {
        var core = Copying();
        core.RemoveHost(A, isForced: true, At(62));
        Assert.Empty(Prepared(core, 63).Events);
        core.Removed(B, Id, Second, At(64));
        Assert.Equal((LaunchPhase.Failed, A, MovePhase.Failed), Where(core));
    }

    private static (int, int) Counts(HostMoves moves) => (moves.Moving, moves.Waiting);
}
