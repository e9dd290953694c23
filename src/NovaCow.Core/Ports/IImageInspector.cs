namespace NovaCow.Core;

/// <summary>Judges an untrusted image once, before any tool of qemu's may open it.</summary>
public interface IImageInspector
{
    /// <summary>Judges the file by its own bytes.</summary>
    /// <param name="path">The image.</param>
    /// <param name="declared">The format it is said to be in; null detects it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Accepted or refused, with the rule that decided.</returns>
    /// <exception cref="ImageInspectionException">The file could not be read.</exception>
    Task<InspectionVerdict> InspectAsync(
        string path, DiskFormat? declared, CancellationToken cancellationToken);
}

/// <summary>What inspection found.</summary>
public abstract record InspectionVerdict
{
    private InspectionVerdict()
    {
    }

    /// <summary>The image may become a base volume.</summary>
    /// <param name="Format">What it is.</param>
    /// <param name="VirtualSizeBytes">The size of the disk inside, in bytes.</param>
    /// <param name="Notes">What a person may want to know; nothing that a program needs.</param>
    public sealed record Accepted(
        DiskFormat Format, long VirtualSizeBytes, IReadOnlyList<string> Notes) : InspectionVerdict;

    /// <summary>The image must not be opened by anything.</summary>
    /// <param name="Rule">The rule that decided, for example <c>qcow2: backing file</c>.</param>
    /// <param name="Detected">What the bytes say they are.</param>
    /// <param name="Reason">What was found, at which offset, and what to do.</param>
    public sealed record Refused(string Rule, string Detected, string Reason) : InspectionVerdict;
}

/// <summary>Inspection could not tell: the file could not be read.</summary>
public sealed class ImageInspectionException(string message, Exception? cause = null)
    : Exception(message, cause);
