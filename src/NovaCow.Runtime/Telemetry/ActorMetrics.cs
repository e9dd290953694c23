using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using NovaCow.Runtime.Actors;

namespace NovaCow.Runtime.Telemetry;

/// <summary>
/// The runtime's meter: what the actors of this process do, by actor class. Totals are kept always
/// and read when somebody collects; the time per message is sampled, and only while it is
/// listened to.
/// </summary>
public static class ActorMetrics
{
    public const string MeterName = "NovaCow.Runtime";

    /// <summary>The tag that carries the actor's class name.</summary>
    public const string TypeTag = "actor.type";

    /// <summary>One message in so many is timed, on each thread.</summary>
    internal const int SampleEvery = 64;

    private const int DepthLimit = 100_000;

    private static readonly ConcurrentDictionary<ActorSystem, byte> Systems = new();
    private static readonly Meter Meter = new(MeterName);

    [ThreadStatic]
    private static int t_untilSample;

    static ActorMetrics()
    {
        Total("novacow.actor.messages", "{message}", "Messages processed", s => s.Processed);
        Total("novacow.actor.restarts", "{restart}", "Restarts after a failure", s => s.Restarts);
        Total("novacow.actor.stops", "{actor}", "Actors that stopped", s => s.Stops);
        Total(
            "novacow.actor.dead_letters",
            "{message}",
            "Messages whose receiver had stopped or never was",
            s => s.DeadLetters);
        Meter.CreateObservableUpDownCounter(
            "novacow.actor.live",
            () => Each(s => s.Live),
            "{actor}",
            "Actors that live");
        Meter.CreateObservableGauge(
            "novacow.actor.mailbox.depth",
            MailboxDepths,
            "{message}",
            $"Messages that wait, each mailbox counted up to {DepthLimit:N0}");
    }

    internal static Histogram<double> Duration { get; } = Meter.CreateHistogram<double>(
        "novacow.actor.message.duration",
        "s",
        $"Time to handle a message, awaits included; one in {SampleEvery} is timed");

    /// <summary>Whether the next message on this thread is to be timed.</summary>
    internal static bool TakeSample()
    {
        if (--t_untilSample > 0)
            return false;
        t_untilSample = SampleEvery;
        return true;
    }

    internal static void Attach(ActorSystem system) => Systems[system] = 0;

    internal static void Detach(ActorSystem system) => Systems.TryRemove(system, out _);

    private static void Total(
        string name, string unit, string about, Func<ActorTypeStats, long> value) =>
        Meter.CreateObservableCounter(name, () => Each(value), unit, about);

    private static IEnumerable<Measurement<long>> Each(Func<ActorTypeStats, long> value) =>
        ActorTypeStats.All.Select(stats => new Measurement<long>(value(stats), stats.Tag));

    private static IEnumerable<Measurement<long>> MailboxDepths()
    {
        var depths = ActorTypeStats.All.ToDictionary(stats => stats, _ => 0L);
        var open = new Stack<ActorCell>(Systems.Keys.Select(system => system.RootCell));
        while (open.TryPop(out var cell))
        {
            depths[cell.Props.Stats] =
                depths.GetValueOrDefault(cell.Props.Stats) + cell.CountWaiting(DepthLimit);
            foreach (var child in cell.GetChildren())
                open.Push(((LocalActorRef)child).Cell);
        }

        return depths.Select(d => new Measurement<long>(d.Value, d.Key.Tag));
    }
}
