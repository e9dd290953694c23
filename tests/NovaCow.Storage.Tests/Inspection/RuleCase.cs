using NovaCow.Core;
using NovaCow.Storage.Inspection;

namespace NovaCow.Storage.Tests.Inspection;

/// <summary>A rule, a flaw that breaks it, and the same image without the flaw.</summary>
internal sealed record RuleCase(InspectionRule Rule, string Flaw, byte[] Sound, byte[] Flawed)
{
    /// <summary>What the flawed one is declared to be.</summary>
    public DiskFormat? Declared { get; init; }

    /// <summary>What the sound one is declared to be.</summary>
    public DiskFormat? SoundDeclared { get; init; }

    /// <summary>The limits that the flawed one breaks; the sound one has the usual ones.</summary>
    public InspectionLimits Limits { get; init; } = InspectionLimits.Default;

    /// <summary>The limits that let the sound one in.</summary>
    public InspectionLimits SoundLimits { get; init; } = InspectionLimits.Default;

    public string Name => $"{Rule.Name}: {Flaw}";
}
