namespace NovaCow.Core.Scheduling;

/// <summary>The changes of a launch's disks, once it is active.</summary>
public sealed partial record Launch
{
    /// <summary>The newest change of its disks, under way or ended; null: there was none.
    /// </summary>
    public LaunchChange? Change { get; init; }

    /// <summary>The image that its root disk was made a clone of since it was launched; null: the
    /// one it was launched from.</summary>
    public Image? RebasedTo { get; init; }

    /// <summary>The bytes by which its disks are larger than planned at the launch; those that a
    /// change under way will add are counted.</summary>
    public long GrownBytes { get; init; }

    /// <summary>The image that its root disk is or was a clone of last.</summary>
    public Image RootImage() => RebasedTo ?? Spec.Image;

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

    private Launch After(ChangeEnded e)
    {
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
            RebasedTo = e.Error is null && Change.Change is InstanceChange.Rebase rebase
                ? rebase.Image
                : RebasedTo,
        };

        // What was promised to it is what it has taken now.
        return Change.Change is InstanceChange.Resize
            ? after with
            {
                GrownBytes = GrownBytes - Added(Change.Change) + after.RootBytes() - RootBytes(),
            }
            : after;
    }

    // A host that seemed to have lost them may come back with disks that grew meanwhile.
    private long Grown(IReadOnlyList<InstanceDisk> disks) =>
        Disks.Count == 0 ? 0 : (this with { Disks = disks }).RootBytes() - RootBytes();

    private long Added(InstanceChange change) =>
        change is InstanceChange.Resize { RootBytes: var bytes } ? bytes - RootBytes() : 0;
}
