namespace NovaCow.Core;

/// <summary>
/// Runs the machines of one host's instances: what starts them, stops them, plugs disks in and out
/// and says how they are. It never decides that a machine should run, keeps no state of its own
/// (the hypervisor does), and touches nothing that it did not make for this host.
/// </summary>
/// <remarks>
/// <para>Every method is idempotent. Calls for different instances may run at the same time; the
/// caller never makes two calls for the same instance at once. After a crash in the middle of a
/// call the machine runs or does not, whole in either case; <see cref="ListAsync"/> tells, and the
/// same call again ends what it began.</para>
/// <para>Cancelling stops the waiting, not what the hypervisor was asked for.</para>
/// <para>Expected failures are <see cref="PortException"/>s with Hypervisor, which carry the
/// hypervisor's own words, or InvalidRequest (what was asked cannot be done to this machine).
/// </para>
/// </remarks>
public interface IHypervisor : IDisposable
{
    /// <summary>What it is and can do, found out once by trying.</summary>
    Task<HypervisorCapabilities> GetCapabilitiesAsync(CancellationToken cancellationToken);

    /// <summary>Defines the machine anew and starts it; one that runs is left as it is, and one
    /// that is paused goes on. A machine that does not start leaves no definition. Observers are
    /// told before it returns.</summary>
    /// <returns>Identity: it ran already.</returns>
    Task<Ensured<MachineStatus>> EnsureRunningAsync(
        MachineSpec machine, CancellationToken cancellationToken);

    /// <summary>Asks the guest to power off, and ends the machine when the guest has not after
    /// <paramref name="grace"/>; zero ends it at once. One that does not run is no error.
    /// Observers are told before it returns.</summary>
    Task StopAsync(InstanceId id, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Ends the machine at once, and removes its definition and what belongs to it but the
    /// disks; one that does not exist is no error.</summary>
    Task RemoveAsync(InstanceId id, CancellationToken cancellationToken);

    /// <summary>Plugs a disk into the running machine; one that it has already is left.</summary>
    Task AttachAsync(InstanceId id, MachineDisk disk, CancellationToken cancellationToken);

    /// <summary>Unplugs a disk from the running machine, and waits until the guest has let go of
    /// it; one that it does not have is no error. A guest that does not let go within
    /// <paramref name="patience"/> keeps it, and the call fails.</summary>
    Task DetachAsync(
        InstanceId id, DiskName disk, TimeSpan patience, CancellationToken cancellationToken);

    /// <summary>Tells of every change of this host's machines from now on, by whomever it was made,
    /// in order, on a thread of the hypervisor's: the callee must not block. Ends when disposed.
    /// </summary>
    IDisposable Observe(Action<MachineEvent> onEvent);

    /// <summary>Every machine that there is, for reconciliation: this host's and how they are, and
    /// strangers, which are never touched.</summary>
    Task<MachineInventory> ListAsync(CancellationToken cancellationToken);
}

/// <summary>A hypervisor that can copy a disk which a guest is writing to.</summary>
public interface ICopiesRunningDisks
{
    /// <summary>
    /// Writes what a disk of a running machine held at one moment, its base's bytes included, to a
    /// new file, while the guest goes on. The guest's file systems are quiesced for that moment
    /// where an agent in the guest can do it. The machine's own disks are never changed by it.
    /// </summary>
    /// <param name="id">The instance, whose machine runs.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="target">The raw file to write; it does not exist. After a failure the caller
    /// removes it.</param>
    /// <param name="progress">Bytes copied so far.</param>
    /// <param name="cancellationToken">Gives up, and ends the copying before it returns.</param>
    Task CopyDiskAsync(
        InstanceId id,
        DiskName disk,
        string target,
        IProgress<long>? progress,
        CancellationToken cancellationToken);
}

/// <summary>Writes the disk from which a guest's cloud-init reads who it is.</summary>
public interface IGuestSeeds
{
    /// <summary>Writes the seed, whole and durable or not at all, in place of one that is there.
    /// </summary>
    /// <param name="path">The file, readable by its owner only: user data may be secret.</param>
    /// <param name="instance">The instance, which is the guest's instance-id.</param>
    /// <param name="setup">What the guest is told.</param>
    /// <param name="cancellationToken">Gives up and leaves nothing.</param>
    Task WriteAsync(
        string path, InstanceId instance, GuestSetup setup, CancellationToken cancellationToken);
}
