using System.Diagnostics;
using NovaCow.Runtime.Actors;

namespace NovaCow.Benchmarks.Runtime;

/// <summary>Asks one at a time, starting many actors, and what an idle one weighs.</summary>
internal static class AskSpawnMemory
{
    private static readonly TimeSpan AskTimeout = TimeSpan.FromSeconds(10);

    public static async Task AddAskAsync(this List<Row> rows)
    {
        await using var system = ActorSystem.Create("bench");
        var echo = system.ActorOf(Props.Create<OneHandler>());
        rows.Add(new Row("ask, µs, one at a time", await AskAsync(echo, null), 1.5, 0.65, false));
        rows.Add(new Row(
            "ask with a timeout, µs", await AskAsync(echo, AskTimeout), 1.5, 0.65, false));
        rows.Add(new Row(
            "ask from inside an actor, µs", await AskInsideAsync(system, echo), 1.5, 0.65, false));
    }

    public static async Task AddSpawnAsync(this List<Row> rows)
    {
        const int Count = 200_000;
        var best = 0d;
        for (var round = 0; round < 3; round++)
        {
            await using var system = ActorSystem.Create("bench");
            using var started = new CountdownEvent(Count);
            var props = Props.Create(() => new Starter(started));
            var begun = Stopwatch.GetTimestamp();
            for (var i = 0; i < Count; i++)
                system.ActorOf(props);
            await Task.Run(started.Wait);
            best = Math.Max(best, Count / Stopwatch.GetElapsedTime(begun).TotalSeconds);
        }

        rows.Add(new Row("spawn, started actors/s", best, 100_000, 103_000, true));
    }

    public static async Task AddMemoryAsync(this List<Row> rows)
    {
        const int Count = 100_000;
        await using var system = ActorSystem.Create("bench");
        var props = Props.Create<OneHandler>();
        await system.ActorOf(props).Ask<object>("warm");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var actors = new IActorRef[Count];
        for (var i = 0; i < Count; i++)
            actors[i] = system.ActorOf(props);
        await Task.WhenAll(actors.Select(a => a.Ask<object>("there?")));
        var after = GC.GetTotalMemory(forceFullCollection: true);
        GC.KeepAlive(actors);
        var each = (double)(after - before - (Count * IntPtr.Size)) / Count;
        rows.Add(new Row("idle ReceiveActor, bytes", each, 2_048, 2_242, false));
    }

    private static async Task<double> AskAsync(IActorRef echo, TimeSpan? timeout)
    {
        const int Count = 300_000;
        var best = double.MaxValue;
        for (var round = 0; round < 4; round++)
        {
            var begun = Stopwatch.GetTimestamp();
            for (var i = 0; i < Count; i++)
                await echo.Ask<object>("ping", timeout);
            best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalMicroseconds / Count);
        }

        return best;
    }

    private static async Task<double> AskInsideAsync(ActorSystem system, IActorRef echo)
    {
        var asker = system.ActorOf(Props.Create(() => new Asker(echo)));
        var best = double.MaxValue;
        for (var round = 0; round < 3; round++)
            best = Math.Min(best, await asker.Ask<double>(100_000));
        return best;
    }

    private sealed class OneHandler : ReceiveActor
    {
        public OneHandler() => Receive<string>(message => Sender.Tell(message));
    }

    private sealed class Starter : ReceiveActor
    {
        private readonly CountdownEvent _started;

        public Starter(CountdownEvent started)
        {
            _started = started;
            Receive<string>(message => Sender.Tell(message));
        }

        protected override void PreStart() => _started.Signal();
    }

    private sealed class Asker : ReceiveActor
    {
        public Asker(IActorRef echo) => ReceiveAsync<int>(async count =>
        {
            var begun = Stopwatch.GetTimestamp();
            for (var i = 0; i < count; i++)
                await echo.Ask<object>("ping");
            Sender.Tell(Stopwatch.GetElapsedTime(begun).TotalMicroseconds / count);
        });
    }
}
