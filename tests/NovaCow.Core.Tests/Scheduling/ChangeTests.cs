using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class ChangeTests
{
    private static readonly InstanceId Id = Given.Id("vm");
    private static readonly HostId A = Given.Host("a");
    private static readonly ChangeRequest Flatten = new ChangeRequest.Flatten();

    private static readonly InstanceDisk Root = new()
    {
        Name = DiskName.Root,
        BackingFile = Given.Image().BaseKey(),
        VirtualSizeBytes = Given.GiB,
        AllocatedBytes = 10,
        Path = "/root.qcow2",
        Format = "qcow2",
    };

    private static DateTimeOffset At(double seconds) => Given.Start.AddSeconds(seconds);

    private static ChangeRequest Resize(long gib) => new ChangeRequest.Resize(gib * Given.GiB);

    private static SchedulerCore Active(InstanceDisk? root = null, HostCapacity? capacity = null)
    {
        var core = Given.Scheduler();
        core.Hello(
            Given.Facts("a") with
            {
                Capacity = capacity ?? Given.Roomy,
                Drivers = ["qcow2", "copy", "reflink"],
            },
            Given.Start);
        core.Launch("vm");
        core.Prepared(
            A, Id, new(1, 1), [root ?? Root], new(true, default, default), Given.Start);
        core.Activated(A, Id, new(1, 1), Given.Start);
        return core;
    }

    private static Decision End(
        SchedulerCore core, int number, LaunchError? error = null, InstanceDisk? root = null) =>
        core.ChangeEnded(
            A,
            new(1, 1),
            new ChangeEnded(
                Id, number, ChangeKind.Resize, error, root is null ? null : [root], At(9)),
            At(9));

    private static LaunchChange Change(SchedulerCore core) => core.Find(Id, At(0))!.Change!;

    [Fact]
    public void A_change_is_asked_of_the_host_until_it_says_how_it_ended()
    {
        var core = Active();
        var accepted = core.Change(Id, Flatten, At(1));
        Assert.IsType<ChangeAccepted>(Assert.Single(accepted.Events));
        var command = Assert.IsType<SchedulerEffect.Change>(Assert.Single(accepted.Effects));
        Assert.Equal((A, 1, new LaunchFence(1, 1)), (command.Host, command.Number, command.Fence));

        core.Tick(At(2));
        Assert.Equal(command, Assert.Single(core.Tick(At(8)).Effects));
        var facts = Given.Facts("a", new HostedInstance(Id, new(1, 1), InstanceState.Active));
        Assert.Contains(command, core.Hello(facts, At(8)).Effects);

        var ended = End(core, 1, root: Root with { BackingFile = null });
        Assert.IsType<SchedulerEffect.ChangeSettled>(Assert.Single(ended.Effects));
        Assert.Equal((ChangePhase.Done, At(9)), (Change(core).Phase, Change(core).EndedAt));
        Assert.Null(core.Find(Id, At(9))!.Disks[0].Base);
        core.Tick(At(10));
        Assert.Empty(core.Tick(At(100)).Effects);
    }

    [Fact]
    public void The_same_change_again_is_answered_and_another_is_a_conflict_that_names_the_first()
    {
        var core = Active();
        core.Change(Id, Flatten, At(1));
        var again = core.Change(Id, Flatten, At(2));
        Assert.Empty(again.Events);
        Assert.Equal(At(1), Assert.Single(again.Instances).Change!.StartedAt);
        var other = core.Change(Id, Resize(4), At(2)).Refusal!;
        Assert.Equal(RequestErrorCode.Conflict, other.Code);
        Assert.Contains("flatten", other.Message);

        End(core, 1);
        Assert.Empty(core.Change(Id, Flatten, At(10)).Events);
        Assert.Single(core.Change(Id, Resize(4), At(11)).Events);
        Assert.Equal(2, Change(core).Number);
    }

    [Fact]
    public void A_change_that_failed_can_be_asked_for_again()
    {
        var core = Active();
        core.Change(Id, Flatten, At(1));
        End(core, 1, Given.Error(false));
        Assert.Equal(ChangePhase.Failed, Change(core).Phase);
        Assert.Single(core.Change(Id, Flatten, At(2)).Events);
        Assert.Equal((2, ChangePhase.Running), (Change(core).Number, Change(core).Phase));
    }

    [Fact]
    public void What_a_host_says_late_or_of_another_change_changes_nothing()
    {
        var core = Active();
        Assert.Empty(End(core, 1).Events);
        core.Change(Id, Flatten, At(1));
        Assert.Empty(End(core, 2).Events);
        var ended = new ChangeEnded(Id, 1, ChangeKind.Flatten, null, null, At(2));
        Assert.Empty(core.ChangeEnded(A, new(1, 7), ended, At(2)).Events);
        End(core, 1);
        Assert.Empty(End(core, 1, Given.Error(false)).Events);
        Assert.Equal(ChangePhase.Done, Change(core).Phase);
    }

    [Fact]
    public void A_cancelled_change_is_given_up_by_the_host_and_may_have_been_done()
    {
        var core = Active();
        core.Change(Id, Flatten, At(1));
        var cancel = core.CancelChange(Id, At(2));
        Assert.IsType<SchedulerEffect.CancelChange>(Assert.Single(cancel.Effects));
        Assert.Empty(core.CancelChange(Id, At(3)).Events);
        Assert.Equal(
            RequestErrorCode.Conflict, core.Change(Id, Flatten, At(3)).Refusal!.Code);
        core.Tick(At(4));
        Assert.IsType<SchedulerEffect.CancelChange>(Assert.Single(core.Tick(At(10)).Effects));

        End(core, 1, new LaunchError(LaunchErrorCode.Cancelled, "given up", true));
        Assert.Equal(ChangePhase.Cancelled, Change(core).Phase);
        Assert.Empty(core.CancelChange(Id, At(11)).Events);

        core.Change(Id, Flatten, At(12));
        core.CancelChange(Id, At(13));
        End(core, 2);
        Assert.Equal(ChangePhase.Done, Change(core).Phase);
    }

    [Fact]
    public void A_resize_claims_its_room_from_the_moment_it_is_accepted()
    {
        var core = Active();
        long Claimed() => core.State.ClaimsOf(A).DiskBytes;
        core.Change(Id, Resize(4), At(1));
        Assert.Equal(4 * Given.GiB, Claimed());
        End(core, 1, Given.Error(false), Root);
        Assert.Equal(Given.GiB, Claimed());
        core.Change(Id, Resize(3), At(2));
        End(core, 2, null, Root with { VirtualSizeBytes = 3 * Given.GiB });
        Assert.Equal(3 * Given.GiB, Claimed());
        Assert.Equal(3 * Given.GiB, core.Find(Id, At(2))!.Disks[0].VirtualSizeBytes);

        // A resize that failed when the disk had grown already.
        core.Change(Id, Resize(5), At(3));
        End(core, 3, Given.Error(false), Root with { VirtualSizeBytes = 5 * Given.GiB });
        Assert.Equal(5 * Given.GiB, Claimed());
        core.Delete(Id, At(4));
        core.Removed(A, Id, new(1, 1), At(5));
        Assert.Equal(0, Claimed());
    }

    [Fact]
    public void A_resize_is_refused_with_its_figures()
    {
        var core = Active(capacity: new HostCapacity(1_000, 1_000 * Given.GiB, Given.GiB));
        Refused(RequestErrorCode.CannotChange, new ChangeRequest.Resize(1), $"{Given.GiB}", "512");
        Refused(RequestErrorCode.CannotChange, new ChangeRequest.Resize(-5), $"{Given.GiB}");
        Refused(RequestErrorCode.NoRoom, Resize(11), $"{10 * Given.GiB}", $"{9 * Given.GiB} of");
        Refused(RequestErrorCode.NoRoom, new ChangeRequest.Resize(long.MaxValue), "host a");
        Assert.Single(core.Change(Id, Resize(10), At(1)).Events);

        void Refused(RequestErrorCode code, ChangeRequest request, params string[] says)
        {
            var refusal = core.Change(Id, request, At(1)).Refusal!;
            Assert.Equal(code, refusal.Code);
            Assert.All(says, s => Assert.Contains(s, refusal.Message));
        }
    }

    [Fact]
    public void Only_an_active_instance_is_changed()
    {
        var core = Given.Scheduler(null, "a");
        Assert.Equal(
            RequestErrorCode.InstanceNotFound, core.Change(Id, Flatten, At(1)).Refusal!.Code);
        core.Launch("vm");
        var placed = core.Change(Id, Flatten, At(1)).Refusal!;
        Assert.Equal(RequestErrorCode.Conflict, placed.Code);
        Assert.Contains("placed", placed.Message);
        core.Delete(Id, At(2));
        core.Removed(A, Id, new(1, 1), At(2));
        Assert.Contains("deleted", core.Change(Id, Flatten, At(3)).Refusal!.Message);
    }

    [Fact]
    public void A_rebase_goes_to_the_image_as_the_catalogue_has_it_now()
    {
        var core = Active();
        core.Unregister(Given.Image().Name, At(1));
        Assert.Equal(RequestErrorCode.ImageNotFound,
            core.Change(Id, new ChangeRequest.Rebase(null), At(1)).Refusal!.Code);
        var anew = Given.Image(seed: 5);
        core.Register(anew, At(2));
        core.Change(Id, new ChangeRequest.Rebase(null), At(3));
        Assert.Equal(new InstanceChange.Rebase(anew), Change(core).Change);
        End(core, 1, null, Root with { BackingFile = anew.BaseKey() });
        Assert.Equal(anew.BaseKey(), core.Find(Id, At(4))!.Disks[0].Base);

        // What the disk owns later becomes a clone of that one again.
        core.Change(Id, new ChangeRequest.Migrate(null), At(5));
        Assert.Equal(new InstanceChange.Migrate(null, anew), Change(core).Change);
        End(core, 2);
        core.Register(
            Given.Image("large", 9) with { VirtualSizeBytes = 2 * Given.GiB }, At(6));
        var large = new ChangeRequest.Rebase(ImageName.Parse("large"));
        Assert.Equal(
            RequestErrorCode.CannotChange, core.Change(Id, large, At(6)).Refusal!.Code);
    }

    [Theory]
    [InlineData("copy", "shares nothing")]
    [InlineData("lvm-thin", "qcow2, reflink")]
    [InlineData("nope\n", "no volume driver nope?")]
    public void A_migration_is_refused_to_a_driver_that_cannot_have_it(string driver, string says)
    {
        var refusal = Active().Change(Id, new ChangeRequest.Migrate(driver), At(1)).Refusal!;
        Assert.Equal(RequestErrorCode.CannotChange, refusal.Code);
        Assert.Contains(says, refusal.Message);
    }

    [Fact]
    public void A_disk_with_the_layout_of_ec2_becomes_no_clone()
    {
        var core = Active(Root with { Layout = DiskLayout.Ec2, BackingFile = null });
        foreach (var request in (ChangeRequest[])
            [new ChangeRequest.Migrate(null), new ChangeRequest.Rebase(null)])
        {
            var refusal = core.Change(Id, request, At(1)).Refusal!;
            Assert.Equal(RequestErrorCode.CannotChange, refusal.Code);
            Assert.Contains("EC2", refusal.Message);
        }
    }

    [Fact]
    public void Deleting_an_instance_ends_its_change_first()
    {
        var core = Active();
        core.Change(Id, Flatten, At(1));
        var deleted = core.Delete(Id, At(2));
        Assert.Equal(
            [typeof(ChangeEnded), typeof(LaunchDeleting)], deleted.Events.Select(e => e.GetType()));
        Assert.Equal(ChangePhase.Cancelled, Change(core).Phase);
    }

    [Fact]
    public void Progress_is_shown_while_the_change_is_under_way_and_no_longer()
    {
        var core = Active();
        var so = (1, new ChangeProgress(5, 10));
        Assert.Null(core.ChangeProgressed(A, Id, new(1, 1), so));
        core.Change(Id, Flatten, At(1));
        Assert.NotNull(core.ChangeProgressed(A, Id, new(1, 1), so));
        Assert.Null(core.ChangeProgressed(A, Id, new(1, 1), (2, so.Item2)));
        Assert.Equal(so.Item2, core.Find(Id, At(1))!.ChangeProgress);
        End(core, 1);
        Assert.Null(core.Find(Id, At(1))!.ChangeProgress);
    }

    [Fact]
    public void A_saved_state_keeps_changes_and_what_followed_from_them()
    {
        var core = Active();
        core.Register(Given.Image("other", 2), At(1));
        core.Change(Id, new ChangeRequest.Rebase(ImageName.Parse("other")), At(1));
        End(core, 1);
        core.Change(Id, Resize(4), At(2));
        var restored = new SchedulerState(new SchedulerLimits());
        restored.Restore(core.State.ToSnapshot());
        Assert.Equal(core.State.Launches[Id] with { FailedOn = [], Disks = [] },
            restored.Launches[Id] with { FailedOn = [], Disks = [] });
        Assert.Equal(core.State.ClaimsOf(A), restored.ClaimsOf(A));
        Assert.Contains(Id, restored.OpenOn(A));
    }

    [Fact]
    public void Changes_are_told_to_those_who_follow_events()
    {
        var log = new ClusterEventLog(10);
        var started = (ClusterEvent.DisksChanged)log.Add(
            1, new ChangeAccepted(Id, 1, new InstanceChange.Flatten(), At(1)))!;
        var ended = (ClusterEvent.DisksChanged)log.Add(
            2, new ChangeEnded(Id, 1, ChangeKind.Flatten, Given.Error(false), null, At(2)))!;
        Assert.Equal((ChangePhase.Running, ChangePhase.Failed), (started.Phase, ended.Phase));
        Assert.Equal("it broke", ended.Message);
    }
}
