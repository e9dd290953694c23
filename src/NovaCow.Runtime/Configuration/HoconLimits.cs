namespace NovaCow.Runtime.Configuration;

/// <summary>
/// How much one configuration may ask of the process that reads it. A document beyond a limit is
/// refused with a <see cref="ConfigurationException"/> that names the limit; none is cut short.
/// </summary>
public sealed record HoconLimits
{
    public static HoconLimits Default { get; } = new();

    /// <summary>Bytes of one file, or characters of one text.</summary>
    public int MaxDocumentLength { get; init; } = 4 * 1024 * 1024;

    /// <summary>Files read on behalf of one document, itself included.</summary>
    public int MaxIncludes { get; init; } = 256;

    /// <summary>Files open inside each other.</summary>
    public int MaxIncludeDepth { get; init; } = 32;

    /// <summary>Objects and arrays inside each other, in the text and after substitution.</summary>
    public int MaxDepth { get; init; } = 128;

    /// <summary>Definitions of one key that wait for a substitution to be merged.</summary>
    public int MaxDefinitionsOfOneKey { get; init; } = 1_000;

    /// <summary>Substitutions that lead to each other.</summary>
    public int MaxSubstitutionChain { get; init; } = 1_100;

    /// <summary>Steps that resolving may take: values visited, copied and looked up.</summary>
    public long MaxResolveSteps { get; init; } = 2_000_000;

    /// <summary>Characters that concatenation with substitutions may produce in all.</summary>
    public long MaxResolvedCharacters { get; init; } = 16 * 1024 * 1024;
}
