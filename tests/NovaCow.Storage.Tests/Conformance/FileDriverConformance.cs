using NovaCow.Core;

namespace NovaCow.Storage.Tests;

/// <summary>What the drivers of files promise beside what every driver does: kernels and ramdisks,
/// and bases that can be looked at and replaced as files.</summary>
public abstract partial class FileDriverConformance : VolumeDriverConformance
{
    private protected FileDriverConformance(string? home = null)
        : base(home)
    {
    }
}
