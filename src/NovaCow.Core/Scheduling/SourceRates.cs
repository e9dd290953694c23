using NovaCow.Core.Hosting;

namespace NovaCow.Core.Scheduling;

/// <summary>What the hosts' paces say of sources together: for hosts that have not fetched from
/// one.</summary>
internal sealed class SourceRates(PlacementRules rules)
{
    private readonly Dictionary<string, Sum> _fetch = [];
    private Sum _build;

    /// <summary>What a host fetches from a source in a second, in bytes.</summary>
    public double Fetch(HostPaces host, string source) =>
        host.FetchBytesPerSecond.TryGetValue(source, out var own)
            ? own
            : _fetch.TryGetValue(source, out var others) && others.Count > 0
                ? others.Mean
                : rules.AssumedFetchBytesPerSecond;

    /// <summary>What a host writes of a base in a second, in bytes of virtual disk.</summary>
    public double Build(HostPaces host) => host.BuildBytesPerSecond
        ?? (_build.Count > 0 ? _build.Mean : rules.AssumedBuildBytesPerSecond);

    /// <summary>A host's paces changed.</summary>
    public void Replace(HostPaces? before, HostPaces? after)
    {
        if (ReferenceEquals(before, after))
            return;
        Add(before, -1);
        Add(after, 1);
    }

    private void Add(HostPaces? paces, int sign)
    {
        if (paces is null)
            return;
        foreach (var (source, rate) in paces.FetchBytesPerSecond)
            _fetch[source] = _fetch.GetValueOrDefault(source).With(rate, sign);
        if (paces.BuildBytesPerSecond is { } build)
            _build = _build.With(build, sign);
    }

    private readonly record struct Sum(int Count, double Total)
    {
        public double Mean => Total / Count;

        public Sum With(double rate, int sign) => Count + sign == 0
            ? default
            : new Sum(Count + sign, Total + (sign * rate));
    }
}
