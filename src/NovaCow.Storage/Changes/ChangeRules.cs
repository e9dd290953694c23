using NovaCow.Core;

namespace NovaCow.Storage;

/// <summary>What may become of a disk under a driver's kind of disks. It looks at bases, and
/// changes nothing.</summary>
/// <param name="store">Where the bases are.</param>
/// <param name="kind">What disks become.</param>
/// <param name="disk">How the disk is called in errors.</param>
internal sealed class ChangeRules(HostStore store, IDiskKind kind, string disk)
{
    public string What => $"{disk}: cannot be changed";

    /// <summary>What a disk is to say of itself once it was changed.</summary>
    /// <exception cref="PortException">It cannot become that.</exception>
    public DiskFacts Wanted(FoundDisk found, DiskChange change)
    {
        var (facts, isOurs) = (found.Facts, found.Driver == kind.Driver);
        if (change is DiskChange.Grow && !isOurs)
            throw Refused($"is of the driver {found.Driver}", "let that driver make it larger");
        var wanted = change switch
        {
            DiskChange.Grow grow => facts with { VirtualSizeBytes = grow.VirtualSizeBytes },
            DiskChange.Flatten => facts with { Base = null },
            DiskChange.Rebase rebase => facts with { Base = rebase.Base },
            DiskChange.Rebuild rebuild => facts with
            {
                Base = kind.HasBackingFile ? rebuild.Base : null,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(change)),
        };
        if (wanted.VirtualSizeBytes < facts.VirtualSizeBytes)
        {
            throw Refused(
                $"has {facts.VirtualSizeBytes} bytes, and {wanted.VirtualSizeBytes} are too few",
                "a disk is only ever made larger");
        }

        CheckSize(wanted.VirtualSizeBytes);
        if (change is DiskChange.Rebase)
            CheckBase(wanted);
        if (change is DiskChange.Rebuild anew)
            CheckFits(anew.Base, wanted);
        var becomesAnother = !isOurs || wanted.Base is not null || change is DiskChange.Rebuild;
        if (facts.Layout != DiskLayout.Whole && becomesAnother)
        {
            throw Refused(
                $"is laid out as {facts.Layout}, with its base as a partition",
                change is DiskChange.Rebuild
                    ? "launch a new instance of the image instead"
                    : "it stays a full copy");
        }

        return wanted;
    }

    public void CheckSize(long bytes)
    {
        if (bytes % RawFile.SectorBytes != 0 || bytes > kind.MaxVirtualBytes)
        {
            throw Refused(
                $"cannot have {bytes} bytes",
                $"ask for a multiple of {RawFile.SectorBytes} up to {kind.MaxVirtualBytes}");
        }
    }

    /// <summary>Whether the base is one that the disk can lie over.</summary>
    public void CheckBase(DiskFacts wanted)
    {
        if (wanted.Base is not { } key)
            return;
        if (!kind.HasBackingFile)
            throw Refused("would be a full copy", "ask a driver whose disks lie over a base");
        CheckFits(key, wanted);
    }

    private void CheckFits(BaseKey key, DiskFacts wanted)
    {
        if (key.IsBootFile)
            throw Refused($"cannot be made of {key}, no disk", "name the base of a disk");
        if (!StoreFiles.TryStat(store.Layout.BaseData(key), out var stat))
        {
            throw PortException.Retryable(
                LaunchErrorCode.VolumeDriver,
                $"{disk}: base {key} is not in {store.Root}; make it first");
        }

        if (stat.Size > wanted.VirtualSizeBytes)
        {
            throw Refused(
                $"has {wanted.VirtualSizeBytes} bytes, and base {key} {stat.Size}",
                "make the disk larger first, or take another base");
        }
    }

    /// <summary>Whether a foreign disk has the size that was asked for, up to a whole sector.
    /// </summary>
    public void CheckContents(CloneRequest request, long bytes)
    {
        if (RawFile.WholeSectors(bytes) != request.VirtualSizeBytes)
        {
            throw Refused(
                $"is to have {request.VirtualSizeBytes} bytes, and {request.Contents!.Path} has "
                    + $"{bytes}",
                "look at its folder again");
        }
    }

    private PortException Refused(string cause, string remedy) => PortException.Final(
        LaunchErrorCode.InvalidRequest, $"{disk} {cause}; nothing was changed: {remedy}");
}
