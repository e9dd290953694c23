namespace NovaCow.Core.Scheduling;

/// <summary>The changes of a launch's disks, once it is active.</summary>
public sealed partial record Launch
{
    /// <summary>The newest change of its disks, under way or ended; null: there was none.
    /// </summary>
    public LaunchChange? Change { get; init; }

    /// <summary>The image that its root disk was made a clone of since it was launched or rebuilt;
    /// null: the one of then.</summary>
    public Image? RebasedTo { get; init; }

    /// <summary>What its root disk was made anew from last; null: it is the one of its launch.
    /// </summary>
    public InstanceChange.Rebuild? Rebuilt { get; init; }

    /// <summary>The bytes by which its disks are larger than planned at the launch; those that a
    /// change under way will add are counted.</summary>
    public long GrownBytes { get; init; }

    /// <summary>The image that its root disk is or was a clone of last.</summary>
    public Image RootImage() => RebasedTo ?? Rebuilt?.Image ?? Spec.Image;

    /// <summary>What it is: as it was launched, or as it was rebuilt since.</summary>
    public LaunchSpec SpecNow() => Rebuilt is { } anew
        ? Spec with { Image = anew.Image, Kernel = anew.Kernel, Ramdisk = anew.Ramdisk }
        : Spec;

    /// <summary>The name for which an image is being made of its root disk, and which is kept for
    /// it; null: none.</summary>
    public ImageName? Capturing() =>
        Change is { Phase: ChangePhase.Running, Change: InstanceChange.Capture capture }
            ? capture.Name
            : null;

    /// <summary>The root disk's size in bytes: as it is, or as planned while it is not made.
    /// </summary>
    public long RootBytes() =>
        Disks.FirstOrDefault(d => d.Name == DiskName.Root)?.VirtualSizeBytes
            ?? DiskPlan.RootBytes(Spec.Image, Spec.Flavor);

    /// <summary>Whether its host is to change its disks and has not answered.</summary>
    public bool IsChanging() => Change?.IsOpen() == true;

    private Launch After(ChangeAccepted e) => this with
    {
        Change = new LaunchChange
        {
            Number = e.Number,
            Change = e.Change,
            Phase = ChangePhase.Running,
            StartedAt = e.At,
        },
        GrownBytes = GrownBytes + Added(e.Change),
    };

    // Each piece is a disk of its own, or the root disk: what a launch's plan does not say.
    private long SizedBytes() =>
        RootBytes() + Disks.Where(d => d.Name.IsData).Sum(d => d.VirtualSizeBytes);

    private Launch After(ChangeEnded e)
    {
        var isDone = e.Error is null;
        var after = this with
        {
            Disks = e.Disks ?? Disks,
            Change = Change! with
            {
                Phase = LaunchChange.PhaseOf(e.Error),
                EndedAt = e.At,
                Error = e.Error,
                Bytes = e.Bytes,
            },
            RebasedTo = Change.Change switch
            {
                InstanceChange.Rebase rebase when isDone => rebase.Image,
                InstanceChange.Rebuild when isDone => null,
                _ => RebasedTo,
            },
            Rebuilt = isDone && Change.Change is InstanceChange.Rebuild anew ? anew : Rebuilt,
        };

        // What was promised to it is what it has taken now.
        return Change.Change
            is InstanceChange.Resize or InstanceChange.Attach or InstanceChange.Detach
            ? after with
            {
                GrownBytes = GrownBytes - Added(Change.Change) + after.SizedBytes() - SizedBytes(),
            }
            : after;
    }

    // A host that seemed to have lost them may come back with disks that grew meanwhile.
    private long Grown(IReadOnlyList<InstanceDisk> disks) =>
        Disks.Count == 0 ? 0 : (this with { Disks = disks }).SizedBytes() - SizedBytes();

    private long Added(InstanceChange change) => change switch
    {
        InstanceChange.Resize c => c.RootBytes - RootBytes(),
        InstanceChange.Attach { Blank: { } blank } => blank.SizeBytes,
        _ => 0,
    };
}
