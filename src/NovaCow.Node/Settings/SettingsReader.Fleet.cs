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

    private static SharedStoreSettings? ReadSharedStore(Config host)
    {
        const string name = "shared-store.name", root = "shared-store.root";
        if (!host.HasPath(name))
        {
            return host.HasPath(root)
                ? throw Wrong(host, root, "expected a name beside it, or null")
                : null;
        }

        var store = FilePath(host, "store").TrimEnd('/');
        var below = host.HasPath(root)
            ? FilePath(host, root)
            : Path.GetDirectoryName(store) ?? "/";
        var folder = Path.GetRelativePath(below, store);
        if (SharedStore.Problem(host.GetString(name), "folder") is { } problem)
            throw Wrong(host, name, problem);
        if (Driver(host) == DriverName.LvmThin)
            throw Wrong(host, name, "no other host reads the disks of the driver lvm-thin");
        return SharedStore.Problem(host.GetString(name), folder) is null
            ? new SharedStoreSettings(new SharedStore(host.GetString(name), folder), below)
            : throw Wrong(
                host, root, $"'{below}': expected a folder that the store, {store}, is in");
    }
}
