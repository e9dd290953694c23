using System.Diagnostics.Metrics;

namespace NovaCow.Node.Metrics;

/// <summary>
/// Keeps what the product's meters measure and writes it in Prometheus' text format. It owns its
/// listener; it never measures anything itself, so OpenTelemetry can listen to the same meters.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    /// <summary>The most tag sets that one instrument may have; more are counted as one.</summary>
    public const int MaxSeriesPerInstrument = 1_000;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();

    /// <summary>Listens to every meter whose name starts with a prefix.</summary>
    public PrometheusExporter(string meterPrefix = "NovaCow")
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith(meterPrefix, StringComparison.Ordinal))
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
        };
        _listener.SetMeasurementEventCallback<long>((i, v, tags, s) => Record(v, tags, s));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, s) => Record(v, tags, s));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, s) => Record(v, tags, s));
        _listener.Start();
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    /// <summary>Everything as it is now.</summary>
    public async Task WriteAsync(TextWriter output)
    {
        Family[] families;
        lock (_gate)
            families = [.. _families.Values];
        foreach (var family in families)
            family.ForgetObserved();
        _listener.RecordObservableInstruments();
        foreach (var family in families)
            await output.WriteAsync(family.Render());
    }

    private Family FamilyOf(Instrument instrument)
    {
        var family = Family.Of(instrument);
        lock (_gate)
        {
            if (_families.TryGetValue(family.Name, out var known))
                return known;
            _families.Add(family.Name, family);
            return family;
        }
    }

    private static void Record(
        double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        ((Family)state!).Record(value, tags);
}
