using NovaCow.Runtime.Cluster;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Tests.Cluster;

public sealed class LeaseNemesisTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Whatever_stalls_and_fails_there_is_one_singleton_at_most_and_one_in_the_end(
        bool withPauses)
    {
        for (var seed = 1; seed <= 300; seed++)
            new Simulation(seed, withPauses).Run(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void The_leader_is_replaced_within_the_time_to_live_and_a_little_when_it_dies()
    {
        var simulation = new Simulation(seed: 1, withPauses: false) { IsCalm = true };
        simulation.RunUntil(TimeSpan.FromSeconds(10));
        var leader = simulation.Leader!;
        var diedAt = simulation.Now;
        simulation.Kill(leader);
        while (simulation.Leader is null || simulation.Leader == leader)
            simulation.RunUntil(simulation.Now + TimeSpan.FromMilliseconds(10));

        var timings = new LeaseTimings();
        Assert.InRange(
            simulation.Now - diedAt,
            timings.TimeToLive - timings.RenewInterval - timings.RetryInterval,
            timings.TimeToLive + timings.RetryInterval);
    }

    [Fact]
    public void A_leader_that_stops_hands_over_in_less_than_a_second()
    {
        var simulation = new Simulation(seed: 2, withPauses: false) { IsCalm = true };
        simulation.RunUntil(TimeSpan.FromSeconds(10));
        var leader = simulation.Leader!;
        var askedAt = simulation.Now;
        simulation.Give(leader, new LeaseInput.StopRequested());
        while (simulation.Leader is null || simulation.Leader == leader)
            simulation.RunUntil(simulation.Now + TimeSpan.FromMilliseconds(10));

        Assert.InRange(simulation.Now - askedAt, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Equal(LeasePhase.Stopped, leader.State.Phase);
    }

    internal sealed class Node(string name)
    {
        public string Name => name;

        public LeaseState State { get; set; } = new() { Self = name };

        public long? Child { get; set; }

        public bool IsDead { get; set; }

        public TimeSpan PausedUntil { get; set; }

        public int WakeVersion { get; set; }
    }

    /// <summary>Three nodes, one store, one clock; the seed decides what goes wrong.</summary>
    private sealed class Simulation
    {
        private readonly PriorityQueue<Action, (TimeSpan, int)> _events = new();
        private readonly LeaseTimings _timings = new();
        private readonly LeaseTable _table;
        private readonly Random _random;
        private readonly int _seed;
        private readonly bool _withPauses;
        private readonly Node[] _nodes = [new("a"), new("b"), new("c")];
        private int _order;

        public Simulation(int seed, bool withPauses)
        {
            (_seed, _withPauses) = (seed, withPauses);
            _random = new Random(seed);
            _table = new LeaseTable(() => Now);
            foreach (var node in _nodes)
                At(Milliseconds(500), () => Give(node, new LeaseInput.Tick()));
        }

        public TimeSpan Now { get; private set; }

        public bool IsCalm { get; set; }

        public Node? Leader => Array.Find(
            _nodes, n => !n.IsDead && n.Child is not null && n.State.Phase == LeasePhase.Leading);

        public void Run(TimeSpan duration)
        {
            if (_withPauses)
                At(Milliseconds(5_000), Pause);
            At(Milliseconds(8_000), FailSingleton);
            RunUntil(duration);
            IsCalm = true;
            RunUntil(duration + 2 * _timings.MaxBackoff);
            Assert.True(Leader is not null, $"seed {_seed}: nobody leads in the end");
        }

        public void RunUntil(TimeSpan end)
        {
            while (_events.TryPeek(out _, out var due) && due.Item1 <= end)
            {
                var action = _events.Dequeue();
                Now = due.Item1;
                action();
                CheckInvariants();
                Assert.True(_order < 1_000_000, $"seed {_seed}: too busy at {Now}");
            }
            Now = end;
        }

        public void Kill(Node node) => (node.IsDead, node.Child) = (true, null);

        public void Give(Node node, LeaseInput input)
        {
            if (node.IsDead)
                return;
            if (node.PausedUntil > Now)
            {
                At(node.PausedUntil - Now, () => Give(node, input));
                return;
            }
            (node.State, var actions) = LeaseDecision.Decide(node.State, input, Now, _timings);
            foreach (var action in actions)
                Do(node, action);
            var wakeAt = node.State.WakeAt(_timings);
            var version = ++node.WakeVersion;
            if (wakeAt < TimeSpan.MaxValue)
            {
                At(Max(wakeAt - Now, TimeSpan.Zero), () =>
                {
                    if (node.WakeVersion == version)
                        Give(node, new LeaseInput.Tick());
                });
            }
        }

        private void Do(Node node, LeaseAction action)
        {
            switch (action)
            {
                case LeaseAction.Read(var ask):
                    AskStore(node, ask, _table.Read);
                    break;
                case LeaseAction.Acquire(var ask, var holder):
                    AskStore(
                        node, ask, () => _table.Acquire(holder, node.Name, _timings.TimeToLive));
                    break;
                case LeaseAction.Release(var ask, var holder):
                    AskStore(node, ask, () =>
                    {
                        _table.Release(holder);
                        return null;
                    });
                    break;
                case LeaseAction.StartChild(var epoch):
                    Assert.Null(node.Child);
                    node.Child = epoch;
                    break;
                case LeaseAction.StopChild:
                    // It stops within the safety margin; else only the fence protects.
                    At(Milliseconds((int)_timings.SafetyMargin.TotalMilliseconds - 1), () =>
                    {
                        node.Child = null;
                        Give(node, new LeaseInput.ChildEnded());
                    });
                    break;
            }
        }

        // The request, and then the answer, may take long, or fail, or both.
        private void AskStore(Node node, int ask, Func<Lease?> request)
        {
            var isLost = !IsCalm && _random.Next(12) == 0;
            At(Delay(), () =>
            {
                if (isLost && _random.Next(2) == 0)
                {
                    At(Delay(), () => Give(node, new LeaseInput.AskFailed(ask)));
                    return;
                }
                var lease = request();
                var answeredIn = Delay();
                At(answeredIn, () => Give(
                    node,
                    isLost
                        ? new LeaseInput.AskFailed(ask)
                        : new LeaseInput.Answered(ask, lease)));
            });
        }

        private void Pause()
        {
            if (IsCalm)
                return;
            var node = _nodes[_random.Next(_nodes.Length)];
            node.PausedUntil = Now + Milliseconds(8_000);
            At(Milliseconds(10_000), Pause);
        }

        private void FailSingleton()
        {
            if (IsCalm)
                return;
            if (Leader is { } leader && leader.PausedUntil <= Now)
            {
                leader.Child = null;
                Give(leader, new LeaseInput.ChildEnded());
            }
            At(Milliseconds(20_000), FailSingleton);
        }

        private void CheckInvariants()
        {
            var alive = _nodes.Count(n => n.Child is not null && n.PausedUntil <= Now);
            if (!_withPauses)
                Assert.True(alive <= 1, $"seed {_seed}: {alive} singletons at {Now}");
            foreach (var node in _nodes)
            {
                // What was paused looks at the clock before it does anything.
                var acts = node.State.Phase == LeasePhase.Leading
                    && node.PausedUntil <= Now
                    && Now < node.State.SafeUntil;
                Assert.True(
                    !acts || _table.Read()!.IsHeldBy(node.State.Holder),
                    $"seed {_seed}: {node.Name} leads without the lease at {Now}");
            }
        }

        private TimeSpan Delay() =>
            IsCalm ? Milliseconds(5) : Milliseconds(_random.Next(10) == 0 ? 6_000 : 50);

        private TimeSpan Milliseconds(int most) =>
            TimeSpan.FromMilliseconds(_random.Next(1, most + 1));

        private void At(TimeSpan delay, Action action) =>
            _events.Enqueue(action, (Now + delay, _order++));

        private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
    }
}
