using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Runtime.Configuration;

namespace NovaCow.Node.Settings;

/// <summary>What an operator says of a host in the fleet.</summary>
public static partial class SettingsReader
{
    private static IReadOnlyList<HostLabel> ReadLabels(Config host)
    {
        var c = host.GetConfig("labels");
        List<HostLabel> labels = [];
        foreach (var name in c.Root.Fields.Keys.Order(StringComparer.Ordinal))
        {
            var path = $"\"{name}\"";
            if (!c.HasPath(path))
                continue;
            var value = c.GetString(path);
            if (HostLabel.Problem(name, value) is { } problem)
                throw Wrong(c, path, problem);
            labels.Add(new HostLabel(name, value));
        }

        return labels.Count <= HostLabel.MaxPerHost
            ? labels
            : throw Wrong(
                host, "labels",
                $"{labels.Count} labels: expected {HostLabel.MaxPerHost} at most");
    }

    private static HostOvercommit? ReadOvercommit(Config c)
    {
        var own = new HostOvercommit(Own("vcpus"), Own("memory"), Own("disk"));
        return own is { VCpus: null, Memory: null, Disk: null } ? null : own;

        double? Own(string key) => c.HasPath(key) ? Ratio(c, key) : null;
    }
}
