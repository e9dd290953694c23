using System.Diagnostics.Metrics;
using System.Globalization;

namespace NovaCow.Benchmarks.Runtime;

/// <summary>
/// The actor runtime beside its floors and Akka.NET's figures (version 1.5 on this class of
/// machine, as the project's requirements give them).
/// </summary>
public sealed class RuntimeBenchmark : IBenchmark
{
    private const int Rounds = 5;

    public string Name => "runtime";

    public string About =>
        "actors: messages/s, ask latency, actors started/s, bytes per idle actor";

    public async Task RunAsync(string[] args)
    {
        var rows = new List<Row>();
        await PingPong.MeasureAsync(pairs: 2, messagesPerPair: 2_000_000);
        foreach (var pairs in (int[])[1, 2, 4, 8, 16])
            await MeasureTellAsync(rows, pairs);
        await MeasureTellCostAsync(rows);
        await rows.AddAskAsync();
        await rows.AddSpawnAsync();
        await rows.AddMemoryAsync();
        Print(rows);
    }

    /// <summary>With metrics off and on in turns, so that both meet the same machine.</summary>
    private static async Task MeasureTellAsync(List<Row> rows, int pairs)
    {
        var (off, on) = (0d, 0d);
        for (var round = 0; round < Rounds; round++)
        {
            off = Math.Max(off, await PingPong.MeasureAsync(pairs, 3_000_000 / pairs));
            using (ListenToEverything())
                on = Math.Max(on, await PingPong.MeasureAsync(pairs, 3_000_000 / pairs));
        }

        rows.Add(new Row($"tell, messages/s, pairs: {pairs}", off, 10e6, 17e6, true));
        rows.Add(new Row("  the same while metrics are read", on, 10e6, 17e6, true));
    }

    /// <summary>Processor time, which a busy machine does not distort as it does the rate. The
    /// floor and Akka.NET's figure are their rates on two cores that do nothing else.</summary>
    private static async Task MeasureTellCostAsync(List<Row> rows)
    {
        const int Pairs = 4;
        const int Each = 750_000;
        var best = double.MaxValue;
        for (var round = 0; round < Rounds; round++)
        {
            var before = Environment.CpuUsage.TotalTime;
            await PingPong.MeasureAsync(Pairs, Each);
            var spent = Environment.CpuUsage.TotalTime - before;
            best = Math.Min(best, spent.TotalNanoseconds / (2d * Pairs * Each));
        }

        rows.Add(new Row("tell, ns of processor time per message", best, 200, 2e9 / 17e6, false));
    }

    private static MeterListener ListenToEverything()
    {
        var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Name == "NovaCow.Runtime")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        listener.Start();
        return listener;
    }

    private static void Print(List<Row> rows)
    {
        Console.WriteLine("best of five; tell counts the messages of both directions");
        Print("figure", "measured", "floor", "Akka.NET", "ratio");
        foreach (var row in rows)
        {
            var ratio = row.HigherIsBetter ? row.Measured / row.Akka : row.Akka / row.Measured;
            Print(row.Figure, Show(row.Measured), Show(row.Floor), Show(row.Akka), Show(ratio));
        }

        static string Show(double value) => value.ToString("N2", CultureInfo.InvariantCulture);

        static void Print(
            string figure, string measured, string floor, string akka, string ratio) =>
            Console.WriteLine($"{figure,-40} {measured,14} {floor,14} {akka,14} {ratio,7}");
    }
}

/// <summary>A line of the table. The ratio is above one when this runtime is ahead.</summary>
public sealed record Row(
    string Figure, double Measured, double Floor, double Akka, bool HigherIsBetter);
