using System.Runtime.CompilerServices;

namespace NovaCow.Runtime.Configuration;

/// <summary>
/// A value that is known only when the whole configuration is: it is told apart by identity,
/// because each occurrence is resolved once and looks back from where it stands.
/// </summary>
public abstract class HoconUnresolved : HoconValue
{
    private protected HoconUnresolved(HoconOrigin origin) : base(origin) { }

    internal override bool HidesBelow => false;

    public override bool Equals(HoconValue? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}

/// <summary><c>${path}</c>, <c>${?path}</c>, and <c>${path[]}</c> for a list.</summary>
public sealed class HoconSubstitution : HoconUnresolved
{
    internal HoconSubstitution(
        HoconOrigin origin, IReadOnlyList<HoconPath> candidates, bool optional, bool isList)
        : base(origin) => (Candidates, IsOptional, IsList) = (candidates, optional, isList);

    public override string Kind => "a substitution";

    /// <summary>
    /// The paths to try, in order. An included file's <c>${x}</c> means the <c>x</c> beside it
    /// first, then that of each file around it, and the root's last, as it was written.
    /// </summary>
    public IReadOnlyList<HoconPath> Candidates { get; }

    public bool IsOptional { get; }

    public bool IsList { get; }

    public HoconPath AsWritten => Candidates[^1];

    public string Expression =>
        $"${{{(IsOptional ? "?" : "")}{AsWritten}{(IsList ? "[]" : "")}}}";
}

/// <summary>Values side by side, of which at least one is a substitution.</summary>
public sealed class HoconConcatenation : HoconUnresolved
{
    internal HoconConcatenation(HoconOrigin origin, IReadOnlyList<HoconValue> parts)
        : base(origin) => Parts = parts;

    public override string Kind => "a concatenation";

    public IReadOnlyList<HoconValue> Parts { get; }
}

/// <summary>
/// The definitions of one key, lowest first, that cannot be merged before substitution:
/// the specification's delayed merge.
/// </summary>
public sealed class HoconMerge : HoconUnresolved
{
    internal HoconMerge(HoconOrigin origin, List<HoconValue> layers)
        : base(origin) => Building = layers;

    public override string Kind => "a merge";

    public IReadOnlyList<HoconValue> Layers => Building;

    /// <summary>For whoever is building this merge, before anyone has seen it.</summary>
    internal List<HoconValue> Building { get; }
}
