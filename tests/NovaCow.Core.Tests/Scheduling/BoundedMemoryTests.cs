using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

public sealed class BoundedMemoryTests
{
    private static Tombstone Gone(string id, int atHour, int attempt = 1) => new(
        Given.Id(id), Given.Image().Name, Given.Tiny.Name, Given.Host("a"), attempt,
        Given.Start, Given.Start.AddHours(atHour));

    private static ImageDeleted Event(int n) =>
        new(ImageName.Parse($"image-{n}"), Given.Start);

    [Fact]
    public void Only_so_many_deleted_ids_are_remembered()
    {
        var tombstones = new Tombstones(maxCount: 2, TimeSpan.FromDays(1));
        foreach (var id in new[] { "a", "b", "c" })
            tombstones.Add(Gone(id, 0));
        Assert.Null(tombstones.Find(Given.Id("a")));
        Assert.NotNull(tombstones.Find(Given.Id("b")));
        Assert.Equal(2, tombstones.Count);
    }

    [Fact]
    public void Deleted_ids_are_forgotten_by_the_events_own_time()
    {
        var tombstones = new Tombstones(maxCount: 9, TimeSpan.FromHours(2));
        tombstones.Add(Gone("a", 0));
        tombstones.Add(Gone("b", 2));
        Assert.NotNull(tombstones.Find(Given.Id("a")));
        tombstones.Add(Gone("c", 3));
        Assert.Null(tombstones.Find(Given.Id("a")));
    }

    [Fact]
    public void An_id_that_lived_twice_is_remembered_by_its_second_life()
    {
        var tombstones = new Tombstones(maxCount: 2, TimeSpan.FromDays(1));
        tombstones.Add(Gone("a", 0));
        tombstones.Add(Gone("a", 1, attempt: 2));
        tombstones.Add(Gone("b", 2));
        Assert.Equal(2, tombstones.Find(Given.Id("a"))!.Attempt);
    }

    [Fact]
    public void Events_after_a_number_are_given_again_and_a_gap_is_told()
    {
        var log = new ClusterEventLog(capacity: 3);
        for (var n = 1; n <= 5; n++)
            log.Add(n, Event(n));

        var (events, missed) = log.After(3);
        Assert.Equal([4L, 5L], events.Select(e => e.Sequence!.Value));
        Assert.False(missed);
        Assert.False(log.After(2).Missed);
        Assert.True(log.After(1).Missed);
        Assert.Empty(log.After(5).Events);
    }

    [Fact]
    public void What_was_saved_away_is_a_gap()
    {
        var log = new ClusterEventLog(capacity: 3);
        log.StartAfter(100);
        log.Add(101, Event(1));
        Assert.True(log.After(99).Missed);
        Assert.False(log.After(100).Missed);
        Assert.Equal(101, log.Last);
    }

    [Fact]
    public void A_saved_state_is_the_same_state()
    {
        var core = Given.Scheduler(null, "a", "b");
        core.Launch("vm-1", "vm-2", "vm-3", "vm-4");
        var fence = new LaunchFence(1, 1);
        core.Prepared(
            Given.Host("a"), Given.Id("vm-1"), fence, [], new(true, default, default), Given.Start);
        core.AttemptFailed(
            Given.Host("a"), Given.Id("vm-2"), fence, Given.Error(true), Given.Start);
        core.AttemptFailed(
            Given.Host("a"), Given.Id("vm-3"), fence, Given.Error(false), Given.Start);
        core.Delete(Given.Id("vm-3"), Given.Start);

        var restored = new SchedulerState(new SchedulerLimits());
        restored.Restore(core.State.ToSnapshot());

        Assert.Equal(core.State.Launches.Values, restored.After(null));
        Assert.Equal(core.State.Hosts, restored.Hosts);
        Assert.Equal(core.State.Deleted.All, restored.Deleted.All);
        foreach (var host in core.State.Hosts.Keys)
        {
            Assert.Equal(core.State.ClaimsOf(host), restored.ClaimsOf(host));
            Assert.Equal(core.State.OpenOn(host), restored.OpenOn(host));
            Assert.Equal(core.State.ExpectedOn(host), restored.ExpectedOn(host));
        }

        Assert.Same(
            restored.Launches[Given.Id("vm-1")].Spec, restored.Launches[Given.Id("vm-4")].Spec);
    }
}
