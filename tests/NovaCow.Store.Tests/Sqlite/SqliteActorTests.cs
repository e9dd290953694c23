using System.Diagnostics;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;
using NovaCow.Store.Sqlite;

namespace NovaCow.Store.Tests.Sqlite;

/// <summary>Persistent actors over the real file, in systems that come and go.</summary>
public sealed class SqliteActorTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScratchFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_counter_counts_on_after_each_restart_of_the_system()
    {
        for (var life = 1; life <= 3; life++)
        {
            await using var node = await Node.StartAsync(_folder.File("store.db"));
            var counter = node.Counter("c");
            for (var i = 0; i < 100; i++) counter.Tell(new Add(1), ActorRefs.NoSender);

            Assert.Equal(life * 100, await counter.Ask<long>(new Total(), Patience, Cancelled));
        }
    }

    [Fact]
    public async Task Many_actors_persist_at_once_and_share_the_commits()
    {
        const int actors = 50, each = 40;
        await using (var node = await Node.StartAsync(_folder.File("store.db")))
        {
            var counters = Enumerable.Range(0, actors).Select(i => node.Counter($"c{i}")).ToList();
            for (var i = 0; i < each; i++)
            {
                foreach (var counter in counters) counter.Tell(new Add(i), ActorRefs.NoSender);
            }
            foreach (var counter in counters)
                await counter.Ask<long>(new Total(), Patience, Cancelled);
        }

        await using var next = await Node.StartAsync(_folder.File("store.db"));
        for (var i = 0; i < actors; i++)
        {
            var total = await next.Counter($"c{i}").Ask<long>(new Total(), Patience, Cancelled);
            Assert.Equal(each * (each - 1) / 2, total);
        }
    }

    [Fact]
    public async Task A_hundred_thousand_events_are_written_and_recovered()
    {
        const int count = 100_000;
        var output = TestContext.Current.TestOutputHelper!;
        var start = Stopwatch.GetTimestamp();
        await using (var node = await Node.StartAsync(_folder.File("store.db")))
        {
            var counter = node.Counter("c");
            for (var i = 0; i < count; i++) counter.Tell(new AddAsync(1), ActorRefs.NoSender);
            await UntilAsync(async () =>
                await counter.Ask<long>(new Total(), Patience, Cancelled) == count);
        }
        output.WriteLine($"written in {Stopwatch.GetElapsedTime(start).TotalSeconds:f2} s");

        await using var next = await Node.StartAsync(_folder.File("store.db"));
        start = Stopwatch.GetTimestamp();
        var total = await next.Counter("c").Ask<long>(new Total(), Patience, Cancelled);
        output.WriteLine($"recovered in {Stopwatch.GetElapsedTime(start).TotalSeconds:f2} s");

        Assert.Equal(count, total);
    }

    [Fact]
    public async Task An_old_leader_that_wakes_up_stops_at_its_first_write()
    {
        await using var old = await Node.StartAsync(_folder.File("store.db"));
        await using var young = await Node.StartAsync(_folder.File("store.db"));
        var first = await TakeAsync(old, "old");
        var oldCounter = old.Counter("c", first);
        oldCounter.Tell(new Add(1), ActorRefs.NoSender);
        Assert.Equal(1, await oldCounter.Ask<long>(new Total(), Patience, Cancelled));

        await old.Store.ReleaseLeaseAsync("lead", "old", Cancelled);
        var youngCounter = young.Counter("c", await TakeAsync(young, "young"));
        youngCounter.Tell(new Add(10), ActorRefs.NoSender);
        Assert.Equal(11, await youngCounter.Ask<long>(new Total(), Patience, Cancelled));

        oldCounter.Tell(new Add(100), ActorRefs.NoSender);
        await UntilAsync(() => Task.FromResult(((InternalActorRef)oldCounter).IsTerminated));
        Assert.Equal(11, await youngCounter.Ask<long>(new Total(), Patience, Cancelled));
        Assert.Equal(2, await young.Store.ReadHighestSequenceNrAsync("c", Cancelled));
    }

    private static async Task<Fence> TakeAsync(Node node, string holder)
    {
        var lease = await node.Store.AcquireLeaseAsync(
            new("lead", holder, "here", TimeSpan.FromMinutes(1)), Cancelled);
        Assert.True(lease.IsHeldBy(holder));
        return new Fence("lead", lease.Epoch);
    }

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await isSo()) await Task.Delay(1, deadline.Token);
    }

    private sealed record Add(long Amount);

    private sealed record AddAsync(long Amount);

    private sealed record Total;

    private sealed record Added(long Amount);

    /// <summary>One life of a process: a store and an actor system on it.</summary>
    private sealed class Node : IAsyncDisposable
    {
        private readonly ActorSystem _system = ActorSystem.Create("node");

        private Node(SqliteStore store) => Store = store;

        public SqliteStore Store { get; }

        public static async Task<Node> StartAsync(string path)
        {
            var node = new Node(await SqliteStore.OpenAsync(path, Cancelled));
            PersistenceExtension.Register(
                node._system, node.Store, new MessageSerializer().Register<Added>("added"));
            return node;
        }

        public IActorRef Counter(string id, Fence? fence = null) =>
            _system.ActorOf(Props.Create(() => new CounterActor(id, fence)), id);

        public async ValueTask DisposeAsync()
        {
            await _system.DisposeAsync();
            await Store.DisposeAsync();
        }
    }

    private sealed class CounterActor : ReceivePersistentActor
    {
        private readonly Fence? _fence;
        private long _total;

        public CounterActor(string id, Fence? fence)
        {
            PersistenceId = id;
            _fence = fence;
            Recover<Added>(Apply);
            Command<Add>(add => Persist(new Added(add.Amount), Apply));
            Command<AddAsync>(add => PersistAsync(new Added(add.Amount), Apply));
            Command<Total>(_ => Sender.Tell(_total, Self));
        }

        public override string PersistenceId { get; }

        protected override Fence? Fence => _fence;

        private void Apply(Added added) => _total += added.Amount;
    }
}
