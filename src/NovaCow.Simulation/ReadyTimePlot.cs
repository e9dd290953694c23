using System.Text;

namespace NovaCow.Simulation;

/// <summary>Draws how many launches were ready after how long, a line for each policy, as SVG that
/// is readable on light and on dark ground.</summary>
public static class ReadyTimePlot
{
    private const double Width = 860;
    private const double Height = 460;
    private const double Left = 60;
    private const double Right = 190;
    private const double Top = 50;
    private const double Bottom = 50;
    private const int Points = 400;

    private static readonly string[] s_colours =
        ["#0a84d8", "#2a9d5c", "#9a6ee0", "#8a8f98", "#d18b00", "#e0503c"];

    private static readonly string[] s_dashes = ["", "6 3", "2 3", "8 3 2 3", "4 4", "12 3"];

    /// <summary>The plot.</summary>
    public static string Draw(SimulationReport report)
    {
        var policies = report.Policies.Where(p => p.AllReadySeconds.Count > 0).ToList();
        var least = policies.Min(p => p.AllReadySeconds[0]);
        var most = policies.Max(p => p.AllReadySeconds[^1]);
        var axis = new Axis(
            Math.Floor(Math.Log10(Math.Max(least, 1e-3))),
            Math.Ceiling(Math.Log10(Math.Max(most, 1e-2))));
        var svg = new StringBuilder();
        Begin(svg, report);
        DrawAxes(svg, axis);
        for (var i = 0; i < policies.Count; i++)
            DrawPolicy(svg, policies[i], i, axis);
        return svg.Append("</svg>\n").ToString();
    }

    private static void Begin(StringBuilder svg, SimulationReport report) => svg.Append(
        $$"""
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{Width}} {{Height}}" role="img"
          font-family="system-ui, sans-serif" font-size="12">
        <title>Time until launches are ready, by policy</title>
        <style>
          svg { background: #ffffff; color: #1d2127; }
          @media (prefers-color-scheme: dark) { svg { background: #14171c; color: #e4e7ec; } }
          text { fill: currentColor; } .grid { stroke: currentColor; stroke-opacity: 0.18; }
          .line { fill: none; stroke-width: 2; }
        </style>
        <text x="{{Left}}" y="24" font-size="15">Time until launches are ready:
          {{report.Settings.Hosts}} hosts, {{report.Settings.Images}} images,
          seed {{report.Settings.Seed}}</text>

        """);

    private static void DrawAxes(StringBuilder svg, Axis axis)
    {
        for (var share = 0; share <= 100; share += 25)
        {
            var y = Y(share / 100.0);
            Line(svg, (Left, y), (Width - Right, y));
            svg.Append(
                $"<text x=\"{Left - 8}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{share} %</text>\n");
        }

        for (var power = axis.From; power <= axis.To; power++)
        {
            var x = axis.X(Math.Pow(10, power));
            Line(svg, (x, Top), (x, Height - Bottom));
            svg.Append(
                $"<text x=\"{x:0.#}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">"
                    + $"{Seconds(Math.Pow(10, power))}</text>\n");
        }

        svg.Append(
            $"<text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 12}\" "
                + "text-anchor=\"middle\">from acceptance to ready</text>\n");
    }

    private static void DrawPolicy(StringBuilder svg, PolicyReport policy, int place, Axis axis)
    {
        var stroke = $"stroke=\"{s_colours[place % s_colours.Length]}\" "
            + $"stroke-dasharray=\"{s_dashes[place % s_dashes.Length]}\"";
        var points = Enumerable.Range(0, Points + 1).Select(i =>
        {
            var share = (double)i / Points;
            var x = axis.X(Quantile.Of(policy.AllReadySeconds, share));
            return $"{x:0.#},{Y(share):0.#}";
        });
        svg.Append($"<polyline class=\"line\" {stroke} ")
            .Append($"points=\"{string.Join(' ', points)}\"/>\n");
        var (left, top) = (Width - Right + 20, Top + 10 + (place * 36));
        svg.Append(
            $"<line class=\"line\" {stroke} x1=\"{left}\" y1=\"{top}\" "
                + $"x2=\"{left + 26}\" y2=\"{top}\"/>\n"
                + $"<text x=\"{left + 34}\" y=\"{top + 4}\">{policy.Policy}</text>\n"
                + $"<text x=\"{left + 34}\" y=\"{top + 18}\" font-size=\"11\">"
                + $"p99 {Seconds(policy.Ready!.P99)}</text>\n");
    }

    private static void Line(
        StringBuilder svg, (double X, double Y) from, (double X, double Y) to) => svg.Append(
            $"<line class=\"grid\" x1=\"{from.X:0.#}\" y1=\"{from.Y:0.#}\" x2=\"{to.X:0.#}\" "
                + $"y2=\"{to.Y:0.#}\"/>\n");

    private static double Y(double share) => Height - Bottom - (share * (Height - Top - Bottom));

    private static string Seconds(double seconds) => seconds < 0.9995
        ? $"{seconds * 1000:0.###} ms"
        : $"{seconds:0.#} s";

    /// <summary>Seconds on a logarithmic scale, between two powers of ten.</summary>
    private readonly record struct Axis(double From, double To)
    {
        public double X(double seconds)
        {
            var at = (Math.Log10(Math.Max(seconds, 1e-6)) - From) / Math.Max(1, To - From);
            return Left + (Math.Clamp(at, 0, 1) * (Width - Left - Right));
        }
    }
}
