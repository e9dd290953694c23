namespace NovaCow.Storage.Inspection;

/// <summary>
/// Which units (clusters, grains or blocks) of an image file are taken, so that no two mappings
/// meet in one. Two bits a unit, kept in pages that are made when first touched.
/// </summary>
internal sealed class UnitMap(long units)
{
    private const int PageBits = 15;

    private readonly ulong[]?[] _alone = new ulong[]?[Pages(units)];
    private readonly ulong[]?[] _shared = new ulong[]?[Pages(units)];

    /// <summary>Takes a unit for one owner.</summary>
    /// <returns>False when anything else has it.</returns>
    public bool TryTake(long unit) => !IsSet(_shared, unit) && TrySet(_alone, unit);

    /// <summary>Takes units for one owner.</summary>
    /// <returns>False when anything else has one of them.</returns>
    public bool TryTake(long first, long count)
    {
        for (var unit = first; unit < first + count; unit++)
        {
            if (!TryTake(unit))
                return false;
        }

        return true;
    }

    /// <summary>Takes units that others may share in the same way.</summary>
    /// <returns>False when an owner has one of them alone.</returns>
    public bool TryShare(long first, long last)
    {
        for (var unit = first; unit <= last; unit++)
        {
            if (IsSet(_alone, unit))
                return false;

            TrySet(_shared, unit);
        }

        return true;
    }

    private static long Pages(long units) => (units + (1L << PageBits) - 1) >> PageBits;

    private static bool IsSet(ulong[]?[] pages, long unit)
    {
        var page = pages[unit >> PageBits];
        var bit = (int)(unit & ((1 << PageBits) - 1));
        return page is not null && (page[bit >> 6] & (1UL << (bit & 63))) != 0;
    }

    private static bool TrySet(ulong[]?[] pages, long unit)
    {
        var page = pages[unit >> PageBits] ??= new ulong[1 << (PageBits - 6)];
        var bit = (int)(unit & ((1 << PageBits) - 1));
        var mask = 1UL << (bit & 63);
        if ((page[bit >> 6] & mask) != 0)
            return false;

        page[bit >> 6] |= mask;
        return true;
    }
}
