namespace NovaCow.Runtime.Remote.Wire;

/// <summary>The limits that both ends of a link must agree on: they are part of the protocol.
/// </summary>
internal static class Limits
{
    /// <summary>The protocol versions that this build speaks.</summary>
    public const int MinVersion = 1;
    public const int MaxVersion = 1;

    /// <summary>How many names, and how many manifests, are abbreviated at once, per direction.
    /// </summary>
    public const int Interned = 4_096;

    /// <summary>How many actors one side may have introduced to the other.</summary>
    public const int Introductions = 65_536;

    /// <summary>How many watches one side may have on the other's actors.</summary>
    public const int Watches = 65_536;

    /// <summary>By how much two nodes' clocks may differ before one warns of it.</summary>
    public static readonly TimeSpan ClockDifference = TimeSpan.FromMinutes(1);

    /// <summary>The size of a hello, a welcome or a refusal.</summary>
    public const int HandshakeBytes = 16 * 1024;

    /// <summary>Records are gathered into frames of this size; a larger one travels alone.
    /// </summary>
    public const int FrameBytes = 64 * 1024;
}
