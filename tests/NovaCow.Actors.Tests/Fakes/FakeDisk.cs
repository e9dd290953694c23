using System.Collections.Concurrent;
using NovaCow.Core;
using NovaCow.Core.Hosting;

namespace NovaCow.Actors.Tests.Fakes;

/// <summary>
/// A host's disk and its ports, in memory. It outlives the actors over it, counts every call, and
/// lets a test hold a call up, fail it, or throw from it before it has begun.
/// </summary>
internal sealed partial class FakeDisk : IVolumeDriver, IHostStore, IImageSource, IImageInspector
{
    private readonly ConcurrentDictionary<string, int> _calls = new();

    public string Name { get; init; } = DriverName.Qcow2;

    public ConcurrentDictionary<BaseKey, BaseVolume> Bases { get; } = new();

    public ConcurrentDictionary<(InstanceId Instance, DiskName Disk), InstanceDisk> Disks { get; } =
        new();

    public ConcurrentDictionary<InstanceId, InstanceRecord> Records { get; } = new();

    /// <summary>Records that are there and damaged.</summary>
    public ConcurrentDictionary<InstanceId, bool> Unreadable { get; } = new();

    /// <summary>Bases that are damaged, and why: making them again mends them.</summary>
    public ConcurrentDictionary<BaseKey, string> Damaged { get; } = new();

    /// <summary>What every disk is found to take when it is measured; null: what it took when it
    /// was made or changed.</summary>
    public long? UniqueBytes { get; set; }

    /// <summary>What the removal of a base gives back.</summary>
    public long FreedByBase { get; set; }

    public ConcurrentDictionary<BaseKey, bool> Incoming { get; } = new();

    public StoreSpace Space { get; set; } = new(1L << 50, 1L << 50);

    /// <summary>Runs at the start of each call, with its step: fetch, inspect, build, clone,
    /// delete-disk, change, measure, save or
    /// delete-record. A task that fails fails the call.</summary>
    public Func<string, Task> OnCall { get; set; } = _ => Task.CompletedTask;

    /// <summary>What inspection finds; null: what the catalogue says.</summary>
    public InspectionVerdict? Verdict { get; set; }

    /// <summary>Whether everything but bases is gone.</summary>
    public bool HasNoInstances =>
        Disks.IsEmpty && RawDisks.IsEmpty && BootFiles.IsEmpty && Records.IsEmpty;

    public int Calls(string step) => _calls.GetValueOrDefault(step);

    /// <summary>Holds every call of a step up until the returned source is completed.</summary>
    public TaskCompletionSource Hold(string step)
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        OnCall = s => s == step ? gate.Task : Task.CompletedTask;
        return gate;
    }

    /// <summary>Fails the calls of a step.</summary>
    public void Fail(string step, LaunchErrorCode code, bool retryable = true)
    {
        var failure = new PortException(new LaunchError(code, $"{step} broke", retryable));
        OnCall = s => s == step ? Task.FromException(failure) : Task.CompletedTask;
    }

    /// <summary>Throws from a step as a bug would.</summary>
    public void Crash(string step) => OnCall = s => s == step
        ? throw new InvalidOperationException($"bug in {step}")
        : Task.CompletedTask;

    public void Heal() => OnCall = _ => Task.CompletedTask;

    public Task<Ensured<BaseVolume>> EnsureBaseAsync(
        BaseContent content, string? imagePath, IProgress<long>? progress,
        CancellationToken cancellationToken) => Begin("build", cancellationToken, () =>
        {
            progress?.Report(content.VirtualSizeBytes());
            var made = new BaseVolume
            {
                Key = content.Key(),
                Content = content,
                VirtualSizeBytes = content.VirtualSizeBytes(),
                AllocatedBytes = 1_000,
                CreatedAt = DateTimeOffset.UnixEpoch,
            };
            if (Damaged.TryRemove(content.Key(), out _))
                Bases.TryRemove(content.Key(), out _);
            return new Ensured<BaseVolume>(made, Bases.TryAdd(content.Key(), made));
        });

    public Task<Ensured<InstanceDisk>> EnsureDiskAsync(
        CloneRequest request, IProgress<long>? progress, CancellationToken cancellationToken) =>
        request.Transfer is { Source.Dead: { } dead }
        ? TakeOverAsync(request, dead, cancellationToken)
        : request.Transfer is not null ? ReceiveAsync(request, progress, cancellationToken)
        : Begin("clone", cancellationToken, () =>
        {
            Assert.True(Bases.ContainsKey(request.Base), $"a clone of {request.Base}, not made");
            if (Damaged.TryGetValue(request.Base, out var damage))
                throw PortException.Retryable(LaunchErrorCode.DamagedBase, damage);
            if (request.Disk.IsBootFile)
                return EnsureBootFile(request);
            var made = NewDisk(request);
            var created = Disks.TryAdd((request.Instance, request.Disk), made);
            return new Ensured<InstanceDisk>(made, created);
        });

    private InstanceDisk NewDisk(CloneRequest request) => new()
    {
        Name = request.Disk,
        BackingFile = Name == DriverName.Copy ? null : request.Base,
        Driver = Name,
        VirtualSizeBytes = request.VirtualSizeBytes,
        AllocatedBytes = 12,
        Path = $"/store/instances/{request.Instance}/{request.Disk}.qcow2",
        Format = "qcow2",
    };

    public Task DeleteDiskAsync(
        InstanceId instance, DiskName disk, CancellationToken cancellationToken) =>
        Begin("delete-disk", cancellationToken, () =>
        {
            if (disk.IsBootFile)
                return DeleteBootFiles(instance, disk);
            // What the disk was goes, and what the record names stays.
            if (Disks.TryGetValue((instance, disk), out var made)
                && IsNamed(instance, Path.GetFileName(made.Path))
                && Replaced.TryRemove((instance, disk), out _))
            {
                return true;
            }

            AssertNoRecordNames(instance, $"{disk}.qcow2");
            return Disks.TryRemove((instance, disk), out _);
        });

    public Task DeleteBaseAsync(BaseKey key, CancellationToken cancellationToken) =>
        Begin("delete-base", cancellationToken, () =>
        {
            Assert.DoesNotContain(
                Disks.Values.Concat(BootFiles.Values), d => d.BackingFile == key);
            Damaged.TryRemove(key, out _);
            if (Bases.TryRemove(key, out _) && FreedByBase > 0)
                Space = Space with { FreeBytes = Space.FreeBytes + FreedByBase };
            return true;
        });

    public Task<string?> VerifyBaseAsync(
        BaseKey key, IProgress<long>? progress, CancellationToken cancellationToken) =>
        Begin("verify", cancellationToken, () =>
        {
            Assert.True(Bases.ContainsKey(key), $"{key} is read, and not there");
            progress?.Report(1_000);
            return Damaged.GetValueOrDefault(key);
        });

    public Task<VolumeUsage> MeasureAsync(CancellationToken cancellationToken) =>
        Begin("measure", cancellationToken, () => Usage(Disks));

    public async Task<VolumeInventory> ListAsync(CancellationToken cancellationToken) =>
        Of(Name, await InventoryAsync(cancellationToken));

    /// <summary>What of an inventory is one driver's.</summary>
    public static VolumeInventory Of(string driver, VolumeInventory all) => all with
    {
        Disks = all.Disks
            .Select(i => (i.Key, Own: i.Value.Where(d => d.Driver == driver).ToList()))
            .Where(i => i.Own.Count > 0)
            .ToDictionary(i => i.Key, IReadOnlyList<InstanceDisk> (i) => i.Own),
    };

    /// <summary>Whatever is there, of every driver.</summary>
    public Task<VolumeInventory> InventoryAsync(CancellationToken cancellationToken) =>
        Begin("list", cancellationToken, () =>
        {
            RemoveUnnamed();
            return new VolumeInventory(
                [.. Bases.Values],
                ByInstance(Disks.Concat(BootFiles.Select(Keyed)).Concat(
                    RawDisks.Where(d => !Disks.ContainsKey(d.Key) || d.Value.Driver == Name))))
            {
                Damaged = Damaged.ToDictionary(),
            };
        });

    public Task SaveInstanceAsync(InstanceRecord record, CancellationToken cancellationToken) =>
        Begin("save", cancellationToken, () =>
        {
            foreach (var disk in record.Disks)
            {
                var files = disk.Format == "raw" ? RawDisks : Disks;
                Assert.True(disk.Name.IsBootFile
                    ? BootFiles.ContainsKey(disk.Path)
                    : files.ContainsKey((record.Id, disk.Name)));
            }

            return Records[record.Id] = record;
        });

    public Task DeleteInstanceAsync(InstanceId id, CancellationToken cancellationToken) =>
        Begin("delete-record", cancellationToken, () => Records.TryRemove(id, out _));

    public Task<IReadOnlyList<InstanceRecord>> ListInstancesAsync(
        CancellationToken cancellationToken) => Begin(
            "list-records", cancellationToken, IReadOnlyList<InstanceRecord> () =>
                [.. Records.Values.Where(r => !Unreadable.ContainsKey(r.Id))]);

    public MachineFiles MachineFiles(InstanceId id) =>
        new($"/store/instances/{id}/console.log", $"/store/instances/{id}/seed.iso");

    public Task GiveMachineFilesAsync(InstanceId id, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    public string? BackingPath(InstanceDisk disk) =>
        disk.BackingFile is { } key ? $"/store/bases/{key}" : null;

    public string IncomingPath(BaseKey key) => $"/store/incoming/{key}";

    public Task DiscardIncomingAsync(BaseKey key, CancellationToken cancellationToken) =>
        Begin("discard", cancellationToken, () => Incoming.TryRemove(key, out _));

    public StoreSpace MeasureSpace() => Space;

    /// <summary>How bases were used, as it was saved last.</summary>
    public IReadOnlyList<BaseUse> Uses { get; private set; } = [];

    public void SaveUses(IReadOnlyList<BaseUse> uses) => Uses = uses;

    public IReadOnlyList<BaseUse> ReadUses() => Uses;

    public bool Handles(Uri source) => source.Scheme == "fake";

    public Task<FetchedImage> FetchAsync(
        FetchRequest request, IProgress<FetchProgress>? progress,
        CancellationToken cancellationToken) => Begin("fetch", cancellationToken, () =>
        {
            progress?.Report(new FetchProgress(request.MaxBytes, request.MaxBytes));
            Incoming[BaseKey.Parse(Path.GetFileName(request.DestinationPath))] = true;
            return new FetchedImage(
                request.DestinationPath, request.MaxBytes, request.Expected!, request.MaxBytes);
        });

    public Task<InspectionVerdict> InspectAsync(
        string path, DiskFormat? declared, CancellationToken cancellationToken) =>
        Begin("inspect", cancellationToken, () => Verdict
            ?? new InspectionVerdict.Accepted(declared!.Value, Given.Image.VirtualSizeBytes, []));

    private Task<T> Begin<T>(string step, CancellationToken cancellationToken, Func<T> act)
    {
        _calls.AddOrUpdate(step, 1, (_, n) => n + 1);
        var held = OnCall(step);
        try
        {
            return held.IsCompletedSuccessfully && !cancellationToken.IsCancellationRequested
                ? Task.FromResult(act())
                : Later();
        }
        catch (PortException failure)
        {
            return Task.FromException<T>(failure);
        }

        async Task<T> Later()
        {
            await held.WaitAsync(cancellationToken);
            return act();
        }
    }
}
