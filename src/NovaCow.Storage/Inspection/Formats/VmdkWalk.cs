namespace NovaCow.Storage.Inspection.Formats;

/// <summary>The walk of a VMDK's grain directory and grain tables. Each sector of the file that
/// one of them points at is taken once, after the header's and the descriptor's.</summary>
internal sealed class VmdkWalk(VmdkHeader header, CancellationToken cancellationToken)
{
    private const int Sector = ImageBytes.SectorBytes;
    private const int MarkerBytes = 12;
    private const string Remedy = "the image is damaged or forged: convert it anew";

    private readonly ImageBytes _image = header.Image;
    private readonly UnitMap _map = new((header.Image.Length / Sector) + 1);
    private readonly long _grainBytes = (long)header.GrainSectors * Sector;

    private readonly long _maxExpandedBytes =
        header.Limits.MaxExpandedBytes(header.Image.Length);

    private long _mappingBytes;
    private long _expandedBytes;

    public Judgement.Refusal? FirstBroken()
    {
        _map.TryTake(0, 1 + (long)header.DescriptorSectors);
        var fault = FaultOfDirectories() ?? new MapTable(
                "grain directory",
                (long)header.DirectorySector * Sector,
                (long)header.DirectoryEntries,
                sizeof(uint),
                IsBigEndian: false)
            .FirstFault(_image, header.Limits, VisitTable, cancellationToken);
        if (_mappingBytes > header.Limits.MaxMappingBytes)
            return InspectionRules.VmdkTooLarge.Broken($"{fault}; convert it to qcow2");

        if (_expandedBytes > _maxExpandedBytes)
            return InspectionRules.VmdkExpansion.Broken($"{fault}; {Remedy}");

        return fault is null ? null : InspectionRules.VmdkMap.Broken($"{fault}; {Remedy}");
    }

    private string? FaultOfDirectories()
    {
        var bytes = header.DirectoryEntries * sizeof(uint);
        if (!HoldsSectors(header.DirectorySector, bytes))
            return $"the grain directory at sector {header.DirectorySector} leaves the file";

        if (header.HasRedundantDirectory && !HoldsSectors(header.RedundantDirectorySector, bytes))
        {
            return "the redundant grain directory at sector "
                + $"{header.RedundantDirectorySector} leaves the file";
        }

        return TryTake(header.DirectorySector, bytes) ? null
            : $"the grain directory at sector {header.DirectorySector} is over other data";
    }

    private string? VisitTable(ulong sector, long at)
    {
        if (sector == 0)
            return null;

        var bytes = header.TableEntries * (ulong)sizeof(uint);
        if (!HoldsSectors(sector, bytes) || !TryTake(sector, bytes))
        {
            return $"the grain table at sector {sector}, named at offset {at}, leaves the file "
                + "or is over other data";
        }

        _mappingBytes += (long)bytes;
        if (_mappingBytes > header.Limits.MaxMappingBytes)
            return $"the grain tables have more than {header.Limits.MaxMappingBytes} bytes";

        return new MapTable(
                "grain table",
                (long)sector * Sector,
                header.TableEntries,
                sizeof(uint),
                IsBigEndian: false)
            .FirstFault(_image, header.Limits, VisitGrain, cancellationToken);
    }

    private string? VisitGrain(ulong sector, long at)
    {
        if (sector == 0 || (sector == 1 && header.HasZeroGrains))
            return null;

        if (header.IsCompressed)
            return VisitCompressedGrain(sector, at);

        // The last grain may be cut short where the disk ends.
        var left = _image.Length - ((long)sector * Sector);
        return left > 0 && TryTake(sector, (ulong)Math.Min(left, _grainBytes)) ? null
            : $"the grain at sector {sector}, named at offset {at}, leaves the file or is over "
              + "other data";
    }

    private string? VisitCompressedGrain(ulong sector, long at)
    {
        var start = (long)sector * Sector;
        if (!_image.Holds(start, MarkerBytes))
            return $"the grain at sector {sector}, named at offset {at}, leaves the file";

        Span<byte> marker = stackalloc byte[MarkerBytes];
        _image.ReadInto(start, marker);
        var bytes = header.HasMarkers
            ? MarkerBytes + (long)((ReadOnlySpan<byte>)marker).U32Le(8)
            : Math.Min(Sector, _image.Length - start);
        if (!_image.Holds(start, bytes) || bytes > 2 * (_grainBytes + Sector)
            || !TryTake(sector, (ulong)bytes))
        {
            return $"the grain of {bytes} bytes at sector {sector}, named at offset {at}, leaves "
                + "the file, or is over other data, or is longer than it can be";
        }

        _expandedBytes += _grainBytes;
        return _expandedBytes <= _maxExpandedBytes ? null
            : $"compressed grains unfold to more than {_maxExpandedBytes} bytes, from a file of "
              + $"{_image.Length}";
    }

    private bool HoldsSectors(ulong sector, ulong bytes) =>
        sector <= (ulong)_image.Length / Sector && _image.Holds(sector * Sector, bytes);

    private bool TryTake(ulong sector, ulong bytes) =>
        _map.TryTake((long)sector, (long)((bytes + Sector - 1) / Sector));
}
