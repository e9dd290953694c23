namespace NovaCow.Core;

/// <summary>What may be a kernel's command line: it ends up in a hypervisor's configuration, and is
/// whatever whoever registered the image wrote.</summary>
public static class KernelCommandLine
{
    /// <summary>The longest one.</summary>
    public const int MaxLength = 4096;

    /// <summary>What is wrong with a text and what would be right; null: it is one.</summary>
    public static string? Problem(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length is 0 or > MaxLength)
            return $"{text.Length} characters: expected 1 to {MaxLength}";
        return text.All(c => c is >= ' ' and <= '~')
            ? null
            : $"'{Names.Printable(text)}': expected printable ASCII in one line";
    }
}
