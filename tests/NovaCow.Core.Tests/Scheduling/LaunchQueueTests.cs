using NovaCow.Core.Scheduling;

namespace NovaCow.Core.Tests.Scheduling;

/// <summary>The order in which launches that wait get their turn.</summary>
public sealed class LaunchQueueTests
{
    private readonly SchedulerState _state = new(new SchedulerLimits());
    private int _accepted;

    private void Accept(string id, string project = "p", int priority = 0, Flavor? flavor = null) =>
        _state.Apply(new LaunchAccepted(
            Given.Id(id),
            Given.Spec(flavor) with { Project = ProjectName.Parse(project), Priority = priority },
            Given.Start.AddSeconds(_accepted++)));

    private void Place(InstanceId id, int attempt = 1) => _state.Apply(new LaunchPlaced(
        id, Given.Host("a"), new LaunchFence(1, attempt), "", Given.Start));

    private Launch First() => _state.Waiting.LookThrough().Next()!;

    private string ServeNext()
    {
        var next = First();
        Place(next.Id);
        return next.Id.Value;
    }

    private List<string> ServeAll()
    {
        List<string> served = [];
        while (_state.Waiting.Count > 0)
            served.Add(ServeNext());
        return served;
    }

    private static List<Launch> All(LaunchQueue queue)
    {
        List<Launch> all = [];
        var scan = queue.LookThrough();
        while (scan.Next() is { } launch)
            all.Add(launch);
        return all;
    }

    [Fact]
    public void The_higher_priority_comes_first_and_then_the_older()
    {
        Accept("low", priority: -1);
        Accept("old");
        Accept("new");
        Accept("high", priority: 7);
        Assert.Equal(["high", "old", "new", "low"], ServeAll());
    }

    [Fact]
    public void A_project_that_asks_for_much_waits_behind_itself_and_not_before_others()
    {
        for (var i = 1; i <= 5; i++)
            Accept($"much-{i}", "much");
        Accept("few-1", "few");
        Accept("few-2", "few");
        Assert.Equal(
            ["much-1", "few-1", "much-2", "few-2", "much-3", "much-4", "much-5"], ServeAll());
    }

    [Fact]
    public void A_large_launch_takes_as_many_turns_as_it_has_vcpus_or_memory()
    {
        var large = Flavors.Defaults[3];
        for (var i = 1; i <= 2; i++)
            Accept($"large-{i}", "large", flavor: large);
        for (var i = 1; i <= 6; i++)
            Accept($"tiny-{i}", "tiny");
        Assert.Equal(
            ["large-1", "tiny-1", "tiny-2", "tiny-3", "tiny-4", "large-2", "tiny-5", "tiny-6"],
            ServeAll());
    }

    [Fact]
    public void What_was_placed_and_lost_comes_before_what_has_not_had_its_turn()
    {
        Accept("a-1", "a");
        Accept("a-2", "a");
        Accept("b-1", "b");
        Assert.Equal("a-1", ServeNext());
        _state.Apply(new AttemptEnded(
            Given.Id("a-1"), Given.Host("a"), 1, Given.Error(true), false, Given.Start));
        Assert.Equal("a-1", First().Id.Value);
        Place(Given.Id("a-1"), attempt: 2);
        Assert.Equal(["b-1", "a-2"], ServeAll());
    }

    [Fact]
    public void Turns_that_were_given_up_cost_their_project_nothing()
    {
        for (var i = 1; i <= 50; i++)
            Accept($"fickle-{i}", "fickle");
        Accept("other-1", "other");
        Accept("other-2", "other");
        for (var i = 1; i <= 50; i++)
            _state.Apply(new LaunchDeleted(Given.Id($"fickle-{i}"), null, 0, Given.Start));
        Accept("fickle-51", "fickle");
        Assert.Equal(["other-1", "fickle-51", "other-2"], ServeAll());
    }

    [Fact]
    public void Nobody_of_the_same_priority_can_be_passed_for_ever()
    {
        // One project's newest launch is always a fresh one; the other's single launch came second.
        Accept("greedy-0", "greedy");
        Accept("meek", "meek");
        for (var i = 1; i <= 3; i++)
        {
            if (ServeNext() == "meek")
                return;
            Accept($"greedy-{i}", "greedy");
        }

        Assert.Fail("the meek never had a turn");
    }

    [Fact]
    public void Projects_that_always_wait_are_served_equally_whatever_they_ask_for()
    {
        const int Projects = 5;
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var test = new LaunchQueueTests();
            var served = new long[Projects];
            for (var p = 0; p < Projects; p++)
                Ask(p);
            for (var step = 0; step < 400; step++)
            {
                // Everybody always has something waiting, some of them very much.
                var extra = random.Next(Projects);
                if (random.Next(2) == 0)
                    Ask(extra);
                var next = test.First();
                test.Place(next.Id);
                var project = int.Parse(next.Spec.Project!.Value[1..]);
                served[project] += Weight(next.Spec.Flavor);
                if (test._state.Waiting.CountOf(next.Spec.Project) == 0)
                    Ask(project);
                Assert.True(
                    served.Max() - served.Min() <= 2 * Weight(Flavors.Defaults[4]),
                    $"seed {seed}, step {step}: {string.Join(' ', served)}");
            }

            void Ask(int project)
            {
                var flavor = Flavors.Defaults[random.Next(Flavors.Defaults.Count)];
                test.Accept($"vm-{test._accepted}", $"p{project}", flavor: flavor);
            }
        }
    }

    private static long Weight(Flavor flavor) => Math.Max(
        flavor.VCpus * LaunchQueue.MiBPerVCpu, flavor.MemoryBytes >> 20);

    [Fact]
    public void A_look_through_the_queue_shows_all_in_the_order_of_their_places()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var test = new LaunchQueueTests();
            test.Shuffle(new Random(seed));
            var queue = test._state.Waiting;
            var seen = All(queue);
            Assert.Equal(
                Enumerable.Range(1, queue.Count), seen.Select(l => queue.PlaceOf(l.Id)));
            Assert.Equal(
                test._state.Launches.Values.Where(l => l.Phase == LaunchPhase.Accepted)
                    .Select(l => l.Id.Value).Order(),
                seen.Select(l => l.Id.Value).Order());
            Assert.Equal(
                seen.Select(l => -l.Spec.Priority).Order(), seen.Select(l => -l.Spec.Priority));
            Assert.Equal(seen.OrderBy(l => l.Timings.AcceptedAt), queue);
        }
    }

    [Fact]
    public void What_is_like_a_refused_launch_is_passed_over_and_the_rest_is_not()
    {
        Accept("large-1", flavor: Flavors.Defaults[4]);
        Accept("tiny-1");
        Accept("large-2", flavor: Flavors.Defaults[4]);
        Accept("tiny-2");
        var scan = _state.Waiting.LookThrough();
        List<string> seen = [];
        while (scan.Next() is { } launch)
        {
            seen.Add(launch.Id.Value);
            if (launch.Spec.Flavor == Flavors.Defaults[4])
                scan.PassOverAlike();
            else
                Place(launch.Id);
        }

        Assert.Equal(["large-1", "tiny-1", "tiny-2"], seen);
        Assert.Equal(["large-1", "large-2"], All(_state.Waiting).Select(l => l.Id.Value));
    }

    [Fact]
    public void A_saved_state_keeps_who_waits_and_each_projects_own_order()
    {
        Shuffle(new Random(1));
        var restored = new SchedulerState(new SchedulerLimits());
        restored.Restore(_state.ToSnapshot());
        Assert.Equal(
            _state.Waiting.Select(l => (l.Id, l.Spec.Priority, l.Spec.Project)),
            restored.Waiting.Select(l => (l.Id, l.Spec.Priority, l.Spec.Project)));
        foreach (var kind in All(restored.Waiting)
            .Where(l => l.Attempt == 0)
            .GroupBy(l => (l.Spec.Priority, l.Spec.Project)))
        {
            Assert.Equal(kind.OrderBy(l => l.Timings.AcceptedAt), kind);
        }
    }

    private void Shuffle(Random random)
    {
        for (var step = 0; step < 300; step++)
        {
            switch (random.Next(4))
            {
                case 0 when _state.Waiting.Count > 0:
                    ServeNext();
                    break;
                case 1 when _state.Launches.Count > 0:
                    var some = _state.Launches.Values.ElementAt(random.Next(_state.Launches.Count));
                    _state.Apply(some.Phase == LaunchPhase.Placed
                        ? new AttemptEnded(
                            some.Id, some.Host!, some.Attempt, Given.Error(true), false, Given.Start)
                        : new LaunchDeleted(some.Id, null, 0, Given.Start));
                    break;
                default:
                    Accept(
                        $"vm-{step}", $"p{random.Next(4)}", random.Next(-1, 2),
                        Flavors.Defaults[random.Next(2)]);
                    break;
            }
        }
    }
}
