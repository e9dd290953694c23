using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;
using NovaCow.Runtime.Remote;
using NovaCow.Runtime.Serialization;

namespace NovaCow.Runtime.Tests.Cluster;

/// <summary>Singleton, proxies and dialler over real links, in real time.</summary>
public sealed class LinkedSingletonTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Long: a leader that is kept from its processor for some seconds leads on, and its
    /// epoch with it.</summary>
    private static readonly LeaseTimings Timings = new() { TimeToLive = TimeSpan.FromSeconds(15) };

    private readonly FakeStore _store = new(TimeProvider.System);
    private readonly List<SingletonNode> _nodes = [];
    private readonly List<LinkListener> _listeners = [];

    [Fact]
    public async Task A_proxy_reaches_the_singleton_wherever_it_runs_and_after_it_moved()
    {
        var (a, b) = (Start("a"), Start("b"));
        var (proxyA, proxyB) = (a.StartProxy(), b.StartProxy());
        a.StartManager();
        await a.AwaitConditionAsync(() => a.Leads);
        b.StartManager();

        Assert.Equal("x by a in 1", await proxyA.Ask<string>("x", Patience));
        Assert.Equal("x by a in 1", await proxyB.Ask<string>("x", Patience));
        b.Sys.EventStream.Subscribe(b.TestActor, typeof(SingletonReachable));

        a.Manager!.Tell(LeaveCluster.Instance, null);
        b.ExpectMsg<SingletonReachable>();
        Assert.Equal("y by b in 2", await proxyB.Ask<string>("y", Patience));
        // The manager of this node has left, so that it cannot tell its proxy who leads.
        Assert.Empty(a.Running);
    }

    [Fact]
    public async Task A_node_without_a_store_finds_the_leader_and_follows_it()
    {
        var (a, b) = (Start("a"), Start("b"));
        a.StartManager();
        await a.AwaitConditionAsync(() => a.Leads);
        b.StartManager();
        await b.AwaitConditionAsync(
            () => Leadership.Of(b.Sys).Current(SingletonNode.Lease)?.Address == a.NodeAddress);

        var host = Start("host");
        var proxy = host.StartProxy();
        host.Sys.ActorOf(
            LeaderDialer.Props([new("http://localhost:1"), new(b.NodeAddress)]), "dialer");

        Assert.Equal("x by a in 1", await proxy.Ask<string>("x", Patience));
        host.Sys.EventStream.Subscribe(host.TestActor, typeof(SingletonReachable));
        a.Manager!.Tell(LeaveCluster.Instance, null);
        host.ExpectMsg<SingletonReachable>();
        Assert.Equal("y by b in 2", await proxy.Ask<string>("y", Patience));
    }

    [Fact]
    public async Task A_host_finds_the_leader_again_after_its_process_is_gone()
    {
        var (a, b) = (Start("a"), Start("b"));
        a.StartManager();
        await a.AwaitConditionAsync(() => a.Leads);
        b.StartManager();
        var host = Start("host");
        host.Sys.EventStream.Subscribe(host.TestActor, typeof(SingletonReachable));
        host.StartProxy();
        host.Sys.ActorOf(
            LeaderDialer.Props([new(a.NodeAddress), new(b.NodeAddress)]), "dialer");
        var first = host.ExpectMsg<SingletonReachable>().Singleton;
        host.Watch(first);

        _listeners[0].Dispose();
        await a.Sys.Terminate();

        host.FishForMessage<Terminated>(t => t.ActorRef.Equals(first));
        host.ExpectMsg<SingletonReachable>().Singleton.Tell("z", host.TestActor);
        host.ExpectMsg("z by b in 2");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        foreach (var listener in _listeners)
            listener.Dispose();
    }

    private SingletonNode Start(string name)
    {
        var listener = LinkListener.Open();
        _listeners.Add(listener);
        var node = new SingletonNode(name, _store, new(), listener.Address)
        {
            Timings = Timings, DefaultTimeout = Patience,
        };
        _nodes.Add(node);
        var links = Links.Start(
            node.Sys,
            new LinkOptions
            {
                HandshakeTimeout = Patience,
                HeartbeatTimeout = Patience,
                Self = new()
                {
                    Name = name, Incarnation = name + "-1", Address = listener.Address,
                },
            },
            new MessageSerializer().Register<string>("string"));
        listener.Serve(links);
        return node;
    }
}
