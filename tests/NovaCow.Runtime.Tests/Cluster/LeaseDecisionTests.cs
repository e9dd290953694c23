using NovaCow.Runtime.Cluster;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Tests.Cluster;

public sealed class LeaseDecisionTests
{
    private static readonly LeaseTimings Timings = new();

    private readonly List<LeaseAction> _actions = [];
    private LeaseState _state = new() { Self = "me" };

    [Fact]
    public void A_free_lease_is_read_then_taken_and_then_the_singleton_starts()
    {
        Give(new LeaseInput.Tick(), at: 0);
        Assert.Equal(new LeaseAction.Read(1), Assert.Single(_actions));

        Give(new LeaseInput.Answered(1, null), at: 10);
        Assert.Equal(new LeaseAction.Acquire(2, "me/1"), Assert.Single(_actions));

        Give(new LeaseInput.Answered(2, Held("me/1", epoch: 7)), at: 20);
        Assert.Equal(
            [new LeaseAction.StartChild(7), new LeaseAction.Announce(7, "me/1@", true)],
            _actions);
    }

    [Fact]
    public void A_lease_that_another_holds_is_left_alone_and_its_holder_announced_once()
    {
        Give(new LeaseInput.Tick(), at: 0);
        Give(new LeaseInput.Answered(1, Held("other/1", epoch: 3)), at: 10);
        Assert.Equal(
            new LeaseAction.Announce(3, "other/1@", false), Assert.Single(_actions));
        Assert.Equal(
            TimeSpan.FromMilliseconds(10) + Timings.PollInterval, _state.WakeAt(Timings));

        Give(new LeaseInput.Tick(), at: 600);
        Give(new LeaseInput.Answered(2, Held("other/1", epoch: 3)), at: 610);
        Assert.Empty(_actions);
    }

    [Fact]
    public void A_lease_about_to_expire_is_looked_at_just_after_it_did()
    {
        Give(new LeaseInput.Tick(), at: 0);
        Give(new LeaseInput.Answered(1, Held("other/1", epoch: 3, remaining: 100)), at: 10);
        Assert.InRange(_state.WakeAt(Timings).TotalMilliseconds, 111, 150);
    }

    [Fact]
    public void The_race_for_a_free_lease_can_be_lost()
    {
        Give(new LeaseInput.Tick(), at: 0);
        Give(new LeaseInput.Answered(1, null), at: 10);
        Give(new LeaseInput.Answered(2, Held("other/1", epoch: 8)), at: 20);
        Assert.Equal(
            new LeaseAction.Announce(8, "other/1@", false), Assert.Single(_actions));
        Assert.Equal(LeasePhase.Standby, _state.Phase);
    }

    [Fact]
    public void A_leader_renews_in_time_and_goes_on()
    {
        Lead();
        Give(new LeaseInput.Tick(), at: 1_010);
        Assert.Equal(new LeaseAction.Acquire(3, "me/1"), Assert.Single(_actions));
        Give(new LeaseInput.Answered(3, Held("me/1", epoch: 7)), at: 1_020);
        Assert.Empty(_actions);
        Assert.Equal(1_010 + 2_500, _state.SafeUntil.TotalMilliseconds);
    }

    [Fact]
    public void A_leader_whose_store_is_out_of_reach_stops_before_the_lease_expires()
    {
        Lead();
        Give(new LeaseInput.Tick(), at: 1_010);
        Give(new LeaseInput.AskFailed(3), at: 1_020);
        Give(new LeaseInput.Tick(), at: (int)_state.WakeAt(Timings).TotalMilliseconds);
        Assert.IsType<LeaseAction.Acquire>(Assert.Single(_actions));
        Give(new LeaseInput.Tick(), at: 2_510);
        Assert.Contains(_actions, a => a is LeaseAction.StopChild);
        Assert.Contains(new LeaseAction.Announce(7, null, false), _actions);
    }

    [Fact]
    public void A_paused_leader_stops_before_anything_else_even_when_its_renewal_succeeds()
    {
        Lead();
        Give(new LeaseInput.Tick(), at: 1_010);
        Give(new LeaseInput.Answered(3, Held("me/1", epoch: 7)), at: 9_000);
        Assert.Contains(_actions, a => a is LeaseAction.StopChild);
        Assert.Equal(LeasePhase.SteppingDown, _state.Phase);
    }

    [Fact]
    public void A_leader_that_lost_its_lease_stops_and_says_to_whom()
    {
        Lead();
        Give(new LeaseInput.Tick(), at: 1_010);
        Give(new LeaseInput.Answered(3, Held("other/1", epoch: 8)), at: 1_020);
        var stop = Assert.Single(_actions.OfType<LeaseAction.StopChild>());
        Assert.Contains("other/1@", stop.Reason);
        Assert.Equal(TimeSpan.MaxValue, _state.WakeAt(Timings));
    }

    [Fact]
    public void The_lease_is_kept_while_the_singleton_stops_and_released_when_it_has_ended()
    {
        Lead();
        Give(new LeaseInput.StopRequested(), at: 500);
        Assert.Contains(_actions, a => a is LeaseAction.StopChild);
        Give(new LeaseInput.Tick(), at: 1_010);
        Assert.Equal(new LeaseAction.Acquire(3, "me/1"), Assert.Single(_actions));
        Give(new LeaseInput.Answered(3, Held("me/1", epoch: 7)), at: 1_020);
        Assert.Empty(_actions);
        Give(new LeaseInput.ChildEnded(), at: 1_300);
        Assert.Equal(new LeaseAction.Release(4, "me/1"), Assert.Single(_actions));
        Give(new LeaseInput.Answered(4, null), at: 1_310);
        Assert.Equal(new LeaseAction.Stop(), Assert.Single(_actions));
    }

    [Fact]
    public void A_singleton_that_fails_costs_the_leadership_and_a_pause_that_grows()
    {
        Lead();
        Give(new LeaseInput.ChildEnded(), at: 500);
        Assert.Contains(new LeaseAction.Release(3, "me/1"), _actions);
        Assert.Equal(1_000, _state.CoolUntil.TotalMilliseconds);
        Give(new LeaseInput.Answered(3, null), at: 510);
        Assert.Equal("me/2", _state.Holder);

        Give(new LeaseInput.Tick(), at: 1_010);
        Give(new LeaseInput.Answered(4, null), at: 1_020);
        Give(new LeaseInput.Answered(5, Held("me/2", epoch: 9)), at: 1_030);
        Assert.Contains(new LeaseAction.StartChild(9), _actions);
        Give(new LeaseInput.ChildEnded(), at: 2_000);
        Assert.Equal(3_000, _state.CoolUntil.TotalMilliseconds);
    }

    [Fact]
    public void A_node_that_cools_down_still_says_who_leads()
    {
        Lead();
        Give(new LeaseInput.ChildEnded(), at: 500);
        Give(new LeaseInput.Answered(3, null), at: 510);
        _state = _state with { CoolUntil = TimeSpan.FromSeconds(30) };
        Give(new LeaseInput.Tick(), at: 1_010);
        Give(new LeaseInput.Answered(4, Held("other/1", epoch: 8)), at: 1_020);
        Assert.Contains(new LeaseAction.Announce(8, "other/1@", false), _actions);
    }

    [Fact]
    public void An_answer_that_comes_too_late_is_not_believed()
    {
        Give(new LeaseInput.Tick(), at: 0);
        Give(new LeaseInput.Tick(), at: 1_000);
        Assert.Empty(_actions);
        Give(new LeaseInput.Answered(1, null), at: 1_001);
        Assert.Empty(_actions);
    }

    [Fact]
    public void A_standby_that_is_told_to_stop_stops_at_once()
    {
        Give(new LeaseInput.Tick(), at: 0);
        Give(new LeaseInput.StopRequested(), at: 1);
        Assert.Equal(new LeaseAction.Stop(), Assert.Single(_actions));
        Give(new LeaseInput.Tick(), at: 2);
        Assert.Empty(_actions);
    }

    private void Lead()
    {
        Give(new LeaseInput.Tick(), at: 0);
        Give(new LeaseInput.Answered(1, null), at: 10);
        Give(new LeaseInput.Answered(2, Held("me/1", epoch: 7)), at: 20);
        Assert.Equal(LeasePhase.Leading, _state.Phase);
    }

    private void Give(LeaseInput input, int at)
    {
        _actions.Clear();
        (_state, var actions) = LeaseDecision.Decide(
            _state, input, TimeSpan.FromMilliseconds(at), Timings);
        _actions.AddRange(actions);
    }

    private static Lease Held(string holder, long epoch, int remaining = 3_000) =>
        new("lease", holder, holder + "@", epoch, TimeSpan.FromMilliseconds(remaining));
}
