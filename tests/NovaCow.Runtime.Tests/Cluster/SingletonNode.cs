using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Cluster;
using NovaCow.Runtime.Persistence;

namespace NovaCow.Runtime.Tests.Cluster;

/// <summary>A control node of a test: a manager of the singleton, and a proxy to it.</summary>
internal sealed class SingletonNode : Runtime.TestKit.TestKit
{
    public const string Lease = "scheduler";

    public SingletonNode(string name, IStore store, ActorSystemOptions options, string address = "")
        : base(options)
    {
        Name = name;
        Store = store;
        NodeAddress = address.Length == 0 ? $"http://{name}" : address;
    }

    public string Name { get; }

    public IStore Store { get; }

    public string NodeAddress { get; }

    /// <summary>The epochs of the singletons that run here: one, or none.</summary>
    public List<long> Running { get; } = [];

    public IActorRef? Manager { get; private set; }

    public LeaseTimings Timings { get; init; } = new();

    public bool Leads => Leadership.Of(Sys).Leads(Lease);

    public IActorRef StartManager() => Manager = Sys.ActorOf(
        ClusterSingletonManager.Props(
            epoch => Props.Create(() => new Singleton(this, epoch)),
            new ClusterSingletonManagerSettings
            {
                Store = Store,
                Lease = Lease,
                NodeName = Name,
                Address = NodeAddress,
                Timings = Timings,
            }),
        "manager");

    public IActorRef StartProxy(int bufferSize = 100) => Sys.ActorOf(
        ClusterSingletonProxy.Props(new ClusterSingletonProxySettings
        {
            Lease = Lease,
            SingletonPath = "/user/manager/singleton",
            BufferSize = bufferSize,
        }),
        "proxy");

    /// <summary>Answers a string with itself and where it was answered.</summary>
    private sealed class Singleton : ReceiveActor
    {
        private readonly SingletonNode _node;
        private readonly long _epoch;

        public Singleton(SingletonNode node, long epoch)
        {
            (_node, _epoch) = (node, epoch);
            Receive<string>(text =>
            {
                if (text == "fence")
                    throw new StoreFencedException("another leads");
                Sender.Tell($"{text} by {_node.Name} in {_epoch}");
            });
        }

        protected override void PreStart()
        {
            lock (_node.Running)
                _node.Running.Add(_epoch);
        }

        protected override void PostStop()
        {
            lock (_node.Running)
                _node.Running.Remove(_epoch);
        }
    }
}
