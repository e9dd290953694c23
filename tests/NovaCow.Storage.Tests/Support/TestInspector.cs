using System.Buffers.Binary;
using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>
/// Judges by the label and the length alone, and refuses what a test asks it to: inspection itself
/// is tested elsewhere.
/// </summary>
internal sealed class TestInspector : IImageInspector
{
    /// <summary>The size of every disk; else it is read from a raw or qcow2 file.</summary>
    public long? VirtualSizeBytes { get; init; }

    /// <summary>Whether images as given are refused.</summary>
    public bool RefusesImages { get; init; }

    /// <summary>Whether the results of conversions are refused.</summary>
    public bool RefusesResults { get; init; }

    /// <summary>Called when the result of a conversion is inspected.</summary>
    public Action OnResult { get; init; } = static () => { };

    public Task<InspectionVerdict> InspectAsync(
        string path, DiskFormat? declared, CancellationToken cancellationToken)
    {
        if (declared is null)
            OnResult();
        InspectionVerdict verdict = (declared is null ? RefusesResults : RefusesImages)
            ? new InspectionVerdict.Refused("test: refused", "raw", "the test said so")
            : new InspectionVerdict.Accepted(
                declared ?? DiskFormat.Raw, VirtualSizeBytes ?? SizeOf(path, declared), []);
        return Task.FromResult(verdict);
    }

    private static long SizeOf(string path, DiskFormat? declared)
    {
        using var file = File.OpenRead(path);
        if (declared != DiskFormat.Qcow2)
            return file.Length;
        var header = new byte[32];
        file.ReadExactly(header);
        return BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24));
    }
}
