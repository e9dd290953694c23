using System.Diagnostics;
using System.Globalization;
using NovaCow.Runtime.Actors;
using NovaCow.Runtime.Persistence;
using NovaCow.Runtime.Serialization;
using NovaCow.Store.Sqlite;

namespace NovaCow.Benchmarks.Store;

/// <summary>
/// Persistent actors over the embedded store: commands per second whose answer waits for the disk,
/// events per second of one actor that does not hold its commands, and how fast those are
/// recovered. Events are JSON.
/// </summary>
public sealed class PersistBenchmark : IBenchmark
{
    private const int Events = 100_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public string Name => "persist";

    public string About => "persistent actors: commands, events and recovered events per second";

    /// <param name="args">The folder to write in; the working directory by default.</param>
    public async Task RunAsync(string[] args)
    {
        var parent = args.Length > 0 ? args[0] : Directory.GetCurrentDirectory();
        var folder = Path.Combine(parent, $"persist-benchmark-{Environment.ProcessId}");
        var path = Path.Combine(folder, "store.db");
        try
        {
            await WithSystemAsync(path, async system =>
            {
                Print("Persist, one actor, asked in turn", await AskAsync(system, 1));
                Print("Persist, 100 actors, each asked in turn", await AskAsync(system, 100));
                Print("PersistAsync, one actor", await TellAsync(system));
            });
            await WithSystemAsync(path, async system =>
                Print($"recovery of {Events:n0} events", await RecoverAsync(system)));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> AskAsync(ActorSystem system, int actors)
    {
        var asked = 0L;
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, actors).Select(async i =>
        {
            var ledger = system.ActorOf(Props.Create(() => new Ledger($"ask-{actors}-{i}")));
            while (Stopwatch.GetElapsedTime(start) < Duration)
            {
                await ledger.Ask<long>(new Enter(1), Patience);
                Interlocked.Increment(ref asked);
            }
        }));
        return asked / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> TellAsync(ActorSystem system)
    {
        var ledger = system.ActorOf(Props.Create(() => new Ledger("tell")));
        var start = Stopwatch.GetTimestamp();
        for (var i = 1; i < Events; i++) ledger.Tell(new EnterSoon(1), ActorRefs.NoSender);
        await ledger.Ask<long>(new EnterSoon(1), Patience);
        return Events / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<double> RecoverAsync(ActorSystem system)
    {
        var start = Stopwatch.GetTimestamp();
        var ledger = system.ActorOf(Props.Create(() => new Ledger("tell")));
        var total = await ledger.Ask<long>(new Enter(0), Patience);
        if (total != Events) throw new InvalidOperationException($"{total} events came back");
        return Events / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task WithSystemAsync(string path, Func<ActorSystem, Task> run)
    {
        await using var store = await SqliteStore.OpenAsync(path);
        await using var system = ActorSystem.Create("benchmark");
        PersistenceExtension.Register(
            system, store, new MessageSerializer().Register<Entered>("entered"));
        await run(system);
    }

    private static void Print(string what, double perSecond) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what,-45}{perSecond,12:n0}/s"));

    private sealed record Enter(long Amount);

    private sealed record EnterSoon(long Amount);

    private sealed record Entered(long Amount);

    private sealed class Ledger : ReceivePersistentActor
    {
        private long _total;

        public Ledger(string id)
        {
            PersistenceId = id;
            Recover<Entered>(entered => _total += entered.Amount);
            Command<Enter>(enter => Persist(new Entered(enter.Amount), Apply));
            Command<EnterSoon>(enter => PersistAsync(new Entered(enter.Amount), Apply));
        }

        public override string PersistenceId { get; }

        private void Apply(Entered entered)
        {
            _total += entered.Amount;
            Sender.Tell(_total, Self);
        }
    }
}
