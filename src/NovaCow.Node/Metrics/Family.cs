using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace NovaCow.Node.Metrics;

/// <summary>One metric with all its tag sets, as Prometheus understands it.</summary>
internal abstract class Family(string name, string help, string type)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Series> _series = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    /// <summary>The family for an instrument: what kind it is, and its name by convention.
    /// </summary>
    public static Family Of(Instrument instrument)
    {
        var kind = instrument.GetType().Name;
        var name = BaseName(instrument);
        var help = instrument.Description ?? instrument.Name;
        if (kind.StartsWith("Histogram", StringComparison.Ordinal))
            return new HistogramFamily(name, help, Buckets.For(instrument.Unit));
        if (kind.StartsWith("Counter", StringComparison.Ordinal))
            return new SumFamily($"{name}_total", help, "counter");
        if (kind.StartsWith("UpDownCounter", StringComparison.Ordinal))
            return new SumFamily(name, help, "gauge");
        return kind.StartsWith("ObservableCounter", StringComparison.Ordinal)
            ? new LastValueFamily($"{name}_total", help, "counter")
            : new LastValueFamily(name, help, "gauge");
    }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var key = Labels(tags);
        lock (_gate)
        {
            if (!_series.TryGetValue(key, out var series))
            {
                if (_series.Count >= PrometheusExporter.MaxSeriesPerInstrument)
                    key = "overflow=\"true\"";
                if (!_series.TryGetValue(key, out series))
                    _series.Add(key, series = NewSeries());
            }

            series.Add(value);
        }
    }

    /// <summary>What was observed may have gone; what is summed up stays.</summary>
    public virtual void ForgetObserved()
    {
    }

    public string Render()
    {
        var text = new StringBuilder();
        lock (_gate)
        {
            if (_series.Count == 0)
                return "";
            text.Append("# HELP ").Append(Name).Append(' ')
                .Append(help.Replace("\\", "\\\\").Replace("\n", "\\n")).Append('\n')
                .Append("# TYPE ").Append(Name).Append(' ').Append(type).Append('\n');
            foreach (var (labels, series) in _series)
                series.Render(text, Name, labels);
        }

        return text.ToString();
    }

    protected abstract Series NewSeries();

    protected void Clear()
    {
        lock (_gate)
            _series.Clear();
    }

    protected static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    protected static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string BaseName(Instrument instrument)
    {
        var name = Sanitize(instrument.Name);
        var unit = instrument.Unit switch
        {
            "s" => "seconds",
            "By" => "bytes",
            _ => "",
        };
        return unit.Length == 0 || name.EndsWith("_" + unit, StringComparison.Ordinal)
            ? name : $"{name}_{unit}";
    }

    private static string Sanitize(string name) =>
        string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) ? char.ToLowerInvariant(c) : '_'));

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.IsEmpty)
            return "";
        var text = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            var escaped = (value?.ToString() ?? "").Replace("\\", "\\\\").Replace("\"", "\\\"")
                .Replace("\n", "\\n");
            text.Append(text.Length > 0 ? "," : "").Append(Sanitize(key)).Append("=\"")
                .Append(escaped).Append('"');
        }

        return text.ToString();
    }

    internal abstract class Series
    {
        public abstract void Add(double value);

        public abstract void Render(StringBuilder text, string name, string labels);
    }
}

/// <summary>Adds up what is recorded.</summary>
internal sealed class SumFamily(string name, string help, string type) : Family(name, help, type)
{
    protected override Series NewSeries() => new Sum();

    private sealed class Sum : Series
    {
        private double _sum;

        public override void Add(double value) => _sum += value;

        public override void Render(StringBuilder text, string name, string labels) =>
            Line(text, name, labels, _sum);
    }
}

/// <summary>Keeps what was observed last.</summary>
internal sealed class LastValueFamily(string name, string help, string type)
    : Family(name, help, type)
{
    public override void ForgetObserved() => Clear();

    protected override Series NewSeries() => new Last();

    private sealed class Last : Series
    {
        private double _value;

        // Two observations of one tag set in one scrape are parts of one whole.
        public override void Add(double value) => _value += value;

        public override void Render(StringBuilder text, string name, string labels) =>
            Line(text, name, labels, _value);
    }
}

/// <summary>Counts into cumulative buckets.</summary>
internal sealed class HistogramFamily(string name, string help, double[] bounds)
    : Family(name, help, "histogram")
{
    protected override Series NewSeries() => new Histogram(bounds);

    private sealed class Histogram(double[] bounds) : Series
    {
        private readonly long[] _counts = new long[bounds.Length + 1];
        private double _sum;

        public override void Add(double value)
        {
            var index = Array.BinarySearch(bounds, value);
            _counts[index < 0 ? ~index : index]++;
            _sum += value;
        }

        public override void Render(StringBuilder text, string name, string labels)
        {
            var comma = labels.Length > 0 ? "," : "";
            long total = 0;
            for (var i = 0; i < _counts.Length; i++)
            {
                total += _counts[i];
                var bound = Number(i < bounds.Length ? bounds[i] : double.PositiveInfinity);
                Line(text, $"{name}_bucket", $"{labels}{comma}le=\"{bound}\"", total);
            }

            Line(text, $"{name}_sum", labels, _sum);
            Line(text, $"{name}_count", labels, total);
        }
    }
}

/// <summary>Bucket bounds by what is measured.</summary>
internal static class Buckets
{
    private static readonly double[] Seconds =
    [
        1e-6, 1e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
        1, 2.5, 5, 10, 30, 60, 300,
    ];

    private static readonly double[] Counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

    private static readonly double[] Bytes =
        [.. Enumerable.Range(5, 13).Select(i => Math.Pow(4, i))];

    public static double[] For(string? unit) => unit switch
    {
        "s" => Seconds,
        "By" => Bytes,
        _ => Counts,
    };
}
