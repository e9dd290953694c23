namespace NovaCow.Core.Scheduling;

/// <summary>Which images a launch cannot do without.</summary>
public sealed partial record Launch
{
    /// <summary>The host that has not said how its capture of this instance ended; null: none.
    /// </summary>
    public HostId? CapturingHost() =>
        Change is { Change: InstanceChange.Capture } change && change.IsOpen() ? Host : null;

    /// <summary>
    /// The bases that a host may have to make for it, now or again, whatever happens to its disks:
    /// what they are clones of, what they would be clones of if they did not own their bytes, what
    /// it boots with, and what a change under way makes of them. Each once.
    /// </summary>
    public IReadOnlyList<BaseKey> NeededBases()
    {
        // Nothing is left of one that failed before it was committed, and nothing comes back.
        if (Phase == LaunchPhase.Failed && Timings.CommittedAt is null)
            return [];
        List<BaseKey> needed = new(4);
        var spec = SpecNow();
        Need(RootImage());
        Need(spec.Kernel);
        Need(spec.Ramdisk);
        foreach (var disk in Disks is InstanceDiskList list ? list.Shape.Disks : Disks)
            NeedBase(disk.BackingFile);
        if (IsChanging())
        {
            foreach (var image in ImagesOf(Change!.Change))
                Need(image);
        }

        return needed;

        void Need(Image? image) => NeedBase(image is null ? null : BaseKey.Of(image.Digest));

        void NeedBase(BaseKey? key)
        {
            if (key is not null && !needed.Contains(key))
                needed.Add(key);
        }
    }

    /// <summary>Whether <see cref="NeededBases"/> and <see cref="CapturingHost"/> are known to be
    /// what they were; false: they may be.</summary>
    internal bool NeedsAsBefore(Launch before) =>
        ReferenceEquals(Spec, before.Spec)
            && ReferenceEquals(Disks, before.Disks)
            && ReferenceEquals(Change, before.Change)
            && ReferenceEquals(RebasedTo, before.RebasedTo)
            && ReferenceEquals(Rebuilt, before.Rebuilt)
            && Host == before.Host
            && (Phase == LaunchPhase.Failed) == (before.Phase == LaunchPhase.Failed)
            && Timings.CommittedAt == before.Timings.CommittedAt;

    private static IEnumerable<Image?> ImagesOf(InstanceChange change) => change switch
    {
        InstanceChange.Rebase c => [c.Image],
        InstanceChange.Migrate c => [c.Image],
        InstanceChange.Rebuild c => [c.Image, c.Kernel, c.Ramdisk],
        _ => [],
    };
}
