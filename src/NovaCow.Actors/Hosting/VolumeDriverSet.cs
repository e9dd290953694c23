using NovaCow.Core;

namespace NovaCow.Actors.Hosting;

/// <summary>
/// The volume drivers of one host, over one store and the same bases. Disks are looked after by the
/// driver that made them, whether or not it is still offered to launches.
/// </summary>
public sealed class VolumeDriverSet
{
    private readonly Dictionary<string, IVolumeDriver> _drivers;

    /// <param name="byDefault">Makes the bases, and the disks of launches that name no driver.
    /// </param>
    /// <param name="others">Those that a launch may ask for by name.</param>
    public VolumeDriverSet(IVolumeDriver byDefault, params IReadOnlyList<IVolumeDriver> others)
    {
        ArgumentNullException.ThrowIfNull(byDefault);
        ArgumentNullException.ThrowIfNull(others);
        Default = byDefault;
        _drivers = others.Prepend(byDefault).ToDictionary(d => d.Name);
        Names = [.. _drivers.Keys];
    }

    /// <summary>The driver of launches that name none.</summary>
    public IVolumeDriver Default { get; }

    /// <summary>The names of those that are offered to launches, the default's first.</summary>
    public IReadOnlyList<string> Names { get; init; }

    /// <summary>The driver of this name.</summary>
    /// <exception cref="PortException">This host has no such driver.</exception>
    public IVolumeDriver Of(string name) =>
        _drivers.TryGetValue(name, out var driver)
            ? driver
            : throw PortException.Final(
                LaunchErrorCode.VolumeDriver,
                $"volume driver {name}: this host has only {string.Join(", ", Names)}");

    /// <summary>The room where the default driver's volumes lie, which is the store's unless the
    /// driver says otherwise.</summary>
    public async Task<StoreSpace> MeasureSpaceAsync(
        IHostStore store, CancellationToken cancellationToken) =>
        Default is IMeasuresSpace elsewhere
            ? await elsewhere.MeasureSpaceAsync(cancellationToken)
            : store.MeasureSpace();

    /// <summary>What all of them found on the store; see
    /// <see cref="IVolumeDriver.ListAsync"/>.</summary>
    public async Task<VolumeInventory> ListAsync(CancellationToken cancellationToken)
    {
        var inventory = await Default.ListAsync(cancellationToken);
        foreach (var driver in _drivers.Values.Where(d => d != Default))
        {
            var more = await driver.ListAsync(cancellationToken);
            inventory = new VolumeInventory(
                [.. inventory.Bases.UnionBy(more.Bases, b => b.Key)],
                inventory.Disks.Concat(more.Disks)
                    .GroupBy(d => d.Key, d => d.Value)
                    .ToDictionary(
                        g => g.Key, IReadOnlyList<InstanceDisk> (g) => [.. g.SelectMany(d => d)]))
            {
                Damaged = inventory.Damaged.UnionBy(more.Damaged, d => d.Key)
                    .ToDictionary(d => d.Key, d => d.Value),
                Unsealed = inventory.Unsealed.Union(more.Unsealed).ToHashSet(),
            };
        }

        return inventory;
    }

    /// <summary>What all of their volumes take; see <see cref="IVolumeDriver.MeasureAsync"/>.
    /// </summary>
    public async Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken)
    {
        var usage = await Default.MeasureAsync(cancellationToken);
        foreach (var driver in _drivers.Values.Where(d => d != Default))
        {
            var more = await driver.MeasureAsync(cancellationToken);
            usage = new VolumeUsage(
                [.. usage.Bases.UnionBy(more.Bases, b => b.Key)], [.. usage.Disks, .. more.Disks]);
        }

        return usage;
    }
}
