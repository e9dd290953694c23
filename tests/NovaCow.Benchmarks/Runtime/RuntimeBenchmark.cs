using System.Diagnostics.Metrics;
using System.Globalization;

namespace NovaCow.Benchmarks.Runtime;

/// <summary>
/// The actor runtime beside its floors and Akka.NET's figures (version 1.5 on this class of
/// machine, as the project's requirements give them).
/// </summary>
public sealed class RuntimeBenchmark : IBenchmark
{
    public string Name => "runtime";

    public string About => "actors: messages/s, ask latency, actors started/s, bytes per idle actor";

    public async Task RunAsync(string[] args)
    {
        var rows = new List<Row>();
        await MeasureTellAsync(rows, "tell, messages/s");
        await rows.AddAskAsync();
        await rows.AddSpawnAsync();
        await rows.AddMemoryAsync();
        using (ListenToEverything())
            await MeasureTellAsync(rows, "tell with metrics listened to");
        Print(rows);
    }

    private static async Task MeasureTellAsync(List<Row> rows, string name)
    {
        foreach (var pairs in (int[])[1, 2, 4, 8, 16])
        {
            var best = 0d;
            for (var round = 0; round < 3; round++)
                best = Math.Max(best, await PingPong.MeasureAsync(pairs, 3_000_000 / pairs));
            rows.Add(new Row($"{name}, {pairs} pairs", best, 10e6, 12e6, HigherIsBetter: true));
        }
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
        Console.WriteLine("best of three; tell counts the messages of both directions");
        Console.WriteLine($"{"figure",-40} {"measured",14} {"floor",12} {"Akka.NET",12} ratio");
        foreach (var row in rows)
        {
            var ratio = row.HigherIsBetter ? row.Measured / row.Akka : row.Akka / row.Measured;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Figure,-40} {row.Measured,14:N2} {row.Floor,12:N2} {row.Akka,12:N2} {ratio:N2}"));
        }
    }
}

/// <summary>A line of the table. The ratio is above one when this runtime is ahead.</summary>
public sealed record Row(
    string Figure, double Measured, double Floor, double Akka, bool HigherIsBetter);
