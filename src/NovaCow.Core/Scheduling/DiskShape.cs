using System.Collections;

namespace NovaCow.Core.Scheduling;

/// <summary>
/// Disks without the instance that they belong to: the same for all instances of one image and
/// flavor whose disks lie under the same folder. Compared by what it says.
/// </summary>
public sealed class DiskShape : IEquatable<DiskShape>
{
    // No path has it.
    private const string IdHere = "\0";

    private readonly int _hash;

    /// <summary>The shape of disks as they were saved.</summary>
    /// <param name="disks">The disks, their instance's id left out of their paths.</param>
    public DiskShape(IReadOnlyList<InstanceDisk> disks)
    {
        Disks = disks;
        _hash = disks.Aggregate(
            disks.Count,
            (hash, d) => HashCode.Combine(
                hash, d.Path.GetHashCode(StringComparison.Ordinal), d.VirtualSizeBytes,
                d.AllocatedBytes));
    }

    /// <summary>The disks; where a path has the instance's id, this has a null character.</summary>
    public IReadOnlyList<InstanceDisk> Disks { get; }

    /// <summary>What an instance's disks have in common with those of others; null: a path has a
    /// character that stands for the id.</summary>
    public static DiskShape? Of(InstanceId id, IReadOnlyList<InstanceDisk> disks) =>
        disks is InstanceDiskList list ? list.Shape
        : disks.Any(d => d.Path.Contains(IdHere, StringComparison.Ordinal)) ? null
        : new DiskShape([.. disks.Select(d => d with { Path = d.Path.Replace(id.Value, IdHere) })]);

    /// <inheritdoc/>
    public bool Equals(DiskShape? other) =>
        ReferenceEquals(this, other)
            || (other is not null && _hash == other._hash && Disks.SequenceEqual(other.Disks));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as DiskShape);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    /// <summary>One of the disks, as one of an instance.</summary>
    internal InstanceDisk Disk(int index, InstanceId id)
    {
        var disk = Disks[index];
        return disk with { Path = disk.Path.Replace(IdHere, id.Value) };
    }
}

/// <summary>An instance's disks, of which only the id is kept for the instance alone.</summary>
public sealed class InstanceDiskList(InstanceId id, DiskShape shape)
    : IReadOnlyList<InstanceDisk>, IEquatable<InstanceDiskList>
{
    private readonly InstanceId _id = id;

    /// <summary>What they have in common with the disks of other instances.</summary>
    public DiskShape Shape { get; } = shape;

    /// <inheritdoc/>
    public int Count => Shape.Disks.Count;

    /// <inheritdoc/>
    public InstanceDisk this[int index] => Shape.Disk(index, _id);

    /// <inheritdoc/>
    public IEnumerator<InstanceDisk> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(InstanceDiskList? other) =>
        other is not null && _id == other._id && Shape.Equals(other.Shape);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as InstanceDiskList);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_id, Shape);
}
