using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Cluster;

public sealed class ClusterSingletonTests : IAsyncDisposable
{
    private static readonly LeaseTimings Timings = new();

    private readonly VirtualTimeProvider _time = new();
    private readonly FakeStore _store;
    private readonly List<SingletonNode> _nodes = [];

    public ClusterSingletonTests() => _store = new FakeStore(_time);

    [Fact]
    public void One_of_several_nodes_runs_the_singleton()
    {
        var nodes = Start("a", "b", "c");
        Assert.Single(nodes.SelectMany(n => n.Running));
        Assert.Single(nodes, n => n.Leads);
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal([1L], nodes.SelectMany(n => n.Running));
    }

    [Fact]
    public void A_node_that_leaves_hands_over_within_a_second()
    {
        var nodes = Start("a", "b");
        var (leader, other) = Split(nodes);

        leader.Watch(leader.Manager!);
        leader.Manager!.Tell(LeaveCluster.Instance, null);
        leader.ExpectTerminated(leader.Manager);
        Assert.Empty(leader.Running);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([2L], other.Running);
        Assert.True(other.Leads);
    }

    [Fact]
    public async Task A_system_that_terminates_hands_over_within_a_second()
    {
        var (leader, other) = Split(Start("a", "b"));
        await leader.Sys.Terminate();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([2L], other.Running);
    }

    [Fact]
    public void A_node_that_cannot_reach_the_store_stops_the_singleton_in_time()
    {
        var store = new FakeStore(_time);
        var first = Start(store, "a");
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([1L], first.Running);

        store.IsDown = true;
        using var mute = first.EventFilter.Warning().Mute();
        _time.Advance(Timings.TimeToLive - Timings.SafetyMargin);
        Assert.Empty(first.Running);
        Assert.False(first.Leads);

        store.IsDown = false;
        _time.Advance(Timings.TimeToLive);
        Assert.Equal([2L], first.Running);
    }

    [Fact]
    public void A_store_that_stalls_costs_leadership_too()
    {
        var node = Start(_store, "a");
        _time.Advance(TimeSpan.FromSeconds(1));
        _store.IsStalled = true;
        using var mute = node.EventFilter.Warning().Mute();
        _time.Advance(Timings.TimeToLive);
        Assert.Empty(node.Running);
        _store.IsStalled = false;
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([2L], node.Running);
    }

    [Fact]
    public void A_singleton_whose_writes_are_fenced_ends_and_leadership_moves()
    {
        var (leader, other) = Split(Start("a", "b"));
        using var mute = leader.EventFilter.Error().Mute();
        leader.Sys.ResolveActorRef("akka://test/user/manager/singleton").Tell("fence", null);
        leader.AwaitCondition(() => leader.Running.Count == 0);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Single(leader.Running.Concat(other.Running));
        Assert.Equal(2, leader.Running.Concat(other.Running).Single());
    }

    [Fact]
    public void Leadership_is_announced_and_can_be_asked_for()
    {
        var node = New(_store, "a");
        node.Sys.EventStream.Subscribe(node.TestActor, typeof(LeaderChanged));
        node.StartManager();
        _time.Advance(TimeSpan.FromSeconds(1));
        var expected = new LeaderChanged(SingletonNode.Lease, 1, "http://a", IsSelf: true);
        Assert.Equal(expected, node.ExpectMsg<LeaderChanged>());
        Assert.Equal(expected, Leadership.Of(node.Sys).Current(SingletonNode.Lease));

        node.Manager!.Tell(LeaveCluster.Instance, null);
        Assert.Null(node.ExpectMsg<LeaderChanged>().Address);
    }

    [Fact]
    public void A_proxy_keeps_messages_until_there_is_a_leader_and_their_order()
    {
        var node = New(_store, "a");
        var proxy = node.StartProxy();
        for (var i = 0; i < 10; i++)
            proxy.Tell($"m{i}", node.TestActor);
        node.StartManager();
        _time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
            node.ExpectMsg($"m{i} by a in 1");
    }

    [Fact]
    public async Task A_proxy_refuses_what_exceeds_its_buffer()
    {
        var node = New(_store, "a");
        var proxy = node.StartProxy(bufferSize: 1);
        proxy.Tell("kept", node.TestActor);

        await Assert.ThrowsAsync<SingletonUnavailableException>(
            () => proxy.Ask<string>("asked", TimeSpan.FromSeconds(30)));
        node.EventFilter.DeadLetter<string>(m => m == "told")
            .ExpectOne(() => proxy.Tell("told", node.TestActor));

        node.StartManager();
        _time.Advance(TimeSpan.FromSeconds(1));
        node.ExpectMsg("kept by a in 1");
        Assert.Equal(
            "asked by a in 1", await proxy.Ask<string>("asked", TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_proxy_does_not_pass_on_an_ask_that_timed_out_while_it_waited()
    {
        var node = New(_store, "a");
        var proxy = node.StartProxy();
        var late = proxy.Ask<string>("late", TimeSpan.FromSeconds(1));
        proxy.Tell("kept", node.TestActor);
        _time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<AskTimeoutException>(() => late);
        node.StartManager();
        _time.Advance(TimeSpan.FromSeconds(1));
        node.ExpectMsg("kept by a in 1");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
    }

    private SingletonNode[] Start(params string[] names)
    {
        var nodes = names.Select(name => Start(_store, name)).ToArray();
        _time.Advance(TimeSpan.FromSeconds(2));
        return nodes;
    }

    private SingletonNode Start(FakeStore store, string name)
    {
        var node = New(store, name);
        node.StartManager();
        return node;
    }

    private SingletonNode New(FakeStore store, string name)
    {
        var node = new SingletonNode(name, store, new() { TimeProvider = _time });
        _nodes.Add(node);
        return node;
    }

    private static (SingletonNode Leader, SingletonNode Other) Split(SingletonNode[] nodes) =>
        nodes[0].Leads ? (nodes[0], nodes[1]) : (nodes[1], nodes[0]);
}
