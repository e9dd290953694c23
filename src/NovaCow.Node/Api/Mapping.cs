using NovaCow.Client;
using NovaCow.Core;
using NovaCow.Core.Hosting;
using NovaCow.Core.Scheduling;
using NovaCow.Images;
using NovaCow.Node.Catalogue;
using Happened = NovaCow.Core.Scheduling.ClusterEvent;

namespace NovaCow.Node.Api;

/// <summary>The product's records as the API shows them.</summary>
internal static partial class Mapping
{
    public static ImageResource ToResource(this Image image) => new()
    {
        Name = image.Name.Value,
        Source = SafeUri.Display(image.Source),
        Digest = image.Digest.Value,
        Format = Lower(image.Format),
        SizeBytes = image.SizeBytes,
        VirtualSizeBytes = image.VirtualSizeBytes,
        MinDiskBytes = image.MinDiskBytes,
        OsType = image.OsType?.Value,
        Kernel = image.Kernel?.Value,
        Ramdisk = image.Ramdisk?.Value,
        KernelArguments = image.KernelArguments,
    };

    public static FlavorResource ToResource(this Flavor flavor) => new()
    {
        Name = flavor.Name.Value,
        VCpus = flavor.VCpus,
        MemoryBytes = flavor.MemoryBytes,
        RootDiskBytes = flavor.RootDiskBytes,
        EphemeralDisks =
        [
            .. flavor.EphemeralDisks.Select(
                d => new EphemeralDiskResource(
                    d.SizeBytes, d.IsByOsType ? "default" : Lower(d.FileSystem))),
        ],
        SwapBytes = flavor.SwapBytes,
    };

    public static InstanceResource ToResource(this InstanceInfo instance) => new()
    {
        Id = instance.Id.Value,
        Image = instance.Image.Value,
        Flavor = instance.Flavor.Value,
        State = Lower(instance.Phase),
        Host = instance.Host?.Value,
        Attempt = instance.Attempt,
        Warm = instance.Timings.Preparation?.Warm,
        Reason = Waiting(instance) ?? instance.Error?.Message ?? instance.Progress?.What
            ?? instance.PlacedBecause,
        QueuePlace = instance.QueuePlace,
        On = instance.Options.On?.Value,
        Group = instance.Options.Group?.Value,
        Soft = instance.Options.IsGroupSoft,
        Project = (instance.Options.Project ?? ProjectName.Default).Value,
        Priority = instance.Options.Priority,
        ErrorCode = instance.Error?.Code.ToString(),
        Driver = instance.Options.Driver,
        Layout = Lower(instance.Options.Layout),
        Disks = [.. instance.Disks.Where(d => d.Path is not null).Select(ToResource)],
        Boot = instance.Boot is { } boot
            ? new BootResource(
                ToResource(boot.Kernel),
                boot.Ramdisk is null ? null : ToResource(boot.Ramdisk),
                boot.Arguments)
            : null,
        Progress = instance.Progress is { } p
            ? new ProgressResource(p.What, p.DoneBytes, p.TotalBytes) : null,
        Timings = ToResource(instance.Timings),
        Operation = NewestOperation(instance),
        Power = instance.Power is { } power ? ToResource(power) : null,
    };

    public static HostResource ToResource(this HostInfo host) => new()
    {
        Name = host.Id.Value,
        State = Lower(host.Status),
        Driver = host.Drivers[0],
        Drivers = host.Drivers,
        Duty = Lower(host.Duty),
        Labels = host.Labels.ToDictionary(l => l.Name, l => l.Value),
        SharedStore = host.SharedStore?.Name,
        VCpus = new CapacityResource(host.Capacity.VCpus, host.Claims.VCpus)
        {
            Overcommit = host.Ratios.VCpus,
        },
        MemoryBytes = new CapacityResource(host.Capacity.MemoryBytes, host.Claims.MemoryBytes)
        {
            Overcommit = host.Ratios.Memory,
        },
        DiskBytes = new CapacityResource(host.Capacity.DiskBytes, host.Claims.DiskBytes)
        {
            Overcommit = host.Ratios.Disk,
        },
        FreeBytes = host.Usage?.FreeBytes ?? 0,
        Instances = host.Claims.Launches,
        Downloads = host.Counters?.Downloads ?? 0,
        Conversions = host.Counters?.Conversions ?? 0,
        SharedBytes = host.Usage?.BaseBytes ?? 0,
        UniqueBytes = host.Usage?.DiskBytes ?? 0,
        FullCopyBytes = host.Usage?.FullCopyBytes ?? 0,
        Captures = host.Usage?.Captures ?? 0,
        CaptureBytes = host.Usage?.CaptureBytes ?? 0,
        LastSeenAt = host.LastSeenAt ?? host.JoinedAt,
        Hypervisor = host.Hypervisor is { } hypervisor ? ToResource(hypervisor) : null,
    };

    public static BaseResource ToResource(this BaseInfo item) => new()
    {
        Host = item.Host.Value,
        Key = item.Base.Key.Value,
        Title = item.Base.Title,
        State = Lower(item.Base.State),
        Step = item.Base.Step is { } step ? Lower(step) : null,
        DoneBytes = item.Base.DoneBytes,
        TotalBytes = item.Base.TotalBytes,
        Clones = item.Base.Clones,
        VirtualSizeBytes = item.Base.VirtualSizeBytes,
        AllocatedBytes = item.Base.AllocatedBytes,
        Error = item.Base.Error?.Message,
        Damage = item.Base.Damage is { } damage ? damage.ToResource() : null,
        Scrub = item.Base.Scrub is { } scrub ? scrub.ToResource() : null,
    };

    public static Client.ClusterEvent ToResource(this Happened happened) => happened switch
    {
        Happened.InstanceChanged e => Event(
            e, $"instance.{Lower(e.Phase)}", e.Id.Value, e.Host,
            $"{e.Id} {Lower(e.Phase)}" + (e.Host is null ? "" : $" on {e.Host}")
                + (e.Message is null ? "" : $": {e.Message}")),
        Happened.InstanceProgressed e => Event(
            e, "instance.progress", e.Id.Value, e.Host, $"{e.Id}: {e.Progress.What}") with
        {
            DoneBytes = e.Progress.DoneBytes,
            TotalBytes = e.Progress.TotalBytes,
        },
        Happened.DisksChanged e => Operation(e),
        Happened.InstanceMoved e => Move(e),
        Happened.PowerChanged e => Power(e),
        Happened.HostChanged e => Event(
            e, $"host.{HostKind(e)}", e.Host.Value, e.Host, e.Message),
        Happened.ImageChanged { Message: { } message } e => Event(
            e, "image.changed", e.Name.Value, null, $"{e.Name}: {message}"),
        Happened.ImageChanged e => Event(
            e, e.Registered ? "image.registered" : "image.deleted", e.Name.Value, null,
            $"{e.Name} {(e.Registered ? "registered" : "deleted")}"),
        Happened.BaseChanged e => Base(e),
        _ => throw new InvalidOperationException($"no mapping for {happened.GetType().Name}"),
    };

    public static Client.ClusterEvent ToResource(this RegistrationProgress p, TimeProvider time) =>
        new(
            null, time.GetUtcNow(), "image.progress", p.Name.Value, null,
            $"image {p.Name}: registering", p.Fetch.ReceivedBytes, p.Fetch.TotalBytes);

    private static Client.ClusterEvent Base(Happened.BaseChanged e)
    {
        var what = e.Base.Step is { } step
            ? $"{e.Base.Title}: {Lower(step)}"
            : $"{e.Base.Title}: {State(e.Base.State)}"
                + (e.Base.Error is { } error ? $": {error.Message}" : "")
                + (e.Base is { State: BaseState.Quarantined, Damage: { } damage }
                    ? $"; its clones: {damage.Names()}" : "");
        var mapped = Event(
            e, e.Base.Step is null ? $"base.{State(e.Base.State)}" : "base.progress",
            e.Base.Key.Value, e.Host, what);
        return e.Base.Step is null
            ? mapped
            : mapped with { DoneBytes = e.Base.DoneBytes, TotalBytes = e.Base.TotalBytes };
    }

    // What is absent after it was there has been evicted.
    private static string State(BaseState state) =>
        state == BaseState.Absent ? "evicted" : Lower(state);

    private static Client.ClusterEvent Event(
        Happened e, string kind, string subject, HostId? host, string message) =>
        new(e.Sequence, e.At, kind, subject, host?.Value, message);

    private static DiskResource ToResource(DiskInfo disk) => new()
    {
        Name = disk.Name.Value,
        Device = disk.Device,
        VirtualSizeBytes = disk.VirtualSizeBytes,
        AllocatedBytes = disk.AllocatedBytes ?? 0,
        BackingFile = disk.Base?.Value,
        Path = disk.Path!,
        Format = disk.Format!,
        Driver = disk.Driver,
        Layout = disk.Layout is { } layout ? Lower(layout) : null,
        Partitions = disk.Partitions.Count == 0
            ? null
            : [.. disk.Partitions.Select(
                p => new PartitionResource(p.Device, p.Name.Value, p.SizeBytes))],
        Attached = !disk.IsDetached,
    };

    private static BootFileResource ToResource(BootFileInfo file) =>
        new(file.Image.Value, file.Base.Value, file.Path);

    private static InstanceTimings ToResource(LaunchTimings t) => new()
    {
        AcceptedAt = t.AcceptedAt,
        PlacedAt = t.PlacedAt,
        CommittedAt = t.CommittedAt,
        ActiveAt = t.ActiveAt,
        FailedAt = t.FailedAt,
        LaunchMilliseconds = (t.ActiveAt - t.AcceptedAt)?.TotalMilliseconds,
        BaseWaitMilliseconds = t.Preparation?.BaseWait.TotalMilliseconds,
        HostMilliseconds = t.Preparation?.Total.TotalMilliseconds,
    };

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}
