using NovaCow.Core;

namespace NovaCow.Storage.Inspection;

/// <summary>One kind of file that a disk image can turn out to be: how it is recognised, and what
/// it must satisfy. Formats know nothing of each other, nor of what was declared.</summary>
internal abstract class ImageFormat
{
    /// <summary>Its name in verdicts.</summary>
    public abstract string Name { get; }

    /// <summary>What an image of this kind counts as; null when it is never accepted.</summary>
    public abstract DiskFormat? Format { get; }

    /// <summary>Whether the bytes claim to be of this kind, well-formed or not.</summary>
    public abstract bool Detects(ImageBytes image);

    /// <summary>Judges an image that it detects.</summary>
    public abstract Judgement Judge(
        ImageBytes image, InspectionLimits limits, CancellationToken cancellationToken);
}

/// <summary>What a format says of an image.</summary>
internal abstract record Judgement
{
    private Judgement()
    {
    }

    public sealed record Sound(long VirtualSizeBytes, IReadOnlyList<string> Notes) : Judgement;

    public sealed record Refusal(InspectionRule Rule, string Reason) : Judgement;
}

/// <summary>One line of a format's table of rules: the rule, and what it finds wrong with a
/// subject; null when nothing is. A line may rely on the lines before it having passed.</summary>
internal sealed record Check<T>(InspectionRule Rule, Func<T, string?> Fault);

internal static class CheckExtensions
{
    /// <summary>The first rule that the subject breaks; null when it breaks none.</summary>
    public static Judgement.Refusal? FirstBroken<T>(this IEnumerable<Check<T>> checks, T subject)
    {
        foreach (var check in checks)
        {
            if (check.Fault(subject) is { } reason)
                return new Judgement.Refusal(check.Rule, reason);
        }

        return null;
    }

    public static Judgement.Refusal Broken(this InspectionRule rule, string reason) =>
        new(rule, reason);

    /// <summary>What every format says of the disk's size: some, and within the limit.</summary>
    public static string? FaultOfVirtualSize(this InspectionLimits limits, ulong bytes)
    {
        if (bytes == 0)
            return "the disk inside has 0 bytes; use an image with a disk in it";

        return bytes > (ulong)limits.MaxVirtualSizeBytes
            ? $"the disk inside has {bytes} bytes, the limit is {limits.MaxVirtualSizeBytes}; "
              + "shrink it, or raise the limit"
            : null;
    }
}
