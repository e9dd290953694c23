using NovaCow.Runtime.Actors;
using NovaCow.Runtime.TestKit;

namespace NovaCow.Runtime.Tests.Actors;

public sealed class DeliveryTests : TestKitBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Everything_told_arrives_and_each_pair_keeps_its_order()
    {
        const int Receivers = 50;
        const int Senders = 20;
        const int Each = 1_000;
        var done = CreateTestProbe();
        var receivers = Enumerable.Range(0, Receivers)
            .Select(_ => ActorOf(Props.Create(() => new OrderChecker(Senders, Each, done.Ref))))
            .ToArray();
        var senders = Enumerable.Range(0, Senders)
            .Select(i => ActorOf(Props.Create(() => new Flooder(i, Each, receivers)))).ToArray();
        foreach (var sender in senders)
            sender.Tell("go");
        foreach (var result in await done.ReceiveNAsync(Receivers, Patience))
            Assert.Equal("complete and in order", result);
    }

    [Fact]
    public async Task Failures_lose_nothing_but_the_failing_messages()
    {
        const int Count = 20_000;
        var actor = ActorOf(Props.Create(() => new Fragile(TestActor)));
        for (var i = 0; i < Count; i++)
            actor.Tell(i);
        var expected = Enumerable.Range(0, Count).Where(i => i % 1000 != 7).Cast<object>();
        Assert.Equal(expected, await ReceiveNAsync(Count - (Count / 1000), Patience));
    }

    [Fact]
    public async Task Stops_amid_traffic_turn_every_message_into_an_answer_or_a_dead_letter()
    {
        const int Rounds = 200;
        const int Each = 200;
        var counted = 0;
        using var all = new CountdownEvent(Rounds * Each);
        var dead = new CallbackRef(Sys, message =>
        {
            if (message is DeadLetter { Message: "count me" })
                all.Signal();
        });
        Sys.EventStream.Subscribe<DeadLetter>(dead);
        for (var round = 0; round < Rounds; round++)
        {
            var actor = ActorOf(Props.Create(() => new Signaller(all)));
            var telling = Task.Run(() =>
            {
                for (var i = 0; i < Each; i++)
                    actor.Tell("count me");
            });
            Sys.Stop(actor);
            await telling;
            counted += Each;
        }

        var complete = await Task.Run(() => all.Wait(Patience));
        Assert.True(complete, $"{all.CurrentCount} of {counted} lost");
    }

    [Fact]
    public async Task Each_of_many_watchers_of_a_stopping_actor_hears_once()
    {
        var probes = Enumerable.Range(0, 4).Select(_ => CreateTestProbe()).ToArray();
        for (var round = 0; round < 100; round++)
        {
            var actor = ActorOf(Counter.Props());
            var watching = probes.Select(probe => Task.Run(() => probe.Watch(actor))).ToArray();
            Sys.Stop(actor);
            await Task.WhenAll(watching);
            foreach (var probe in probes)
                await probe.ExpectTerminatedAsync(actor);
        }

        AwaitIdle();
        Assert.All(probes, probe => Assert.False(probe.HasMessages));
    }

    [Fact]
    public async Task Actors_can_be_made_from_many_threads_while_the_system_ends()
    {
        for (var round = 0; round < 5; round++)
        {
            var system = ActorSystem.Create("race");
            var made = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            {
                var actors = new List<IActorRef>();
                try
                {
                    while (actors.Count < 20_000)
                        actors.Add(system.ActorOf(Counter.Props()));
                }
                catch (InvalidOperationException)
                {
                    // The system takes no more.
                }

                return actors;
            })).ToArray();
            await Task.Delay(1);
            await system.Terminate().WaitAsync(Patience);
            var actors = (await Task.WhenAll(made)).SelectMany(made => made);
            Assert.DoesNotContain(actors, a => !((InternalActorRef)a).IsTerminated);
        }
    }

    private sealed class CallbackRef(ActorSystem system, Action<object> callback) : InternalActorRef
    {
        public override ActorPath Path { get; } = system.DeadLetters.Path.Parent / "callback";

        public override void Tell(object message, IActorRef? sender) => callback(message);
    }

    private sealed class Signaller : ReceiveActor
    {
        public Signaller(CountdownEvent all) => ReceiveAny(_ => all.Signal());
    }

    private sealed class Fragile : ReceiveActor
    {
        public Fragile(IActorRef observer) => Receive<int>(i =>
        {
            if (i % 1000 == 7)
                throw new InvalidOperationException($"number {i}");
            observer.Tell(i);
        });
    }

    private sealed class Flooder : ReceiveActor
    {
        public Flooder(int id, int count, IActorRef[] receivers) => ReceiveAny(_ =>
        {
            for (var i = 0; i < count; i++)
            {
                foreach (var receiver in receivers)
                    receiver.Tell((id, i));
            }
        });
    }

    private sealed class OrderChecker : ReceiveActor
    {
        private readonly int[] _next;
        private int _received;

        public OrderChecker(int senders, int each, IActorRef done)
        {
            _next = new int[senders];
            Receive<(int Sender, int Number)>(m =>
            {
                if (_next[m.Sender]++ != m.Number)
                    done.Tell($"out of order: {m}");
                if (++_received == senders * each)
                    done.Tell("complete and in order");
            });
        }
    }
}
